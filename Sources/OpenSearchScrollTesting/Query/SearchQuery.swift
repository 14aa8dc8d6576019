/// The part of OpenSearch's query language that the server speaks, read into a tree.
public indirect enum SearchQuery: Sendable, Equatable {
    /// All documents.
    case matchAll
    /// No document.
    case matchNone
    /// Every one of `must` (which holds `filter` too), at least `minimum` of `should`, none of `mustNot`.
    case bool(must: [SearchQuery], should: [SearchQuery], minimum: Int, mustNot: [SearchQuery])
    /// Documents with a value of `field` (epoch milliseconds for dates) inside the bounds.
    case range(field: String, bounds: ValueBounds)
    /// Documents with a value of `field` that is not null.
    case exists(field: String)
    /// Documents with one of `values` as a value of `field`, where that is a text as one of its words, in lower case;
    /// the whole text is a value of `field.keyword`.
    case terms(field: String, values: [String])
    /// Documents whose text in `field` holds one of `words` (all of them with `all`), without regard to case.
    case match(field: String, words: [String], all: Bool)
    /// Documents with one of these ids.
    case ids([String])
}

/// An interval of numbers or epoch milliseconds; a missing bound is infinite.
public struct ValueBounds: Sendable, Equatable {
    /// The least value and whether it belongs to the interval.
    public var lower: (value: Double, included: Bool)
    /// The greatest value and whether it belongs to the interval.
    public var upper: (value: Double, included: Bool)

    /// The whole line.
    public init() {
        lower = (-.infinity, true)
        upper = (.infinity, true)
    }

    /// Whether `value` lies inside.
    public func contains(_ value: Double) -> Bool {
        (lower.included ? value >= lower.value : value > lower.value)
            && (upper.included ? value <= upper.value : value < upper.value)
    }

    /// Equal bounds, of the same kind.
    public static func == (one: ValueBounds, other: ValueBounds) -> Bool {
        one.lower == other.lower && one.upper == other.upper
    }
}
