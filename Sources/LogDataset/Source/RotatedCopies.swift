import Glibc

/// Finds, among files that were listed while a log was being rotated, those whose whole content another one holds too:
/// a copy before the original is cut off (logrotate's `copytruncate`), a packed file before the plain one is removed.
///
/// Only files of one folder whose names are those of one log are held against each other, and first by how they begin;
/// the rest of their content is read only where that is equal.
struct RotatedCopies {
    /// The file that holds the content of the one at a path as well.
    private(set) var heldBy: [String: String] = [:]

    /// Files that have less in common may well begin alike: of those, only a plain one that holds all of a packed one
    /// makes that a copy.
    static let shortest = 256

    /// - Parameter check: called before each file that is looked at, and each that is read; ends the search by throwing.
    init(_ files: [ListedFile], check: () throws(DatasetError) -> Void) throws(DatasetError) {
        let recognised = files.filter { $0.identity != nil && $0.prefix.map { $0.count > 0 } ?? false }
        for log in Dictionary(grouping: recognised, by: { RotatedCopies.log($0.path) }).values where log.count > 1 {
            // What begins otherwise needs no look at its content.
            for alike in Dictionary(grouping: log, by: { $0.prefix?.head }) where alike.key != nil {
                if alike.value.count > 1 { try match(alike.value, with: alike.value, check) }
            }
            let short = log.filter { $0.prefix?.head == nil }
            try match(log.filter(\.isPacked), with: short.filter { !$0.isPacked }, check)
            try match(log.filter { !$0.isPacked }, with: short.filter(\.isPacked), check)
        }
    }

    /// Compares each file with those of the others whose whole known beginning it shares.
    private mutating func match(
        _ files: [ListedFile], with others: [ListedFile], _ check: () throws(DatasetError) -> Void
    ) throws(DatasetError) {
        let beginnings = Dictionary(grouping: others, by: \.prefix)
        let lengths = Set(others.compactMap { $0.prefix?.count }).sorted()
        for file in files {
            try check()
            for beginning in file.beginnings(lengths) {
                for other in beginnings[beginning] ?? [] where isEarlier(other, file) {
                    guard heldBy[file.path] == nil else { break }
                    if heldBy[other.path] != nil { continue }
                    try check()
                    compare(file, other)
                }
            }
        }
    }

    /// Whether it is `file`'s turn to be compared with `other`: of two it is the longer one's, or the later one's.
    private func isEarlier(_ other: ListedFile, _ file: ListedFile) -> Bool {
        (other.prefix?.count ?? 0, other.path) < (file.prefix?.count ?? 0, file.path)
    }

    private static let packed = [".gz", ".zst", ".zstd"]

    /// The name of a log without what a rotation appends: `name.log.2.gz`, `name.log-20260131`, `name.log.1` are all
    /// `name.log`. Other numbers are part of the name: `host1`, `web-1` and `10.0.0.1` are logs of their own.
    static func log(_ path: String) -> String {
        var name = path[...]
        for packed in packed where name.hasSuffix(packed) { name = name.dropLast(packed.count) }
        return String(name.dropLast(RotationSuffix.length(in: Folder.name(String(name)))))
    }

    private mutating func compare(_ one: ListedFile, _ other: ListedFile) {
        switch RotatedCopies.order(one.path, other.path) {
        // A packed file that lacks only its end is as long, and cannot be read to it.
        case .equal where one.isPacked && !other.isPacked: heldBy[one.path] = other.path
        case .equal: heldBy[other.path] = one.path
        case .firstHoldsSecond where mayHold(one, other): heldBy[other.path] = one.path
        case .secondHoldsFirst where mayHold(other, one): heldBy[one.path] = other.path
        default: break
        }
    }

    /// Whether a file that holds another and more can be its copy. A young log may begin like an old, packed one.
    private func mayHold(_ one: ListedFile, _ other: ListedFile) -> Bool {
        other.prefix?.head != nil || !one.isPacked && other.isPacked
    }

    static func isPacked(_ path: String) -> Bool { packed.contains { path.hasSuffix($0) } }

    enum Order { case equal, firstHoldsSecond, secondHoldsFirst, different }

    /// Which of two files holds all that the other holds. A packed file that is still being written ends early; what
    /// there is of it counts.
    static func order(_ first: String, _ second: String) -> Order {
        guard let one = try? ByteInput(path: first), let other = try? ByteInput(path: second) else { return .different }
        var left = Chunk()
        var right = Chunk()
        while true {
            left.fill(from: one)
            right.fill(from: other)
            let common = min(left.rest.count, right.rest.count)
            if common == 0 {
                if left.rest.count == right.rest.count { return .equal }
                return right.rest.isEmpty ? .firstHoldsSecond : .secondHoldsFirst
            }
            guard left.rest.prefix(common) == right.rest.prefix(common) else { return .different }
            left.rest = left.rest.dropFirst(common)
            right.rest = right.rest.dropFirst(common)
        }
    }

    /// Bytes read and not yet compared; empty at the end of what can be read.
    private struct Chunk {
        var rest: ArraySlice<UInt8> = []
        private var buffer = [UInt8](repeating: 0, count: 1 << 16)

        mutating func fill(from input: ByteInput) {
            guard rest.isEmpty else { return }
            let count = buffer.withUnsafeMutableBytes { try? input.read(into: $0) } ?? 0
            rest = buffer[..<count]
        }
    }
}

/// What a rotation appends to a log's name: a number behind a dot, or a date with or without a time.
private enum RotationSuffix {
    /// Characters at the end of a name that a rotation appended.
    static func length(in name: Substring) -> Int {
        let bytes = Array(name.utf8)
        return bytes.count - (dateStart(bytes) ?? numberStart(bytes) ?? bytes.count)
    }

    /// Where a date begins that reaches to the end: `-20260131`, `.2026-01-31T12:00`, `-20260131.1`.
    private static func dateStart(_ name: [UInt8]) -> Int? {
        let tail = name.reversed().prefix { isDigit($0) || "-._T:".utf8.contains($0) }
        // A name is never all suffix.
        let first = max(1, name.count - tail.count)
        return name.indices.dropFirst(first).first { isSeparator(name[$0]) && isDate(name[($0 + 1)...]) }
    }

    /// Where a last `.N` begins that is not the end of an address or a version: `name.log.1`, but not `10.0.0.1`.
    private static func numberStart(_ name: [UInt8]) -> Int? {
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return nil }
        let number = name[(dot + 1)...]
        guard (1...4).contains(number.count), number.allSatisfy(isDigit) else { return nil }
        let before = name[..<dot].reversed().drop(while: isDigit)
        let followsNumber = before.count < dot && (before.first ?? UInt8(ascii: ".")) == UInt8(ascii: ".")
        return followsNumber ? nil : dot
    }

    /// Whether a text begins with year, month and day, or is a year and a month or the seconds since 1970.
    private static func isDate(_ text: ArraySlice<UInt8>) -> Bool {
        if text.count == 10, text.first == UInt8(ascii: "1"), text.allSatisfy(isDigit) { return true }
        var rest = text
        guard let year = number(4, &rest), (1970...2099).contains(year) else { return false }
        guard let month = number(2, &rest), (1...12).contains(month) else { return false }
        if rest.isEmpty { return true }
        guard let day = number(2, &rest) else { return false }
        return (1...31).contains(day)
    }

    /// Takes a number of so many digits, and a separator before it.
    private static func number(_ count: Int, _ text: inout ArraySlice<UInt8>) -> Int? {
        if let first = text.first, isSeparator(first) { text = text.dropFirst() }
        let digits = text.prefix(count)
        guard digits.count == count, digits.allSatisfy(isDigit) else { return nil }
        text = text.dropFirst(count)
        return digits.reduce(0) { 10 * $0 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isSeparator(_ byte: UInt8) -> Bool { "-._".utf8.contains(byte) }
}
