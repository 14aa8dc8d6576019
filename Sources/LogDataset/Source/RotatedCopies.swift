import Glibc

/// Finds, among files that were listed while a log was being rotated, those whose whole content another one holds too:
/// a copy before the original is cut off (logrotate's `copytruncate`), a packed file before the plain one is removed.
///
/// Only files of one folder whose names are those of one log are held against each other, and first by how they begin;
/// the rest of their content is read only where that is equal.
struct RotatedCopies {
    /// The file that holds the content of the one at a path as well.
    private(set) var heldBy: [String: String] = [:]

    /// Plain files of one log that are shorter than this may well begin alike: they are never taken for copies.
    private static let shortest = 256

    init(_ files: [ListedFile]) {
        let recognised = files.filter { $0.identity != nil && $0.prefix.map { $0.count > 0 } ?? false }
        for group in Dictionary(grouping: recognised, by: { RotatedCopies.log($0.path) }).values where group.count > 1 {
            for (index, file) in group.enumerated() {
                for other in group[..<index] where heldBy[other.path] == nil && heldBy[file.path] == nil {
                    compare(file, other)
                }
            }
        }
    }

    /// The name of a log without what a rotation appends: `name.log.2.gz`, `name.log-20260131`, `name.log.1` are all
    /// `name.log`.
    static func log(_ path: String) -> String {
        var name = path[...]
        for packed in [".gz", ".zst", ".zstd"] where name.hasSuffix(packed) { name = name.dropLast(packed.count) }
        let end = path.index(path.endIndex, offsetBy: -Folder.name(path).count)
        while let last = name.last, name.endIndex > end, last.isASCII, last.isNumber || "-._T:".contains(last) {
            name = name.dropLast()
        }
        return String(name)
    }

    private mutating func compare(_ one: ListedFile, _ other: ListedFile) {
        guard let first = one.prefix, let second = other.prefix else { return }
        let arePackedApart = RotatedCopies.isPacked(one.path) != RotatedCopies.isPacked(other.path)
        guard arePackedApart || min(first.count, second.count) >= RotatedCopies.shortest else { return }
        let common = min(first.count, second.count)
        guard ContentPrefix(of: one.path, atMost: common) == ContentPrefix(of: other.path, atMost: common) else {
            return
        }
        switch RotatedCopies.order(one.path, other.path) {
        case .firstHoldsSecond: heldBy[other.path] = one.path
        case .secondHoldsFirst: heldBy[one.path] = other.path
        case .different: break
        }
    }

    static func isPacked(_ path: String) -> Bool {
        [".gz", ".zst", ".zstd"].contains { path.hasSuffix($0) }
    }

    enum Order { case firstHoldsSecond, secondHoldsFirst, different }

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
            if common == 0 { return right.rest.isEmpty ? .firstHoldsSecond : .secondHoldsFirst }
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
