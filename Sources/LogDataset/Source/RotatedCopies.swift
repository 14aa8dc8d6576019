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

    /// - Parameter check: called before each file that is looked at, and each that is read; ends the search by
    ///   throwing.
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
