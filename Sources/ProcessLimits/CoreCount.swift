import Glibc

/// How many cores this process may really use: its CPU set and its cgroup's quota (v1 and v2) count.
package enum CoreCount {
    /// The least of the CPU set and the quota, at least 1.
    package static let available: Int = {
        let cores = cpuSet?.count ?? Int(sysconf(CInt(_SC_NPROCESSORS_ONLN)))
        guard let quota = quotaCores(root: "/sys/fs/cgroup", membership: "/proc/self/cgroup") else {
            return max(1, cores)
        }
        return max(1, min(cores, quota))
    }()

    /// Numbers of the processors that run and that this process may use; nil where the kernel does not say.
    package static let cpuSet: Set<Int>? = {
        for line in (readSmallFile("/proc/self/status") ?? "").split(separator: "\n")
        where line.hasPrefix("Cpus_allowed_list:") {
            let allowed = numbers(ofList: line.dropFirst("Cpus_allowed_list:".count))
            // A process may use those too that its virtual machine may get one day.
            let online = numbers(ofList: Substring(readSmallFile("/sys/devices/system/cpu/online") ?? ""))
            guard let allowed, let online, !allowed.isDisjoint(with: online) else { return allowed }
            return allowed.intersection(online)
        }
        return nil
    }()

    /// What a list of the kernel's names: `0-3,8`.
    static func numbers(ofList list: Substring) -> Set<Int>? {
        var numbers: Set<Int> = []
        for part in list.filter({ !$0.isWhitespace }).split(separator: ",") {
            let ends = part.split(separator: "-").map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, last >= first else { return nil }
            numbers.formUnion(first...last)
        }
        return numbers.isEmpty ? nil : numbers
    }

    /// Whole cores (rounded up) of the CPU quota of the process's cgroup, nil without one.
    static func quotaCores(root: String, membership: String) -> Int? {
        let groups = ControlGroups(root: root, membership: membership)
        if let text = groups.value("cpu.max", controller: nil) {
            let fields = text.split(whereSeparator: \.isWhitespace)
            guard fields.count == 2, let quota = Int(fields[0]), let period = Int(fields[1]) else { return nil }
            return cores(quota, period)
        }
        guard let quota = groups.value("cpu.cfs_quota_us", controller: "cpu").flatMap({ Int($0) }),
            let period = groups.value("cpu.cfs_period_us", controller: "cpu").flatMap({ Int($0) })
        else { return nil }
        return cores(quota, period)
    }

    private static func cores(_ quota: Int, _ period: Int) -> Int? {
        quota > 0 && period > 0 ? (quota + period - 1) / period : nil
    }
}
