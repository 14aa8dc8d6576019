// What libFuzzer calls: any bytes at all, masked in turn by one masker, under the address sanitizer.

import Glibc

// libFuzzer calls from one thread.
nonisolated(unsafe) private let masker = LogMasker()
nonisolated(unsafe) private let maskerOfMore: LogMasker = {
    var settings = MaskSettings()
    settings.longestMessage = 1024
    let masks = [
        CustomMask(name: "before", pattern: #"\w+x|\s\d\b|[^ -~]"#, token: "<BEFORE>"),
        CustomMask(name: "after", pattern: #"<num>\S*|(?:a+)+b"#, token: "<AFTER>", place: .after),
    ]
    // These patterns are good; were they not, every run would end here.
    settings.rules = try! MaskRuleSet(adding: masks)
    return LogMasker(settings)
}()

private func isValid(_ text: UnsafeRawBufferPointer) -> Bool {
    text.withMemoryRebound(to: UInt8.self) { text in
        text.baseAddress.map { UTF8Repair.validPrefix($0, count: text.count) == text.count } ?? true
    }
}

/// Masks `count` bytes in every way there is.
@c(LLVMFuzzerTestOneInput) public func maskInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // A copy of its own, so that a look beyond its end is seen.
    let message = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { message.deallocate() }
    if let bytes { message.copyMemory(from: UnsafeRawBufferPointer(start: bytes, count: count)) }
    let masked = masker.withMasked(UnsafeRawBufferPointer(message)) { masked in
        precondition(isValid(masked), "the masked text is no UTF-8")
        return Array(masked)
    }
    precondition(masker.steps <= 64 * count + 1024, "more than 64 steps a byte")
    guard count < 300 else { return 0 }
    let explained = masker.explain(UnsafeRawBufferPointer(message))
    precondition(Array(explained.masked.utf8) == masked, "the explained text is another")
    precondition(explained.parts.allSatisfy { $0.bytes.upperBound <= count }, "bytes beyond the message")
    maskerOfMore.withMasked(UnsafeRawBufferPointer(message)) {
        precondition(isValid($0), "no UTF-8 by masks of one's own")
    }
    _ = maskerOfMore.explain(UnsafeRawBufferPointer(message))
    return 0
}
