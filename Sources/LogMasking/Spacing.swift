/// Between the two lists of rules: a space before and after each `=`, `|` and `:`, and spaces for `\n`, `\r` and `\t`.
enum Spacing {
    static func mayChange(_ seen: ByteSummary) -> Bool { seen.hasAny([.spaced, .colon]) }

    /// Writes the spaced text into `output`, which must be empty.
    static func write(_ text: inout MaskText, into output: inout MaskBuffer) {
        output.reserve(3 * text.count)
        let bytes = output.base
        var end = 0
        for index in 0..<text.count {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "="), UInt8(ascii: "|"), UInt8(ascii: ":"):
                bytes[end] = UInt8(ascii: " ")
                bytes[end + 1] = byte
                bytes[end + 2] = UInt8(ascii: " ")
                end += 3
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                bytes[end] = UInt8(ascii: " ")
                end += 1
            default:
                bytes[end] = byte
                end += 1
            }
        }
        text.steps &+= text.count
        output.advance(to: end)
    }
}
