/// JSON written by hand, for lines that must be fast or keep the order of their members.
enum JSONText {
    /// A string with its quotes.
    static func string(_ text: String) -> String {
        var bytes: [UInt8] = []
        append(Array(text.utf8), to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// An object from values that are JSON already.
    static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { string($0.0) + ":" + $0.1 }.joined(separator: ",") + "}"
    }

    /// Appends UTF-8 text as a JSON string with its quotes. What is not ASCII stays as it is.
    static func append(_ text: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        let isDone: Void? = text.withContiguousStorageIfAvailable { append(run: $0, to: &bytes) }
        if isDone == nil { Array(text).withUnsafeBufferPointer { append(run: $0, to: &bytes) } }
    }

    /// Appends any bytes as a JSON string with its quotes; what is no UTF-8 among them becomes U+FFFD.
    static func append(repairing text: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        guard text.allSatisfy({ $0 < 0x80 }) else {
            return append(String(decoding: text, as: UTF8.self).utf8, to: &bytes)
        }
        append(run: text.assumingMemoryBound(to: UInt8.self), to: &bytes)
    }

    /// What needs no escape, which is nearly everything, is copied in runs.
    private static func append(run text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        for place in text.indices {
            let byte = text[place]
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte != 0x7F { continue }
            bytes.append(contentsOf: text[start..<place])
            appendEscaped(byte, to: &bytes)
            start = place + 1
        }
        bytes.append(contentsOf: text[start...])
        bytes.append(UInt8(ascii: "\""))
    }

    private static func appendEscaped(_ byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0..<0x20, 0x7F: bytes += Array("u00".utf8) + [hex(byte >> 4), hex(byte & 15)]
        default: bytes.append(byte)
        }
    }

    private static func hex(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
}
