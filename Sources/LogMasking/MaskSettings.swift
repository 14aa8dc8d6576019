/// What a masker goes by.
public struct MaskSettings: Sendable {
    /// The rules.
    public var rules = MaskRuleSet.builtIn
    /// Bytes of a message beyond which it is cut, at the end of a character.
    public var longestMessage = 128 << 20

    /// The built-in rules, and messages of up to 128 MiB.
    public init() {}
}

/// What a masker could not mask as the rules say.
public struct MaskTally: Sendable, Codable, Equatable {
    /// Messages that were cut for their length.
    public var cutMessages: UInt64 = 0
    /// Bytes that were cut off them.
    public var cutBytes: UInt64 = 0
    /// How often an operator's rule was given up on because its pattern backtracked for too long; the rest of that text
    /// was left to the other rules.
    public var givenUp: UInt64 = 0

    /// Nothing.
    public init() {}

    /// Adds what another has counted.
    public mutating func add(_ other: MaskTally) {
        cutMessages += other.cutMessages
        cutBytes += other.cutBytes
        givenUp += other.givenUp
    }

    /// What was counted since.
    public func since(_ earlier: MaskTally) -> MaskTally {
        var tally = self
        tally.cutMessages -= earlier.cutMessages
        tally.cutBytes -= earlier.cutBytes
        tally.givenUp -= earlier.givenUp
        return tally
    }
}
