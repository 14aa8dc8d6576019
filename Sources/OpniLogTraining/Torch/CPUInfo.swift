import Glibc

/// What `/proc/cpuinfo` says of the processor.
enum CPUInfo {
    static let text = read("/proc/cpuinfo")

    /// Who made it: MKL computes otherwise on another maker's processor of the same capability.
    static let maker = maker(in: text)

    static func maker(in text: String) -> String {
        for line in text.split(separator: "\n") where line.hasPrefix("vendor_id") || line.hasPrefix("CPU implementer") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            return String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        return "unknown"
    }

    private static func read(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&block, 1, block.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += block[..<count]
        }
    }
}
