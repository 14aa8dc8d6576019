import Glibc
import LogDataset

/// A folder of a run's own for what nobody keeps, removed with this value. For its owner only: it holds words of logs.
final class ScratchFolder: Sendable {
    let path: String

    init() throws(CommandError) { path = try Self.make("opnilog") }

    /// Makes a new folder in `TMPDIR`, else in `/tmp`.
    static func make(_ name: String) throws(CommandError) -> String {
        let place = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(place)/\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw OutputFault.of(place, errno) }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        unlink(path + "/" + TableCollector.fileName)
        rmdir(path)
    }
}
