/// How a template's weight grows with its number of lines f: as a power of f, in integers so that every machine draws
/// the same. A half is the original's law (weight 1/√f a line, √f a template).
public enum WeightExponent: String, Sendable, CaseIterable, Codable {
    /// Every template alike.
    case zero = "0"
    /// The fourth root of f.
    case quarter = "0.25"
    /// The square root of f.
    case half = "0.5"
    /// f to three quarters.
    case threeQuarters = "0.75"
    /// Every line alike.
    case one = "1"

    /// The most lines of one template for which a weight is defined.
    public static let largestCount: UInt64 = 1 << 48

    /// The weight of a template with `count` lines; 0 for no lines.
    ///
    /// Only weights of one exponent are ever compared, so each has the fixed point that suits it:
    ///
    /// | exponent | weight | unit of 1.0 | at most |
    /// |---|---|---|---|
    /// | 0 | 1 | 1 | 1 |
    /// | ¼ | isqrt(isqrt(f·2⁶⁴)·2³²) | 2³² | 2⁴⁴ |
    /// | ½ | isqrt(f·2⁶⁴) | 2³² | 2⁵⁶ |
    /// | ¾ | isqrt(f·isqrt(f·2⁶⁴)) | 2¹⁶ | 2⁵² |
    /// | 1 | f | 1 | 2⁴⁸ |
    ///
    /// The nested roots are at most one unit below the exact root rounded down. No sum overflows: 2³⁰ templates of at
    /// most 2⁵⁶ sum to at most 2⁸⁶, which times `StepPlan.largestSamples` (below 2³¹) is below 2¹¹⁷ of 2¹²⁸.
    ///
    /// - Parameter count: f, at most 2^48.
    public func weight(of count: UInt64) -> UInt64 {
        precondition(count <= WeightExponent.largestCount, "a template cannot have more than 2^48 lines")
        if count == 0 { return 0 }
        switch self {
        case .zero: return 1
        case .quarter: return squareRoot(UInt128(WeightExponent.half.weight(of: count)) << 32)
        case .half: return squareRoot(UInt128(count) << 64)
        case .threeQuarters: return squareRoot(UInt128(count) * UInt128(WeightExponent.half.weight(of: count)))
        case .one: return count
        }
    }
}

/// The square root rounded down.
///
/// - Parameter number: Below 2^126.
func squareRoot(_ number: UInt128) -> UInt64 {
    let high = UInt64(truncatingIfNeeded: number >> 64)
    let low = UInt64(truncatingIfNeeded: number)
    let approximate = Double(high) * 0x1p64 + Double(low)
    if approximate < 1 { return 0 }
    var root = UInt64(approximate.squareRoot())
    // The floating-point root is off by less than 2^12; where that shows, one Newton step brings it to within one.
    let square = UInt128(root) * UInt128(root)
    let isBelow = square <= number
    let distance = isBelow ? number - square : square - number
    if distance > UInt128(root) * 2 {
        let step = UInt64(distance / (UInt128(root) * 2))
        root = isBelow ? root + step : root - step
    }
    while UInt128(root) * UInt128(root) > number { root -= 1 }
    while UInt128(root + 1) * UInt128(root + 1) <= number { root += 1 }
    return root
}
