@testable import LogMasking

/// The mask rules carried out word by word, as slowly as they are written: the judge of the scanners.
struct LiteralMasker {
    private enum Step {
        case replace(TinyRegex, LiteralText)
        case surround(TinyRegex)
        case split(TinyRegex, dropped: [UInt32])
        case lowercase
    }

    private let steps: [Step]

    init(_ rules: [MaskRules.Step] = MaskRules.steps) {
        steps = rules.map { rule in
            switch rule {
            case .replace(let pattern, let mask): .replace(TinyRegex(pattern), LiteralText(mask))
            case .surround(let pattern): .surround(TinyRegex(pattern))
            case .split(let pattern, let dropped):
                .split(TinyRegex(pattern), dropped: dropped.unicodeScalars.map(\.value))
            case .lowercase: .lowercase
            }
        }
    }

    func mask(_ message: String) -> String {
        var text = LiteralText(message)
        for step in steps {
            switch step {
            case .replace(let regex, let mask): text = regex.replacing(in: text, with: mask)
            case .surround(let regex): text = Self.joined(Self.pieces(of: text, cutAt: regex))
            case .split(let regex, let dropped):
                text = Self.joined(Self.pieces(of: text, cutAt: regex).filter { !Self.isPart($0, of: dropped) })
            case .lowercase: text = Self.lowercased(text)
            }
        }
        return text.string
    }

    /// The text between the matches, and the matches, in turn.
    private static func pieces(of text: LiteralText, cutAt regex: TinyRegex) -> [ArraySlice<UInt32>] {
        var pieces: [ArraySlice<UInt32>] = []
        var done = 0
        regex.forEachMatch(in: text.units) { start, end in
            pieces.append(text.units[done..<start])
            pieces.append(text.units[start..<end])
            done = end
        }
        pieces.append(text.units[done...])
        return pieces
    }

    private static func joined(_ pieces: [ArraySlice<UInt32>]) -> LiteralText {
        LiteralText(units: Array(pieces.joined(separator: LiteralText(" ").units)))
    }

    private static func isPart(_ piece: ArraySlice<UInt32>, of whole: [UInt32]) -> Bool {
        guard let first = piece.first else { return true }
        guard whole.contains(first & 0x1F_FFFF), piece.count <= whole.count else { return false }
        let points = piece.map { $0 & 0x1F_FFFF }
        return (0...(whole.count - points.count)).contains { whole[$0...].starts(with: points) }
    }

    private static func lowercased(_ text: LiteralText) -> LiteralText {
        let scalars = text.units.map { LiteralText.scalar($0) }
        var output = ""
        for (index, scalar) in scalars.enumerated() {
            guard scalar == "\u{3A3}" else {
                output += scalar.properties.lowercaseMapping
                continue
            }
            let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
            let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
            let isFinal = before?.properties.isCased == true && after?.properties.isCased != true
            output += isFinal ? "\u{3C2}" : "\u{3C3}"
        }
        return LiteralText(output)
    }
}
