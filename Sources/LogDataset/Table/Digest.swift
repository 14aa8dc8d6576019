import CCrypto
import CXXHash

/// A running SHA-256, for digests that others verify.
package final class SHA256 {
    private let state: OpaquePointer

    package init() {
        guard let state = opnilog_sha256_new() else {
            fatalError("libcrypto gave no SHA-256: memory is exhausted")
        }
        self.state = state
    }

    deinit { opnilog_sha256_free(state) }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        opnilog_sha256_update(state, bytes.baseAddress, bytes.count)
    }

    package func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// Adds an integer as its bytes in little-endian order.
    package func update(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { update($0) }
    }

    /// The 32 bytes of the digest. Nothing may be added after it.
    package func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            // A digest of 32 bytes was just given room for.
            if let base = buffer.baseAddress { opnilog_sha256_finish(state, base) }
            count = 32
        }
    }
}

extension [UInt8] {
    /// Lower-case hexadecimal digits, two a byte.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// The hash of a masked text that orders a table: XXH3-128, most significant byte first.
@inline(__always)
func contentHash(_ bytes: UnsafeRawBufferPointer) -> UInt128 {
    let hash = opnilog_xxh3_128(bytes.baseAddress, bytes.count)
    return UInt128(hash.high) << 64 | UInt128(hash.low)
}

/// The checksum of a block on disk: XXH3-64.
func blockChecksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    opnilog_xxh3_64(bytes.baseAddress, bytes.count)
}
