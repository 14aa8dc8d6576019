/// An hour of the logs' own time, in whole hours since 1970-01-01T00:00Z, or no time at all.
public struct Hour: Hashable, Comparable, Sendable, Codable {
    /// Whole hours since the epoch; `Int32.min` for logs without a time.
    public let number: Int32

    /// The bucket of logs that carry no time. It sorts before every real hour, so it is never the latest.
    public static let none = Hour(number: .min)

    /// An hour given by its number since the epoch.
    public init(number: Int32) {
        self.number = number
    }

    /// The hour that holds a moment.
    ///
    /// - Parameter milliseconds: milliseconds since the epoch, or nil for a log without a time. Moments further
    ///   from the epoch than 200,000 years count as having none.
    public init(milliseconds: Int64?) {
        guard let milliseconds else {
            self = .none
            return
        }
        let hours = milliseconds >= 0 ? milliseconds / 3_600_000 : -((3_599_999 - milliseconds) / 3_600_000)
        self.number = Int32(exactly: hours) ?? .min
    }

    /// When the hour begins, in milliseconds since the epoch; nil for `none`.
    public var milliseconds: Int64? { self == .none ? nil : Int64(number) * 3_600_000 }

    /// Earlier hours first.
    public static func < (left: Hour, right: Hour) -> Bool { left.number < right.number }

    /// Decodes the number alone.
    public init(from decoder: any Decoder) throws {
        number = try decoder.singleValueContainer().decode(Int32.self)
    }

    /// Encodes the number alone.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }
}
