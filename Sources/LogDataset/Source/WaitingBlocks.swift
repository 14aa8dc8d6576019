import CCompression

/// Blocks of blank lines that wait, in order, until the format of their file is known. They are messages if text
/// follows, so what they hold is kept; packed, since there may be gigabytes of it.
struct WaitingBlocks {
    private var packed: [(bytes: [UInt8], count: Int)] = []
    private var next = 0

    /// Bytes of memory that the lines take.
    var bytes: Int { packed[next...].reduce(0) { $0 + $1.bytes.count } }

    mutating func append(_ block: LineBlock) {
        guard let source = block.bytes.baseAddress else { return }
        let room = opnilog_gzip_bound(block.count)
        let bytes = withUnsafeTemporaryAllocation(byteCount: room, alignment: 1) { buffer in
            let count = buffer.baseAddress.map { opnilog_gzip(source, block.count, $0, room) } ?? 0
            return Array(buffer[..<count])
        }
        precondition(!bytes.isEmpty, "memory is exhausted: blank lines could not be packed")
        packed.append((bytes, block.count))
    }

    mutating func popFirst() -> LineBlock? {
        guard next < packed.count else { return nil }
        defer { next += 1 }
        return WaitingBlocks.unpacked(packed[next].bytes, packed[next].count)
    }

    private static func unpacked(_ bytes: [UInt8], _ count: Int) -> LineBlock {
        guard let decompressor = Decompressor(.gzip) else { preconditionFailure("gzip is a compression") }
        var lines = [UInt8](repeating: 0, count: count)
        var (consumed, produced) = (0, 0)
        while produced < count {
            let step = bytes.withUnsafeBytes { source in
                lines.withUnsafeMutableBytes { target in
                    try? decompressor.step(
                        UnsafeRawBufferPointer(rebasing: source[consumed...]),
                        into: UnsafeMutableRawBufferPointer(rebasing: target[produced...]))
                }
            }
            guard let step, step.produced > 0 else { preconditionFailure("what was packed here is damaged") }
            consumed += step.consumed
            produced += step.produced
        }
        let block = LineBlock(capacity: count)
        block.append(lines)
        return block
    }
}
