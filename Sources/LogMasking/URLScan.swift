/// `<URL>`: a scheme, a host of at least two characters, a tail.
///
/// The host `[\w_-]+(?:(?:\.*[\w_-]+)+)` takes runs of `[\w-]` with any dots between them, and what it takes is never
/// given back, since all that follows is optional. A single run of one character is too short for it; a longer one
/// serves both its parts. The tail goes to the end of its run and back to the last character that may end it: only
/// `.`, `,` and `:` may not.
///
/// Linear: a try looks only at what follows its `://`. If it fails, that was one character and some dots, which hold
/// no other `://`; if it succeeds, all but the trailing `.`, `,` and `:` is in the match.
struct URLScan: MaskScan {
    private static var host: CharacterClass {
        CharacterClass(bytes: ByteClasses.word | ByteClasses.dash, points: UnicodeClasses.word)
    }
    private static var tail: CharacterClass {
        CharacterClass(bytes: ByteClasses.word | ByteClasses.dash | ByteClasses.urlTail, points: UnicodeClasses.word)
    }

    static func mayMatch(_ seen: SeenClasses) -> Bool { seen.has(.kept) && seen.has(.slash) }

    /// `://`
    static func triggers(in block: TextBlock) -> UInt64 {
        block[.kept] & block.ahead(1, .slash) & block.ahead(2, .slash)
    }

    mutating func match(in text: inout MaskText, at colon: Int, from: Int) -> Match? {
        guard text[colon] == UInt8(ascii: ":"), let start = Self.schemeStart(in: text, before: colon, limit: from),
            let hostEnd = Self.hostEnd(in: &text, from: colon + 3)
        else { return nil }
        return Match(start: start, end: Self.tailEnd(in: &text, from: hostEnd), mask: .url)
    }

    /// No scheme ends another, so at most one ends at the colon.
    private static func schemeStart(in text: MaskText, before colon: Int, limit: Int) -> Int? {
        let start: Int
        if text.matches("http", endingAt: colon, limit: limit) {
            start = colon - 4
        } else if text.matches("ftp", endingAt: colon, limit: limit) {
            start = colon - 3
        } else if text.matches("https", endingAt: colon, limit: limit) {
            start = colon - 5
        } else {
            return nil
        }
        return start
    }

    private static func hostEnd(in text: inout MaskText, from start: Int) -> Int? {
        var end = text.end(of: host, from: start)
        guard end > start else { return nil }
        let isOneCharacter = start + text.length(of: host, at: start) == end
        var isLonger = !isOneCharacter
        while text[end] == UInt8(ascii: ".") {
            let dots = text.endOfRun(UInt8(ascii: "."), from: end)
            let next = text.end(of: host, from: dots)
            if next == dots { break }
            end = next
            isLonger = true
        }
        return isLonger ? end : nil
    }

    private static func tailEnd(in text: inout MaskText, from start: Int) -> Int {
        var end = text.end(of: tail, from: start)
        let runEnd = end
        while end > start, mayNotEnd(text[end - 1]) { end -= 1 }
        text.steps &+= runEnd - end
        return end
    }

    private static func mayNotEnd(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || byte == UInt8(ascii: ",") || byte == UInt8(ascii: ":")
    }
}
