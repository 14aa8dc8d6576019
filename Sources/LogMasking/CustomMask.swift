/// A mask rule of an operator's own, beside the built-in ones.
public struct CustomMask: Sendable, Equatable {
    /// When a rule runs.
    public enum Place: String, Sendable, CaseIterable {
        /// On the message without its terminal escapes, before the first built-in rule.
        case before
        /// On the masked text: cut into words, joined by single spaces, lowered.
        case after
    }

    /// What messages and reports call it.
    public let name: String
    /// A PCRE2 pattern; classes such as `\d` and `\w` are those of Unicode. A match of no characters is none.
    public let pattern: String
    /// What stands for a match: letters and `_` in angle brackets. It is lowered like the rest of the text.
    public let token: String
    /// When it runs. Rules of one place run in the order in which they are given.
    public let place: Place

    /// A rule.
    public init(name: String, pattern: String, token: String, place: Place = .before) {
        self.name = name
        self.pattern = pattern
        self.token = token
        self.place = place
    }

    /// Whether the token is one that no built-in rule takes apart.
    var hasSoundToken: Bool {
        let inner = token.utf8.dropFirst().dropLast()
        let isWord = inner.allSatisfy { byte in
            byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        return token.utf8.first == UInt8(ascii: "<") && token.utf8.last == UInt8(ascii: ">") && !inner.isEmpty && isWord
    }
}
