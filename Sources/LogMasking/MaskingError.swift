/// What is wrong with rules that were given.
public struct MaskingError: Error, Equatable, CustomStringConvertible {
    /// Kinds of faults.
    public struct Code: Sendable, Hashable {
        private enum Kind { case badPattern, badToken, badName, noMemory }
        private let kind: Kind

        /// A pattern that PCRE2 does not take.
        public static let badPattern = Self(kind: .badPattern)
        /// A token that is not letters and `_` in angle brackets.
        public static let badToken = Self(kind: .badToken)
        /// Two rules of one name, or a rule without one.
        public static let badName = Self(kind: .badName)
        /// No memory for a pattern.
        public static let noMemory = Self(kind: .noMemory)
    }

    /// What kind of fault it is.
    public let code: Code
    /// Which rule it is in, by its place in the list that was given.
    public let rule: Int
    /// What is wrong and how to mend it.
    public let message: String

    init(_ code: Code, rule: Int, _ message: String) {
        self.code = code
        self.rule = rule
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
