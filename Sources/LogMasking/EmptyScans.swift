/// `<EMPTY_SET>`: braces with nothing but white space between them.
struct EmptySetScan: MaskScan {
    static var mask: StaticString { "<EMPTY_SET>" }

    static func mayMatch(_ seen: ByteSummary) -> Bool { seen.has([.braces]) }

    mutating func next(in text: inout MaskText, from: Int) -> (start: Int, end: Int)? {
        emptyPair(in: &text, from: from, open: UInt8(ascii: "{"), close: UInt8(ascii: "}"))
    }
}

/// `<EMPTY_LIST>`: brackets with nothing but white space between them.
struct EmptyListScan: MaskScan {
    static var mask: StaticString { "<EMPTY_LIST>" }

    static func mayMatch(_ seen: ByteSummary) -> Bool { seen.has([.brackets]) }

    mutating func next(in text: inout MaskText, from: Int) -> (start: Int, end: Int)? {
        emptyPair(in: &text, from: from, open: UInt8(ascii: "["), close: UInt8(ascii: "]"))
    }
}

/// Linear: white space holds no opening sign, so each run of it is looked at once.
private func emptyPair(in text: inout MaskText, from: Int, open: UInt8, close: UInt8) -> (start: Int, end: Int)? {
    var index = from
    while let start = text.find(open, from: index) {
        let end = text.end(of: .space, from: start + 1)
        if text[end] == close { return (start, end + 1) }
        index = end
    }
    return nil
}
