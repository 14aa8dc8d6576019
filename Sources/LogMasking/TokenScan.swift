/// `<TOKEN_WITH_DIGIT>`: digits and then a letter or mark, or letters or marks and then a digit, and the whole rest.
///
/// Its three classes are digits, marks (letters among them) and both together. So of a run of both it takes the whole
/// if there is a digit and a mark in it, wherever the first change is, and nothing otherwise.
///
/// Linear: each run is looked at once.
struct TokenScan: MaskScan {
    static var mask: StaticString { "<TOKEN_WITH_DIGIT>" }

    private static var mark: ByteClass {
        ByteClasses.letter | ByteClasses.underscore | ByteClasses.dash | ByteClasses.token
    }

    static func mayMatch(_ seen: ByteSummary) -> Bool { seen.has([.digit]) }

    mutating func next(in text: inout MaskText, from: Int) -> (start: Int, end: Int)? {
        var start = text.findByte(Self.mark | ByteClasses.digit, from: from)
        while start < text.count {
            var end = start
            var hasDigit = false
            var hasMark = false
            while true {
                let classes = text.classes(at: end)
                if classes & ByteClasses.digit != 0 {
                    hasDigit = true
                } else if classes & Self.mark != 0 {
                    hasMark = true
                } else {
                    break
                }
                end += 1
            }
            text.steps &+= end - start
            if hasDigit && hasMark { return (start, end) }
            start = text.findByte(Self.mark | ByteClasses.digit, from: end)
        }
        return nil
    }
}
