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
}
