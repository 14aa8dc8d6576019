import Glibc

/// The messages of one file: each its length as 32 bits, little end first, and then its bytes.
final class Messages: Sendable {
    // Filled before anybody else sees it, never changed or freed afterwards.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    let spans: [Range<Int>]
    /// Bytes of the messages alone.
    let count: Int

    init?(path: String) {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        let size = ftell(file)
        rewind(file)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        guard fread(memory.baseAddress, 1, size, file) == size else { return nil }
        bytes = UnsafeRawBufferPointer(memory)
        var spans: [Range<Int>] = []
        var index = 0
        while index < size {
            let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)))
            spans.append(index + 4..<index + 4 + length)
            index += 4 + length
        }
        self.spans = spans
        count = size - 4 * spans.count
    }

    func forEach(_ body: (UnsafeRawBufferPointer) -> Void) {
        for span in spans { body(UnsafeRawBufferPointer(rebasing: bytes[span])) }
    }
}
