/// Reads and writes zip archives without compression, as model files are, so that tests can change what is inside.
struct StoredZip {
    struct Entry {
        var name: String
        var bytes: [UInt8]
        var checksum: UInt32
    }

    var entries: [Entry] = []

    /// Reads the directory at the archive's end, which is 22 bytes long without a comment.
    init(_ archive: [UInt8]) {
        let end = archive.count - 22
        var at = StoredZip.number(archive, end + 16, 4)
        while at < end, StoredZip.number(archive, at, 4) == 0x0201_4b50 {
            let nameLength = StoredZip.number(archive, at + 28, 2)
            let size = StoredZip.number(archive, at + 24, 4)
            let header = StoredZip.number(archive, at + 42, 4)
            let start =
                header + 30 + StoredZip.number(archive, header + 26, 2) + StoredZip.number(archive, header + 28, 2)
            entries.append(
                Entry(
                    name: String(decoding: archive[at + 46..<at + 46 + nameLength], as: UTF8.self),
                    bytes: Array(archive[start..<start + size]),
                    checksum: UInt32(StoredZip.number(archive, at + 16, 4))))
            at += 46 + nameLength + StoredZip.number(archive, at + 30, 2) + StoredZip.number(archive, at + 32, 2)
        }
    }

    /// The bytes of the entry whose name ends in `suffix`.
    subscript(suffix: String) -> [UInt8] {
        get { entries.first { $0.name.hasSuffix(suffix) }?.bytes ?? [] }
        set {
            guard let index = entries.firstIndex(where: { $0.name.hasSuffix(suffix) }) else { return }
            entries[index].bytes = newValue
            entries[index].checksum = StoredZip.checksum(newValue)
        }
    }

    mutating func remove(_ suffix: String) { entries.removeAll { $0.name.hasSuffix(suffix) } }

    /// The archive.
    var bytes: [UInt8] {
        var archive: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let (name, bytes) = (entry.name, entry.bytes)
            let offset = archive.count
            let common =
                StoredZip.little(0, 2) + StoredZip.little(0, 2) + StoredZip.little(0, 4)
                + StoredZip.little(Int(entry.checksum), 4) + StoredZip.little(bytes.count, 4)
                + StoredZip.little(bytes.count, 4) + StoredZip.little(name.utf8.count, 2) + StoredZip.little(0, 2)
            archive += StoredZip.little(0x0403_4b50, 4) + StoredZip.little(20, 2) + common + Array(name.utf8) + bytes
            directory += StoredZip.little(0x0201_4b50, 4) + StoredZip.little(20, 2) + StoredZip.little(20, 2) + common
            directory += StoredZip.little(0, 2) + StoredZip.little(0, 2) + StoredZip.little(0, 2)
            directory += StoredZip.little(0, 4) + StoredZip.little(offset, 4) + Array(name.utf8)
        }
        let end =
            StoredZip.little(0x0605_4b50, 4) + StoredZip.little(0, 4) + StoredZip.little(entries.count, 2)
            + StoredZip.little(entries.count, 2) + StoredZip.little(directory.count, 4)
            + StoredZip.little(archive.count, 4) + StoredZip.little(0, 2)
        return archive + directory + end
    }

    private static func number(_ bytes: [UInt8], _ at: Int, _ count: Int) -> Int {
        guard at + count <= bytes.count else { return 0 }
        return (0..<count).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static let table = (0..<256 as Range<UInt32>).map { byte in
        (0..<8).reduce(byte) { sum, _ in sum & 1 == 1 ? 0xEDB8_8320 ^ (sum >> 1) : sum >> 1 }
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 255)] ^ ($0 >> 8) }
    }
}

extension [UInt8] {
    /// The bytes with the first `old` replaced; a test that finds none fails by its own expectation.
    func replacing(first old: [UInt8], with new: [UInt8]) -> [UInt8] {
        let start = withUnsafeBytes { bytes in
            bytes.indices.dropLast(old.count - 1).first {
                bytes[$0] == old[0] && bytes[$0..<$0 + old.count].elementsEqual(old)
            }
        }
        guard let start else { return self }
        return Array(self[..<start]) + new + Array(self[(start + old.count)...])
    }

    func replacing(first old: String, with new: String) -> [UInt8] {
        replacing(first: Array(old.utf8), with: Array(new.utf8))
    }
}
