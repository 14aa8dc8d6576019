/// Kubernetes-like logs, each a pure function of (seed, index): nothing is stored, so 10⁹ of them cost no memory.
///
/// Of the lines, two thirds are *head* lines: one of the few hand-written templates of ``HeadTemplates``, the k-th with
/// a probability proportional to 1/k. One third are *tail* lines: rank r of an endless list of templates that differ in
/// words, with P(rank ≥ r) = r^(−1/4), cut off at ``tailSpace`` = 2⁴⁵. Digits, addresses, paths and identifiers vary
/// from line to line but vanish under masking, so head lines have ``headTemplateCount`` masked texts in all and two
/// tail lines have the same masked text exactly when their ranks are equal. Hence the expected number of distinct
/// masked texts among N lines, for N large enough that all of the head has been seen:
///
///     D(N) ≈ headTemplateCount + Γ(1/5) · (N/12)^(4/5),   Γ(1/5) = 4.5908
///
/// (the number of distinct values of M draws under a tail r^(−a) grows as Γ(1 − 1/s)·(a·M)^(1/s) with s = 1 + a; here
/// a = 1/4 and M = N/3). D(10⁵) ≈ 6,300; D(10⁶) ≈ 40,000; D(10⁹) ≈ 9.9 · 10⁶.
///
/// The seed changes the draws, never the law nor the templates: two seeds are two samples of the same cluster.
public struct LogGenerator: Sendable {
    /// How many distinct masked texts the head has.
    public static var headTemplateCount: Int { HeadTemplates.all.templates.count }

    /// How many distinct masked texts the tail could have.
    public static let tailSpace: UInt64 = 1 << 45

    /// Which sample of the law this is.
    public let seed: UInt64
    private let mixedSeed: UInt64

    /// - Parameter seed: chooses the sample; the same seed gives the same logs for ever.
    public init(seed: UInt64 = 0) {
        self.seed = seed
        mixedSeed = RandomBits.mix(seed &+ RandomBits.step)
    }

    /// Appends log `index`, as UTF-8 without a final newline. Some logs (stack traces) hold newlines.
    ///
    /// - Parameters:
    ///   - index: position of the log in the endless sequence; neighbouring logs are independent of each other.
    ///   - buffer: what is appended to. Nothing else is allocated.
    public func append(at index: UInt64, to buffer: inout [UInt8]) {
        var random = RandomBits(state: RandomBits.mix(mixedSeed ^ (index &* RandomBits.step)))
        let fields = LogFields(index: index)
        let choice = random.next()
        if UInt32(truncatingIfNeeded: choice) < Self.tailThreshold {
            let words = TailWords(rank: Self.tailRank(random.next()))
            TailTemplates.all.append(words.shape, fields, words, &random, to: &buffer)
        } else {
            let template = HeadTemplates.all.choose(choice >> 32)
            HeadTemplates.all.library.append(template, fields, TailWords(rank: 1), &random, to: &buffer)
        }
    }

    /// Log `index` as a string.
    public func log(at index: UInt64) -> String {
        var buffer: [UInt8] = []
        append(at: index, to: &buffer)
        return String(decoding: buffer, as: UTF8.self)
    }

    /// A third of 2³².
    static let tailThreshold: UInt32 = 1_431_655_765

    /// The least u, 2⁴⁵ to the power −1/4: below it the rank would leave the space of words.
    private static let leastUniform = 0x1p-11 * 0.840_896_415_253_714_5

    /// A rank of 1 or more with P(rank ≥ r) = r^(−1/4), by inversion: u^(−4) of a uniform u.
    static func tailRank(_ bits: UInt64) -> UInt64 {
        let unit = Double(bits >> 11) * 0x1p-53
        let u = leastUniform + (1 - leastUniform) * unit
        let square = u * u
        return min(max(UInt64(1 / (square * square)), 1), tailSpace - 1)
    }
}
