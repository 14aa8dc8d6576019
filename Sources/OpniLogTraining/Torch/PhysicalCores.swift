import ProcessLimits

/// How many physical cores this process may use: two threads of one core gain a matrix product nothing.
enum PhysicalCores {
    static let available: Int = {
        let cores = count(in: CPUInfo.text)
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
}
