import Glibc

/// The beginning of a file's unpacked content: what a rotation that copies or packs leaves as it was.
struct ContentPrefix: Hashable, Sendable {
    static let longest = 4096

    /// Bytes looked at.
    let count: Int
    /// The hash of the first `RotatedCopies.shortest` bytes; nil where there are fewer.
    let head: UInt128?
    private let hash: UInt128

    /// Reads at most `limit` bytes of an input at its beginning; nil for one that cannot be read so far.
    init?(of input: ByteInput, atMost limit: Int = longest) {
        guard let bytes = ContentPrefix.bytes(of: input, atMost: limit) else { return nil }
        self.init(bytes[...])
    }

    init(_ bytes: ArraySlice<UInt8>) {
        count = bytes.count
        hash = bytes.withUnsafeBytes(contentHash)
        let first = bytes.prefix(RotatedCopies.shortest)
        head = first.count < RotatedCopies.shortest ? nil : first.withUnsafeBytes(contentHash)
    }

    static func bytes(of input: ByteInput, atMost limit: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let got = bytes.withUnsafeMutableBytes { buffer in
                try? input.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            }
            guard let got else { return nil }
            if got == 0 { break }
            count += got
        }
        bytes.removeLast(limit - count)
        return bytes
    }
}

/// The last bytes that a file had when it was listed, as they lie on the disk: what a file that only grows keeps there.
struct ContentEnd: Hashable, Sendable {
    static let longest = 4096

    private let hash: UInt128

    /// Reads the bytes before `size`; nil where a file has no so many.
    init?(of input: ByteInput, at size: Int) {
        guard let bytes = input.rawBytes(max(0, size - ContentEnd.longest)..<size) else { return nil }
        hash = bytes.withUnsafeBytes(contentHash)
    }
}
