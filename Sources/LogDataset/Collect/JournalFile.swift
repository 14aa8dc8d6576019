import FoundationEssentials
import Glibc

/// The file of a journal: a record a line, `<16 hexadecimal digits of XXH3-64> <JSON>`, each on disk before the next.
///
/// A line that was cut off by a crash ends the file and is taken off when it is opened. A line that is damaged in the
/// middle is passed over, and no longer there once the file was opened. One at a time appends, whoever holds the
/// lock of the `BucketStore`, hence `@unchecked Sendable`.
final class JournalFile: @unchecked Sendable {
    static let name = "journal"

    private let path: String
    private var descriptor: CInt
    /// Bytes of whole lines.
    private var length: Int

    /// What a file held.
    struct Contents {
        var records: [BucketJournal.Record] = []
        /// Whole lines that cannot be read.
        var damaged = 0
        /// Bytes of whole lines; what comes after was cut off.
        var length = 0
    }

    /// Opens or makes the file, and says what it holds.
    static func open(_ path: String) throws(DatasetError) -> (JournalFile, Contents) {
        var contents = access(path, F_OK) == 0 ? parse(try WholeFile.read(path)) : Contents()
        if contents.damaged > 0 { try mend(&contents, path) }
        return (try JournalFile(path, length: contents.length), contents)
    }

    /// Writes the file anew of what can be read, but for what it says of a table: windows whose lines are lost are in
    /// that, so it is no table of those that are left. Without this a later run would find the same damage beside the
    /// table that was made after it.
    private static func mend(_ contents: inout Contents, _ path: String) throws(DatasetError) {
        contents.records.removeAll(where: \.isOfTable)
        let bytes = contents.records.flatMap(line)
        try WholeFile.write(bytes, to: path)
        contents.length = bytes.count
    }

    private init(_ path: String, length: Int) throws(DatasetError) {
        self.path = path
        self.length = length
        descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw .cannotWrite(path, errno) }
        if ftruncate(descriptor, off_t(length)) != 0 { throw .cannotWrite(path, errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Adds a record, which is on disk when this returns. After an error the file is as it was before.
    func append(_ record: BucketJournal.Record) throws(DatasetError) {
        let line = Self.line(record)
        if let code = write(line) {
            ftruncate(descriptor, off_t(length))
            throw .cannotWrite(path, code)
        }
        length += line.count
    }

    /// Nil, or the error number.
    private func write(_ line: [UInt8]) -> CInt? {
        line.withUnsafeBytes { line in
            var done = 0
            while done < line.count {
                let rest = UnsafeRawBufferPointer(rebasing: line[done...])
                let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(length + done))
                if count < 0, errno != EINTR { return errno }
                done += max(0, count)
            }
            return fdatasync(descriptor) == 0 ? nil : errno
        }
    }

    static func line(_ record: BucketJournal.Record) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? [UInt8](encoder.encode(record)) else {
            fatalError("a record of integers and texts always encodes")
        }
        return Array(checksum(json[...]).utf8) + [0x20] + json + [0x0A]
    }

    static func parse(_ bytes: [UInt8]) -> Contents {
        var contents = Contents()
        while let end = bytes[contents.length...].firstIndex(of: 0x0A) {
            if let record = record(bytes[contents.length..<end]) {
                contents.records.append(record)
            } else {
                contents.damaged += 1
            }
            contents.length = end + 1
        }
        return contents
    }

    private static func record(_ line: ArraySlice<UInt8>) -> BucketJournal.Record? {
        let json = line.dropFirst(17)
        guard line.prefix(17).elementsEqual((checksum(json) + " ").utf8) else { return nil }
        return try? JSONDecoder().decode(BucketJournal.Record.self, from: Data(json))
    }

    private static func checksum(_ json: ArraySlice<UInt8>) -> String {
        let sum = json.withUnsafeBytes { blockChecksum($0) }
        return (0..<8).map { UInt8(truncatingIfNeeded: sum >> (56 - 8 * $0)) }.hexadecimal
    }
}
