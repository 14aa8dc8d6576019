import ProcessLimits

/// How many physical cores this process may use: two threads of one core gain a matrix product nothing.
enum PhysicalCores {
    static let available: Int = {
        let cores = count(in: CPUInfo.text, among: CoreCount.cpuSet)
        let usable = CoreCount.available
        return cores > 0 ? min(cores, usable) : usable
    }()

    /// Distinct pairs of package and core that a `/proc/cpuinfo` lists for processors of a set, or for all where it does
    /// not list all of the set (some containers number them anew); 0 where it names no cores (some machines).
    static func count(in cpuinfo: String, among processors: Set<Int>? = nil) -> Int {
        let cores = cores(in: cpuinfo)
        guard let processors, processors.isSubset(of: cores.keys) else { return Set(cores.values).count }
        return Set(processors.map { cores[$0] }).count
    }

    /// The core of each processor.
    private static func cores(in cpuinfo: String) -> [Int: String] {
        var cores: [Int: String] = [:]
        var (processor, package) = (0, "")
        for line in cpuinfo.split(separator: "\n") {
            let field = line.split(separator: ":", maxSplits: 1)
            guard field.count == 2 else { continue }
            let value = field[1].filter { $0 != " " }
            if line.hasPrefix("processor") { processor = Int(value) ?? processor }
            if line.hasPrefix("physical id") { package = value }
            if line.hasPrefix("core id") { cores[processor] = "\(package) \(value)" }
        }
        return cores
    }
}
