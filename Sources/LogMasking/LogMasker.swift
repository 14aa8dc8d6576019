/// Masks logs one after another in buffers that it uses again.
///
/// The masked text is byte for byte that of Opni's inference service: what varies from line to line (numbers,
/// addresses, dates, paths) becomes a mask such as `<num>`, the rest is cut into words and lowered. Time is linear in
/// the length of a message, whatever it holds (an operator's own rules aside); nothing is allocated unless a message is longer than all before it, or
/// than a mebibyte.
///
/// Not `Sendable`: give each worker its own.
public final class LogMasker {
    // `isLent` keeps calls apart; the language's own check at each would cost as much as a rule.
    @exclusivity(unchecked) private var pipeline = MaskPipeline()
    @exclusivity(unchecked) private var isLent = false

    /// Runs an operator's rules; nil where there are none.
    private let custom: CustomScanner?

    /// A masker by the rules: the built-in ones (``MaskRules``) unless others are given.
    public init(rules: MaskRuleSet = .builtIn) {
        custom = rules.isBuiltIn ? nil : CustomScanner(rules)
    }

    /// How often a rule of the operator's was given up on because its pattern backtracked for too long.
    public var givenUp: Int { custom?.givenUp ?? 0 }

    /// Bytes that the loops over the last message looked at.
    var steps: Int { pipeline.steps }

    /// Lends the masked text of one message.
    ///
    /// - Parameters:
    ///   - message: UTF-8. What is not valid in it counts as U+FFFD, one for each maximal part of a character.
    ///   - body: Is given the masked text, UTF-8, good until it returns; it must not use this masker.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    public func withMasked<R, E: Error>(
        _ message: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        precondition(!isLent, "LogMasker: used inside withMasked, while its text is lent; use a second masker there")
        isLent = true
        defer {
            isLent = false
            pipeline.giveBack()
            custom?.giveBack()
        }
        if let custom { return try body(pipeline.mask(message, custom)) }
        return try body(pipeline.mask(message))
    }

    /// The masked text of one message.
    public func mask(_ message: String) -> String {
        var message = message
        return message.withUTF8 { bytes in
            withMasked(UnsafeRawBufferPointer(bytes)) { String(decoding: $0, as: UTF8.self) }
        }
    }
}
