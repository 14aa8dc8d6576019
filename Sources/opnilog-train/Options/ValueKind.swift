import LogDataset

/// Why a text is no value of its kind: completes the sentence "X is not …".
struct ValueFault: Error, Equatable {
    let expected: String

    init(_ expected: String) { self.expected = expected }
}

/// How the text of a setting becomes a value.
struct ValueKind<Value: Sendable>: Sendable {
    /// What a help page shows in the value's place.
    let placeholder: String
    let parse: @Sendable (String) throws(ValueFault) -> Value
}

extension ValueKind where Value == String {
    static func text(_ placeholder: String) -> Self {
        Self(placeholder: placeholder) { text throws(ValueFault) in
            if text.isEmpty { throw ValueFault("a text of at least one character") }
            return text
        }
    }

    /// An http or https URL that carries no password and no query.
    static var endpoint: Self {
        Self(placeholder: "URL") { text throws(ValueFault) in
            try url(
                text, like: "https://opensearch.example:9200",
                user: "give the user by --username and the password by OPNILOG_PASSWORD")
        }
    }

    /// The same, or `none`.
    static var proxy: Self {
        Self(placeholder: "URL|none") { text throws(ValueFault) in
            if text == "none" { return text }
            return try url(
                text, like: "http://proxy.example:3128, or none",
                user: "give them by OPNILOG_PROXY_USERNAME and OPNILOG_PROXY_PASSWORD")
        }
    }

    private static func url(_ text: String, like example: String, user remedy: String) throws(ValueFault) -> String {
        let scheme = text.prefix { $0 != ":" }.lowercased()
        let rest = text.dropFirst(scheme.count)
        guard scheme == "http" || scheme == "https", rest.hasPrefix("://"), rest.count > 3 else {
            throw ValueFault("a URL such as \(example)")
        }
        let authority = rest.dropFirst(3).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if authority.contains("@") { throw ValueFault("a URL without a user in it; \(remedy)") }
        // No request would have it, but every record of the run, where a token in it would stand for all to read.
        if rest.contains(where: { $0 == "?" || $0 == "#" }) {
            throw ValueFault(
                "a URL without what follows ? or #; leave that out, and give credentials by their settings")
        }
        return text
    }
}

extension ValueKind where Value == [String] {
    /// Words between blanks; quotes of either kind keep what stands between them together.
    static func words(_ placeholder: String) -> Self {
        Self(placeholder: placeholder) { text throws(ValueFault) in
            var words: [String] = []
            var word: String?
            var quote: Character?
            for character in text {
                if character == quote {
                    quote = nil
                } else if quote == nil, character == "'" || character == "\"" {
                    quote = character
                    word = word ?? ""
                } else if quote == nil, character.isWhitespace {
                    if let ended = word { words.append(ended) }
                    word = nil
                } else {
                    word = (word ?? "") + String(character)
                }
            }
            if quote != nil { throw ValueFault("a command: a quote is not closed") }
            if let word { words.append(word) }
            guard let program = words.first, !program.isEmpty else {
                throw ValueFault("a command with its arguments, such as 'get-token --audience opensearch'")
            }
            return words
        }
    }
}

extension ValueKind where Value == FieldFilter {
    static var fieldFilter: Self {
        Self(placeholder: "NAME=TEXT") { text throws(ValueFault) in
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex,
                text.index(after: equals) < text.endIndex
            else { throw ValueFault("a field and its text, such as anomaly_level=Anomaly") }
            return FieldFilter(field: String(text[..<equals]), value: String(text[text.index(after: equals)...]))
        }
    }
}

extension ValueKind where Value == Int {
    static func integer(_ placeholder: String = "N", atLeast least: Int, atMost most: Int = .max) -> Self {
        let expected =
            most == .max ? "a whole number of at least \(least)" : "a whole number from \(least) to \(most)"
        return Self(placeholder: placeholder) { text throws(ValueFault) in
            guard let value = Int(text.filter { $0 != "_" }), value >= least, value <= most else {
                throw ValueFault(expected)
            }
            return value
        }
    }

    /// Bytes, from `384MiB`, `2GB`, `1.5g` or a plain number.
    static func size(atLeast least: Int = 1) -> Self {
        Self(placeholder: "SIZE") { text throws(ValueFault) in
            let bytes = try ByteSize.parse(text)
            guard bytes >= least else { throw ValueFault("a size of at least \(ByteSize.describe(least))") }
            return bytes
        }
    }
}

extension ValueKind where Value == UInt64 {
    static var seed: Self {
        Self(placeholder: "N") { text throws(ValueFault) in
            guard let value = UInt64(text) else { throw ValueFault("a whole number from 0 to \(UInt64.max)") }
            return value
        }
    }
}

extension ValueKind where Value == Double {
    /// A part of one, as `0.01` or `1%`.
    static var share: Self {
        Self(placeholder: "SHARE") { text throws(ValueFault) in
            let percent = text.hasSuffix("%")
            guard let number = Double(percent ? String(text.dropLast()) : text) else {
                throw ValueFault("a share such as 0.01 or 1%")
            }
            let value = percent ? number / 100 : number
            guard (0...1).contains(value) else { throw ValueFault("a share from 0 to 1 (0% to 100%)") }
            return value
        }
    }
}

extension ValueKind where Value == Duration {
    static var duration: Self {
        Self(placeholder: "TIME") { text throws(ValueFault) in
            guard let milliseconds = TimeSpan.milliseconds(text[...]) else {
                throw ValueFault("a time with its unit, such as 500ms, 60s, 5m, 24h or 7d")
            }
            return .milliseconds(milliseconds)
        }
    }
}

extension ValueKind where Value == Instant {
    static var instant: Self {
        Self(placeholder: "WHEN") { text throws(ValueFault) in
            guard let instant = Instant(text) else {
                throw ValueFault("a moment such as 2026-01-31T12:00:00Z, 1767225600000 (ms) or -24h")
            }
            if let number = Int64(text), (1..<Instant.earliestNumber).contains(number) {
                throw ValueFault(
                    "in milliseconds, as which it would be in \(ISO8601.text(number).prefix(4)); give milliseconds since "
                        + "1970, or a time such as 2026-11-24T10:00:00Z")
            }
            return instant
        }
    }
}

extension ValueKind where Value == Bool {
    static var toggle: Self {
        Self(placeholder: "") { text throws(ValueFault) in
            switch text.lowercased() {
            case "true", "yes", "on", "1": return true
            case "false", "no", "off", "0": return false
            default: throw ValueFault("true or false")
            }
        }
    }
}

extension ValueKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    static func choice(_: Value.Type) -> Self {
        let names = Value.allCases.map(\.rawValue)
        return Self(placeholder: names.joined(separator: "|")) { text throws(ValueFault) in
            guard let value = Value(rawValue: text) else { throw ValueFault("one of " + names.joined(separator: ", ")) }
            return value
        }
    }
}
