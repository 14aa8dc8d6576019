import Glibc
import LogDataset

/// A folder of a run's own for what nobody keeps, removed with this value. For its owner only: it holds words of logs.
final class ScratchFolder: Sendable {
    let path: String

    /// Made in `TMPDIR`, else in `/tmp`.
    init() throws(CommandError) {
        let place = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array((place + "/opnilog-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw OutputFault.of(place, errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        unlink(path + "/" + TableCollector.fileName)
        rmdir(path)
    }
}
