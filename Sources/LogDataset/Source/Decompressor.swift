import CCompression

/// How a file's bytes are packed, told by its first bytes and not by its name.
enum Compression {
    case none, gzip, zstd

    init(firstBytes bytes: UnsafeRawBufferPointer) {
        if bytes.starts(with: [0x1F, 0x8B]) {
            self = .gzip
        } else if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) || Self.isSkippableFrame(bytes) {
            self = .zstd
        } else {
            self = .none
        }
    }

    /// What pzstd and others write before the first frame that holds something.
    private static func isSkippableFrame(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= 4 && bytes[0] & 0xF0 == 0x50 && bytes[1...3].elementsEqual([0x2A, 0x4D, 0x18])
    }
}

/// Unpacks one stream of any number of gzip members or Zstandard frames.
final class Decompressor {
    struct Step {
        let consumed: Int
        let produced: Int
        /// The stream may end with the bytes consumed so far.
        let isBoundary: Bool
    }

    /// The bytes are no such stream, or were damaged; `reason` is the library's own word for it.
    struct Damage: Error {
        let reason: String
        /// Bytes of the input that were taken before, and bytes that came out of them.
        let consumed: Int
        let produced: Int
    }

    private let handle: OpaquePointer

    /// Nil for bytes that are not packed.
    init?(_ compression: Compression) {
        let format: opnilog_compression_format
        switch compression {
        case .none: return nil
        case .gzip: format = OPNILOG_FORMAT_GZIP
        case .zstd: format = OPNILOG_FORMAT_ZSTD
        }
        guard let handle = opnilog_decompressor_new(format) else {
            fatalError("memory is exhausted: no decompressor could be made")
        }
        self.handle = handle
    }

    deinit { opnilog_decompressor_free(handle) }

    /// Unpacks as much of `input` as `output` has room for. Both must hold at least one byte of room.
    func step(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(Damage) -> Step {
        guard let source = input.baseAddress, let target = output.baseAddress else {
            return Step(consumed: 0, produced: 0, isBoundary: false)
        }
        var consumed = 0
        var produced = 0
        var reason: UnsafePointer<CChar>?
        let status = opnilog_decompressor_step(
            handle, source, input.count, &consumed, target, output.count, &produced, &reason)
        if status == OPNILOG_DECOMPRESS_DAMAGED {
            throw Damage(
                reason: reason.map { String(cString: $0) } ?? "unknown fault", consumed: consumed,
                produced: produced)
        }
        return Step(consumed: consumed, produced: produced, isBoundary: status == OPNILOG_DECOMPRESS_BOUNDARY)
    }
}
