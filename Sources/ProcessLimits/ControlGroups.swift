import Glibc

/// Reads files of the control groups this process is in.
package struct ControlGroups {
    private let root: String
    /// Path of the group by controller; the unified (v2) hierarchy under the empty name.
    private let paths: [String: String]

    package init(root: String = "/sys/fs/cgroup", membership: String = "/proc/self/cgroup") {
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
    package func value(_ name: String, controller: String?) -> String? {
        guard let path = paths[controller ?? ""] else { return nil }
        let mount = controller.map { "\(root)/\($0)" } ?? root
        let text = readSmallFile("\(mount)\(path)/\(name)") ?? readSmallFile("\(mount)/\(name)")
        return text.map { $0.trimmed }
    }
}

extension ControlGroups {
    /// Bytes the process's cgroup may use, nil without a limit.
    package var memoryLimit: Int? {
        let texts = [value("memory.max", controller: nil), value("memory.limit_in_bytes", controller: "memory")]
        // "No limit" is `max` in v2 and a number near 2^63 in v1.
        return texts.compactMap { $0.flatMap { Int($0) } }.filter { $0 < 1 << 60 }.min()
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
