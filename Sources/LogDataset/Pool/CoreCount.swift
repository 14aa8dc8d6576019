import Glibc

/// How many cores this process may really use: its CPU set and its cgroup's quota (v1 and v2) count.
public enum CoreCount {
    /// The least of the CPU set and the quota, at least 1.
    public static let available: Int = {
        let cores = cpuSetCount() ?? Int(sysconf(CInt(_SC_NPROCESSORS_ONLN)))
        guard let quota = quotaCores(root: "/sys/fs/cgroup", membership: "/proc/self/cgroup") else {
            return max(1, cores)
        }
        return max(1, min(cores, quota))
    }()

    /// Cores of the CPU set, as the kernel lists them: `0-3,8`.
    private static func cpuSetCount() -> Int? {
        for line in (readSmallFile("/proc/self/status") ?? "").split(separator: "\n")
        where line.hasPrefix("Cpus_allowed_list:") {
            return count(ofList: line.dropFirst("Cpus_allowed_list:".count).filter { !$0.isWhitespace })
        }
        return nil
    }

    static func count(ofList list: String) -> Int? {
        var count = 0
        for part in list.split(separator: ",") {
            let ends = part.split(separator: "-").map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, last >= first else { return nil }
            count += last - first + 1
        }
        return count > 0 ? count : nil
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

/// Reads files of the control groups this process is in.
struct ControlGroups {
    private let root: String
    /// Path of the group by controller; the unified (v2) hierarchy under the empty name.
    private let paths: [String: String]

    init(root: String = "/sys/fs/cgroup", membership: String = "/proc/self/cgroup") {
        self.root = root
        var paths: [String: String] = [:]
        for line in (readSmallFile(membership) ?? "").split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            for controller in fields[1].split(separator: ",", omittingEmptySubsequences: false) {
                paths[String(controller)] = String(fields[2])
            }
        }
        self.paths = paths
    }

    /// The trimmed text of a file of the process's group, or where that is out of sight (a container), of the root's.
    func value(_ name: String, controller: String?) -> String? {
        guard let path = paths[controller ?? ""] else { return nil }
        let mount = controller.map { "\(root)/\($0)" } ?? root
        let text = readSmallFile("\(mount)\(path)/\(name)") ?? readSmallFile("\(mount)/\(name)")
        return text.map { $0.trimmed }
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}

/// The text of a file of a few KiB (as those of /proc and /sys are), nil when it cannot be read.
func readSmallFile(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(descriptor, &bytes, bytes.count)
    return count >= 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
}
