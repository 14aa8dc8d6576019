/// Writes JSON onto the end of a byte buffer.
enum JSONWriter {
    /// Which characters beyond the Basic Multilingual Plane are written as `\uD83D\uDE00` (2.x) or as they are (3.x).
    typealias EscapesAstral = Bool

    static func append(_ value: JSONValue, escapingAstral: EscapesAstral = false, to buffer: inout [UInt8]) {
        switch value {
        case .null: append("null", to: &buffer)
        case .bool(let flag): append(flag ? "true" : "false", to: &buffer)
        case .number(let digits): append(number(digits), to: &buffer)
        case .string(let bytes): appendString(bytes, escapingAstral: escapingAstral, to: &buffer)
        case .array(let elements):
            buffer.append(UInt8(ascii: "["))
            for (position, element) in elements.enumerated() {
                if position > 0 { buffer.append(UInt8(ascii: ",")) }
                append(element, escapingAstral: escapingAstral, to: &buffer)
            }
            buffer.append(UInt8(ascii: "]"))
        case .object(let members):
            buffer.append(UInt8(ascii: "{"))
            for (position, member) in members.enumerated() {
                if position > 0 { buffer.append(UInt8(ascii: ",")) }
                appendString(Array(member.name.utf8), escapingAstral: escapingAstral, to: &buffer)
                buffer.append(UInt8(ascii: ":"))
                append(member.value, escapingAstral: escapingAstral, to: &buffer)
            }
            buffer.append(UInt8(ascii: "}"))
        }
    }

    /// Appends text as it is.
    static func append(_ text: String, to buffer: inout [UInt8]) {
        buffer.append(contentsOf: text.utf8)
    }

    /// A quoted string of valid text.
    static func quoted(_ text: String) -> String {
        var buffer: [UInt8] = []
        appendString(Array(text.utf8), to: &buffer)
        return String(decoding: buffer, as: UTF8.self)
    }

    /// Appends a quoted string as Jackson writes it anew: lone surrogates as `\uD800`, overlong forms as what they
    /// stand for; bytes that are no form of UTF-8 at all become U+FFFD.
    static func appendString(_ bytes: [UInt8], escapingAstral: EscapesAstral = false, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "\""))
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte < 0x80 {
                appendASCII(byte, to: &buffer)
                position += 1
                continue
            }
            let (scalar, length) = UTF8Writer.decode(bytes, at: position)
            if length == 4, let scalar, escapingAstral || !(0x10000...0x10FFFF).contains(scalar) {
                // As Jackson computes a pair, also of what needs none.
                let rest = Int32(scalar) - 0x10000
                appendEscape(UInt32(0xD800 | rest >> 10 & 0xFFFF), to: &buffer)
                appendEscape(UInt32(0xDC00 | rest & 0x3FF), to: &buffer)
            } else if let scalar, scalar < 0x80 {
                appendASCII(UInt8(scalar), to: &buffer)
            } else if let scalar, scalar >= 0xD800, scalar < 0xE000 {
                appendEscape(scalar, to: &buffer)
            } else {
                UTF8Writer.append(scalar ?? 0xFFFD, to: &buffer)
            }
            position += length
        }
        buffer.append(UInt8(ascii: "\""))
    }

    /// Appends the inside of a string known to be UTF-8: copied in runs between the few characters that need an escape.
    static func appendEscaped(_ bytes: UnsafeBufferPointer<UInt8>, to buffer: inout [UInt8]) {
        var start = 0
        while let position = firstEscape(in: bytes, from: start) {
            buffer.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<position]))
            appendASCII(bytes[position], to: &buffer)
            start = position + 1
        }
        buffer.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start...]))
    }

    /// Where the first byte stands that a JSON string has to escape: a control character, `"` or `\`.
    static func firstEscape(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var position = start
        let raw = UnsafeRawBufferPointer(bytes)
        while position + 8 <= raw.count {
            let word = raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            if hasEscape(word) { break }
            position += 8
        }
        while position < bytes.count {
            let byte = bytes[position]
            if byte < 32 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return position }
            position += 1
        }
        return nil
    }

    /// Whether one of eight bytes is such a one, all tried at once (Warren, "Hacker's Delight", section 6-1).
    private static func hasEscape(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ ones &* 0x22
        let slashes = word ^ ones &* 0x5C
        let controls = (word &- ones &* 0x20) & ~word
        return (controls | (quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes) & (ones << 7) != 0
    }

    private static func appendASCII(_ byte: UInt8, to buffer: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            buffer.append(UInt8(ascii: "\\"))
            buffer.append(byte)
        case 10: append("\\n", to: &buffer)
        case 9: append("\\t", to: &buffer)
        case 13: append("\\r", to: &buffer)
        case 8: append("\\b", to: &buffer)
        case 12: append("\\f", to: &buffer)
        case 0..<32: appendEscape(UInt32(byte), to: &buffer)
        default: buffer.append(byte)
        }
    }

    private static func appendEscape(_ unit: UInt32, to buffer: inout [UInt8]) {
        append("\\u", to: &buffer)
        for shift in [UInt32(12), 8, 4, 0] {
            let digit = UInt8((unit >> shift) & 15)
            buffer.append(digit < 10 ? 48 + digit : 55 + digit)
        }
    }

    /// A fraction loses its trailing zeros (`12.50` is answered as `12.5`); whole numbers stay as they are.
    private static func number(_ digits: String) -> String {
        guard digits.contains("."), !digits.contains("e"), !digits.contains("E") else { return digits }
        var trimmed = Substring(digits)
        while trimmed.hasSuffix("0"), !trimmed.hasSuffix(".0") { trimmed.removeLast() }
        return String(trimmed)
    }
}

/// UTF-8 that also takes lone surrogates and overlong forms, as Jackson reads it.
enum UTF8Writer {
    static func append(_ scalar: UInt32, to buffer: inout [UInt8]) {
        switch scalar {
        case 0..<0x80:
            buffer.append(UInt8(scalar))
        case 0x80..<0x800:
            buffer.append(UInt8(0xC0 | scalar >> 6))
            buffer.append(UInt8(0x80 | scalar & 0x3F))
        case 0x800..<0x10000:
            buffer.append(UInt8(0xE0 | scalar >> 12))
            buffer.append(UInt8(0x80 | (scalar >> 6) & 0x3F))
            buffer.append(UInt8(0x80 | scalar & 0x3F))
        default:
            buffer.append(UInt8(0xF0 | (scalar >> 18) & 7))
            buffer.append(UInt8(0x80 | (scalar >> 12) & 0x3F))
            buffer.append(UInt8(0x80 | (scalar >> 6) & 0x3F))
            buffer.append(UInt8(0x80 | scalar & 0x3F))
        }
    }

    /// The scalar that begins at `position` (nil where the bytes are none) and how many bytes it takes.
    static func decode(_ bytes: [UInt8], at position: Int) -> (UInt32?, Int) {
        let first = bytes[position]
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1
        guard length > 1, first <= 0xF7, position + length <= bytes.count else { return (nil, 1) }
        var scalar = UInt32(first) & (0x7F >> UInt32(length))
        for offset in 1..<length {
            let byte = bytes[position + offset]
            guard byte & 0xC0 == 0x80 else { return (nil, 1) }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        return (scalar, length)
    }
}
