import Glibc

/// Finds, among files that were listed while a log was being rotated, those whose whole content another one holds too:
/// a copy before the original is cut off (logrotate's `copytruncate`), a packed file before the plain one is removed.
///
/// Only such pairs are held against each other: logs of equal lines, without times, are equal as well, and none of
/// them is a copy. The content is read only where the beginnings are equal.
struct RotatedCopies {
    /// The file that holds the content of the one at a path as well.
    private(set) var heldBy: [String: String] = [:]

    /// Files that have less in common may well begin alike: of those, only a plain one that holds all of a packed one
    /// makes that a copy.
    static let shortest = 256

    /// Seconds since a plain copy was written. The original is cut off as soon as the copy is whole, so both are there
    /// for moments only; the rest is for what lies between a copy's last byte and the listing's end, with a server's
    /// clock that is some minutes off among it.
    static let longestAge = 600

    /// - Parameters:
    ///   - now: when the files were listed, in seconds since 1970.
    ///   - check: called before each file that is looked at, and each that is read; ends the search by throwing.
    init(
        _ files: [ListedFile], now: Int = time(nil), check: () throws(DatasetError) -> Void
    ) throws(DatasetError) {
        let recognised = files.filter { $0.identity != nil && $0.prefix.map { $0.count > 0 } ?? false }
        for log in Dictionary(grouping: recognised, by: { RotatedCopies.log($0.path) }).values where log.count > 1 {
            let byPath = Dictionary(log.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
            for file in log {
                try check()
                for path in RotatedCopies.originals(of: file, now) {
                    guard heldBy[file.path] == nil else { break }
                    guard let original = byPath[path], beginAlike(file, original) else { continue }
                    try check()
                    compare(file, original)
                }
            }
        }
    }

    /// What files that a file may have been made of would be called: a packed one stands beside the plain one, and a
    /// copy has the name of its original and what the rotation appends.
    private static func originals(of file: ListedFile, _ now: Int) -> [String] {
        let path = file.path
        if let ending = packed.first(where: path.hasSuffix) { return [String(path.dropLast(ending.count))] }
        guard abs(now - file.changed.tv_sec) <= longestAge, file.prefix?.head != nil else { return [] }
        let shortest = log(path).utf8.count
        return path.utf8.indices.dropFirst(shortest).filter { "-._".utf8.contains(path.utf8[$0]) }
            .map { String(path[..<$0]) }
    }

    /// Whether of two files the one that is shorter, as far as is known, is how the other one begins.
    private func beginAlike(_ one: ListedFile, _ other: ListedFile) -> Bool {
        guard let first = one.prefix, let second = other.prefix else { return false }
        if first.count == second.count { return first == second }
        let (short, long) = first.count < second.count ? (first, other) : (second, one)
        guard short.head == nil || first.head == second.head, let input = try? ByteInput(path: long.path) else {
            return false
        }
        return ContentPrefix(of: input, atMost: short.count) == short
    }

    private static let packed = [".gz", ".zst", ".zstd"]

    /// The name of a log without what a rotation appends: `name.log.2.gz`, `name.log-20260131`, `name.log.1` are all
    /// `name.log`. Other numbers are part of the name: `host1`, `web-1` and `10.0.0.1` are logs of their own.
    static func log(_ path: String) -> String {
        var name = path[...]
        for packed in packed where name.hasSuffix(packed) { name = name.dropLast(packed.count) }
        return String(name.dropLast(RotationSuffix.length(in: Folder.name(String(name)))))
    }

    private mutating func compare(_ copy: ListedFile, _ original: ListedFile) {
        switch RotatedCopies.order(copy.path, original.path) {
        // A packed file that lacks only its end is as long, and cannot be read to it.
        case .equal, .secondHoldsFirst: heldBy[copy.path] = original.path
        // A plain file that is being unpacked. One that grows beyond its copy is none, and neither is a young log that
        // begins like an old one.
        case .firstHoldsSecond where copy.isPacked && original.prefix?.head != nil && heldBy[original.path] == nil:
            heldBy[original.path] = copy.path
        default: break
        }
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
