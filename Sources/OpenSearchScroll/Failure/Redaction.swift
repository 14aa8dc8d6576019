/// Keeps secrets out of what is printed.
enum Redaction {
    /// A URL without what stands between its scheme and an `@`, also if it is none that parses.
    static func url(_ text: String) -> String {
        guard let scheme = text.firstRange(of: "://") else {
            guard let at = text.lastIndex(of: "@") else { return text }
            return "…" + text[at...]
        }
        let rest = text[scheme.upperBound...]
        // A password may hold a slash if somebody did not encode it, so the last @ counts.
        guard let at = rest.lastIndex(of: "@") else { return text }
        return text[..<scheme.upperBound] + "…" + rest[at...]
    }

    /// What libcurl says of a proxy that it cannot use holds the proxy's whole address, with its password.
    static func detail(_ text: String) -> String {
        text.hasPrefix("Unsupported proxy") ? "its address is none of a proxy that can be used" : text
    }
}

/// A password, a token, a key. However it, or what holds it, is printed, dumped or reflected, it does not show.
struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let value: String
    init(_ value: String) { self.value = value }

    var description: String { "(secret)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}
