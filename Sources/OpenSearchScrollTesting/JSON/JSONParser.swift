/// Reads JSON byte by byte. Lenient where stored documents must be: strings may hold any bytes from 0x20 up.
struct JSONParser {
    /// Why a text is no JSON: what was found, and after how many bytes.
    struct Failure: Error, Equatable {
        let reason: String
        let offset: Int
        /// The text stopped before the value did.
        let endOfInput: Bool
    }

    private static let deepest = 1000

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var depth = 0

    private init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The one value that `bytes` hold, blanks around it allowed.
    static func parse(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
        let outcome: Result<JSONValue, Failure> = bytes.withUnsafeBufferPointer { buffer in
            var parser = JSONParser(buffer)
            do throws(Failure) {
                return .success(try parser.document())
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    private mutating func document() throws(Failure) -> JSONValue {
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
        let value = try value()
        skipBlanks()
        if position < bytes.count { throw failure("Unexpected character after the value") }
        return value
    }

    private mutating func value() throws(Failure) -> JSONValue {
        skipBlanks()
        guard position < bytes.count else { throw failure("Unexpected end-of-input") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try nested { (self) throws(Failure) in try self.object() }
        case UInt8(ascii: "["): return try nested { (self) throws(Failure) in try self.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(Failure) -> JSONValue
    ) throws(Failure) -> JSONValue {
        guard depth < Self.deepest else { throw failure("Document nesting depth exceeds \(Self.deepest)") }
        depth += 1
        defer { depth -= 1 }
        position += 1
        return try body(&self)
    }

    private mutating func object() throws(Failure) -> JSONValue {
        var members: [JSONMember] = []
        if consume("}") { return .object(members) }
        repeat {
            skipBlanks()
            guard position < bytes.count else { throw failure("Unexpected end-of-input within/between Object entries") }
            guard bytes[position] == UInt8(ascii: "\"") else { throw failure("Unexpected character in an object") }
            let name = String(decoding: try string(), as: UTF8.self)
            guard consume(":") else { throw failure("Unexpected end-of-input within/between Object entries") }
            members.append(JSONMember(name: name, value: try value()))
        } while consume(",")
        guard consume("}") else { throw failure("Unexpected end-of-input: expected close marker for Object") }
        return .object(members)
    }

    private mutating func array() throws(Failure) -> JSONValue {
        var elements: [JSONValue] = []
        if consume("]") { return .array(elements) }
        repeat {
            elements.append(try value())
        } while consume(",")
        guard consume("]") else { throw failure("Unexpected end-of-input: expected close marker for Array") }
        return .array(elements)
    }

    private mutating func string() throws(Failure) -> [UInt8] {
        position += 1
        var result: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return result }
            if byte < 0x20 { throw failure("Illegal unquoted character in a string") }
            if byte == UInt8(ascii: "\\") {
                try escape(into: &result)
            } else {
                result.append(byte)
            }
        }
        throw failure("Unexpected end-of-input in a String value")
    }

    private mutating func escape(into result: inout [UInt8]) throws(Failure) {
        guard position < bytes.count else { throw failure("Unexpected end-of-input in a String value") }
        let code = bytes[position]
        position += 1
        switch code {
        case UInt8(ascii: "n"): result.append(10)
        case UInt8(ascii: "t"): result.append(9)
        case UInt8(ascii: "r"): result.append(13)
        case UInt8(ascii: "b"): result.append(8)
        case UInt8(ascii: "f"): result.append(12)
        case UInt8(ascii: "u"): try unicodeEscape(into: &result)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(code)
        default: throw failure("Unrecognized character escape")
        }
    }

    private mutating func unicodeEscape(into result: inout [UInt8]) throws(Failure) {
        var scalar = try hexadecimal()
        let isHigh = scalar >= 0xD800 && scalar < 0xDC00
        if isHigh, position + 1 < bytes.count, bytes[position] == 92, bytes[position + 1] == UInt8(ascii: "u") {
            let before = position
            position += 2
            let low = try hexadecimal()
            if low >= 0xDC00 && low < 0xE000 {
                scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
            } else {
                position = before
            }
        }
        UTF8Writer.append(scalar, to: &result)
    }

    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        guard position + 4 <= bytes.count else {
            position = bytes.count
            throw failure("Unexpected end-of-input in a character escape")
        }
        let digits = String(decoding: bytes[position..<position + 4], as: UTF8.self)
        guard let value = UInt32(digits, radix: 16) else { throw failure("Unexpected character in an escape") }
        position += 4
        return value
    }

    private mutating func number() throws(Failure) -> JSONValue {
        let start = position
        while position < bytes.count, Self.isNumeric(bytes[position]) { position += 1 }
        let digits = String(decoding: bytes[start..<position], as: UTF8.self)
        guard Double(digits) != nil else { throw failure("Unrecognized token") }
        return .number(digits)
    }

    private static func isNumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue {
        for offset in 0..<word.utf8CodeUnitCount {
            guard position + offset < bytes.count, bytes[position + offset] == word.utf8Start[offset] else {
                throw failure("Unrecognized token")
            }
        }
        position += word.utf8CodeUnitCount
        return value
    }

    private mutating func consume(_ byte: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard position < bytes.count, bytes[position] == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func skipBlanks() {
        while position < bytes.count, bytes[position] <= 32 { position += 1 }
    }

    private func failure(_ reason: String) -> Failure {
        Failure(reason: reason, offset: position, endOfInput: position >= bytes.count)
    }
}
