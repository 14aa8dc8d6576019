import Glibc
import ProcessLimits

/// How many physical cores this process may use: two threads of one core gain a matrix product nothing.
enum PhysicalCores {
    static let available: Int = {
        let cores = count(in: text(of: "/proc/cpuinfo"))
        let usable = CoreCount.available
        return cores > 0 ? min(cores, usable) : usable
    }()

    /// Distinct pairs of package and core that a `/proc/cpuinfo` lists; 0 where it lists none (some machines).
    static func count(in cpuinfo: String) -> Int {
        var cores: Set<String> = []
        var package = ""
        for line in cpuinfo.split(separator: "\n") {
            let field = line.split(separator: ":", maxSplits: 1)
            guard field.count == 2 else { continue }
            if line.hasPrefix("physical id") { package = String(field[1]) }
            if line.hasPrefix("core id") { cores.insert("\(package) \(field[1])") }
        }
        return cores.count
    }

    private static func text(of path: String) -> String {
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
