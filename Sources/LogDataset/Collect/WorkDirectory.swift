import Glibc
import Synchronization

/// A folder of the run's own for sorted runs, removed with all it holds when the reading is over.
///
/// What a killed run left in a folder of that name is removed first: the output folder is locked, so it is nobody's.
final class WorkDirectory: Sendable {
    private let path: String
    private let last = Atomic<Int>(0)

    init(in directory: String) throws(DatasetError) {
        path = directory + "/runs.partial"
        WorkDirectory.remove(path)
        if mkdir(path, 0o700) != 0 { throw .cannotWrite(path, errno) }
    }

    deinit { WorkDirectory.remove(path) }

    func newPath() -> String {
        "\(path)/\(last.add(1, ordering: .relaxed).newValue).run"
    }

    private static func remove(_ path: String) {
        guard let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name.hasSuffix(".run") { unlink("\(path)/\(name)") }
        }
        closedir(folder)
        rmdir(path)
    }
}
