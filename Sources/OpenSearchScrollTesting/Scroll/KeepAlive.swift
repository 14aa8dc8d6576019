/// Times such as `5m`, as OpenSearch reads and shows them.
enum KeepAlive {
    /// What `search.max_keep_alive` is unless set.
    static let longest = Duration.seconds(86_400)

    private static let units: [(String, Duration)] = [
        ("nanos", .nanoseconds(1)), ("micros", .microseconds(1)), ("ms", .milliseconds(1)), ("s", .seconds(1)),
        ("m", .seconds(60)), ("h", .seconds(3600)), ("d", .seconds(86_400)),
    ]

    static func parse(_ text: String, setting: String = "scroll") throws(RequestError) -> Duration {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard let count = Int(digits), let scale = units.first(where: { $0.0 == unit })?.1 else {
            throw .illegalArgument(
                "failed to parse setting [\(setting)] with value [\(text)] as a time value: "
                    + "unit is missing or unrecognized")
        }
        return scale * count
    }

    /// Refuses what is above the limit, as the shards do.
    static func check(_ keepAlive: Duration, _ text: String, most: Duration) throws(RequestError) {
        guard keepAlive > most else { return }
        let shown = most == longest ? "1d" : "\(most.components.seconds)s"
        throw .illegalArgument(
            "Keep alive for request (\(text)) is too large. It must be less than (\(shown)). "
                + "This limit can be set by changing the [search.max_keep_alive] cluster level setting.")
    }
}
