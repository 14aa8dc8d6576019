import Glibc

/// Memory of this process as the kernel counts it.
enum ProcessMemory {
    /// Resident bytes now, of `/proc/self/statm`; 0 where there is none.
    static func resident() -> Int {
        guard let bytes = try? SmallFile.read("/proc/self/statm", atMost: 4096) else { return 0 }
        return residentPages(String(decoding: bytes, as: UTF8.self)) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// The most that was ever resident, in bytes, of `/proc/self/status`; 0 where there is none. `getrusage` would
    /// begin with the most of whoever started this process.
    static func peak() -> Int {
        guard let bytes = try? SmallFile.read("/proc/self/status", atMost: 65_536) else { return 0 }
        return peakKibibytes(String(decoding: bytes, as: UTF8.self)) * 1024
    }

    /// The number of `VmHWM:`.
    static func peakKibibytes(_ status: String) -> Int {
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().first }.flatMap { Int($0) } ?? 0
    }

    /// The second number of `/proc/self/statm`.
    static func residentPages(_ statm: String) -> Int {
        let numbers = statm.split(separator: " ")
        return numbers.count > 1 ? Int(numbers[1]) ?? 0 : 0
    }
}
