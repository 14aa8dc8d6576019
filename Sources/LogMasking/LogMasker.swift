/// Masks logs one after another in buffers that it uses again.
///
/// The masked text is byte for byte that of Opni's inference service: what varies from line to line (numbers,
/// addresses, dates, paths) becomes a mask such as `<num>`, the rest is cut into words and lowered. Time is linear in
/// the length of a message, whatever it holds (an operator's own rules aside); nothing is allocated unless a message is
/// longer than all before it, or than a mebibyte.
///
/// Not `Sendable`: give each worker its own.
public final class LogMasker {
    // `isLent` keeps calls apart; the language's own check at each would cost as much as a rule.
    @exclusivity(unchecked) private var pipeline = MaskPipeline()
    @exclusivity(unchecked) private var isLent = false

    /// Runs an operator's rules; nil where there are none.
    private let custom: CustomScanner?

    let longestMessage: Int
    private var cuts = MaskTally()

    /// A masker, by the built-in rules alone unless other settings are given.
    public init(_ settings: MaskSettings = MaskSettings()) {
        custom = settings.rules.isBuiltIn ? nil : CustomScanner(settings.rules)
        longestMessage = settings.longestMessage
    }

    /// What could not be masked as the rules say, over all messages.
    public var tally: MaskTally {
        var tally = cuts
        tally.givenUp = custom?.givenUp ?? 0
        return tally
    }

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
        let message = message.count <= longestMessage ? message : cut(message)
        return try withPipeline { pipeline, custom throws(E) in
            guard let custom else { return try body(pipeline.mask(message)) }
            return try body(pipeline.mask(message, custom))
        }
    }

    /// The message up to the last character that ends within the limit.
    func cut(_ message: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var end = longestMessage
        while end > max(0, longestMessage - 3), message[end] & 0xC0 == 0x80 { end -= 1 }
        cuts.cutMessages += 1
        cuts.cutBytes += UInt64(message.count - end)
        return UnsafeRawBufferPointer(rebasing: message[..<end])
    }

    /// Gives `body` what masks, and keeps it from being used by anybody else meanwhile.
    @inline(__always)
    func withPipeline<R, E: Error>(
        _ body: (inout MaskPipeline, CustomScanner?) throws(E) -> R
    ) throws(E) -> R {
        precondition(!isLent, "LogMasker: used inside withMasked, while its text is lent; use a second masker there")
        isLent = true
        defer {
            isLent = false
            pipeline.giveBack()
            custom?.giveBack()
        }
        return try body(&pipeline, custom)
    }

    /// The masked text of one message.
    public func mask(_ message: String) -> String {
        var message = message
        return message.withUTF8 { bytes in
            withMasked(UnsafeRawBufferPointer(bytes)) { String(decoding: $0, as: UTF8.self) }
        }
    }
}
