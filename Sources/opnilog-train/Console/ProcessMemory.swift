import Glibc

/// Memory of this process as the kernel counts it.
enum ProcessMemory {
    /// Resident bytes now, of `/proc/self/statm`; 0 where there is none.
    static func resident() -> Int {
        guard let bytes = try? SmallFile.read("/proc/self/statm", atMost: 4096) else { return 0 }
        return residentPages(String(decoding: bytes, as: UTF8.self)) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// The most that was ever resident, in bytes.
    static func peak() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }

    /// The second number of `/proc/self/statm`.
    static func residentPages(_ statm: String) -> Int {
        let numbers = statm.split(separator: " ")
        return numbers.count > 1 ? Int(numbers[1]) ?? 0 : 0
    }
}
