import FoundationEssentials
import LogDataset
import OpenSearchScroll

/// The query of `--query` less what `--exclude-query` and `--drop-field` leave out, and queries for that alone.
struct QueryParts {
    /// What is read, as JSON; nil: every document.
    let body: String?
    /// What is left out, by reason.
    let excluded: [(reason: String, body: String)]

    init(_ settings: Settings) throws(CommandError) {
        let options = Set(Options.of(settings.command).map(\.name))
        let query = try Self.text(settings, Options.query)
        guard options.contains(Options.excludeQuery.spec.name) else {
            (body, excluded) = (query, [])
            return
        }
        var rejected: [(reason: String, clause: ManifestJSON)] = []
        if let exclude = try Self.text(settings, Options.excludeQuery) {
            rejected.append(("--exclude-query", try Self.clause(exclude, Options.excludeQuery)))
        }
        for filter in settings[Options.dropField] {
            rejected.append(("--drop-field \(filter.field)=\(filter.value)", Self.clause(filter)))
        }
        guard !rejected.isEmpty else {
            (body, excluded) = (query, [])
            return
        }
        let wanted = try query.map { text throws(CommandError) in try Self.clause(text, Options.query) }
        body = try Self.json(wanted: wanted, without: rejected.map(\.clause))
        var excluded: [(reason: String, body: String)] = []
        for (index, part) in rejected.enumerated() {
            // What several reasons leave out counts for the first of them.
            let before = rejected[..<index].map(\.clause)
            excluded.append(
                (part.reason, try Self.json(wanted: wanted, and: part.clause, without: before)))
        }
        self.excluded = excluded
    }

    /// A query as JSON: itself, or out of the file it names.
    static func text(_ settings: Settings, _ option: Setting<String>) throws(CommandError) -> String? {
        guard let text = settings[option] else { return nil }
        if text.drop(while: \.isWhitespace).first == "{" { return text }
        do {
            return String(decoding: try SmallFile.read(text, atMost: 16 << 20), as: UTF8.self)
        } catch {
            throw .usage(
                "\(option.spec.flag): the file \(text) cannot be read: \(error.reason)",
                remedy: "name a file that holds a query as JSON, or give the JSON itself")
        }
    }

    /// The clause in a query's text, which is the whole of it or what stands under `query`.
    private static func clause(_ text: String, _ option: Setting<String>) throws(CommandError) -> ManifestJSON {
        guard let value = try? JSONDecoder().decode(ManifestJSON.self, from: Data(text.utf8)),
            case .object(let members) = value
        else {
            throw .usage("\(option.spec.flag) is no JSON object", remedy: "correct it")
        }
        guard let inner = members["query"] else {
            return members.isEmpty ? .object(["match_all": .object([:])]) : value
        }
        guard members.count == 1 else {
            throw .usage(
                "\(option.spec.flag) holds more than \"query\", which a scroll cannot take", remedy: "leave it out")
        }
        return inner
    }

    /// Documents whose field holds the text as a whole: in the field's `.keyword`, or, where a document has none, in
    /// the field itself, which then is a keyword. A text with a `.keyword` beside it would be found by any word of it,
    /// as one still is that is too long to have one: an index does not tell those from keywords.
    private static func clause(_ filter: FieldFilter) -> ManifestJSON {
        let keyword = "\(filter.field).keyword"
        let bare: [String: ManifestJSON] = [
            "filter": .array([term(filter.field, filter.value)]),
            "must_not": .array([.object(["exists": .object(["field": .text(keyword)])])]),
        ]
        let ways = [term(keyword, filter.value), .object(["bool": .object(bare)])]
        return .object(["bool": .object(["should": .array(ways), "minimum_should_match": .integer(1)])])
    }

    private static func term(_ field: String, _ value: String) -> ManifestJSON {
        .object(["term": .object([field: .object(["value": .text(value)])])])
    }

    private static func json(
        wanted: ManifestJSON?, and other: ManifestJSON? = nil, without: [ManifestJSON]
    ) throws(CommandError) -> String {
        var members: [String: ManifestJSON] = ["filter": .array([wanted, other].compactMap(\.self))]
        if !without.isEmpty { members["must_not"] = .array(without) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(ManifestJSON.object(["bool": .object(members)])) else {
            throw .usage("the query cannot be written as JSON", remedy: "correct --query")
        }
        return String(decoding: json, as: UTF8.self)
    }
}

/// The options that leave lines out, as the dataset's cleaning.
enum CleaningSettings {
    /// A list of keywords is small; a log that was named by mistake is not.
    private static let longestList = 1 << 20

    static func of(_ settings: Settings) throws -> LineCleaning {
        var cleaning = LineCleaning()
        guard Options.dropKeywords.spec.commands.contains(settings.command) else { return cleaning }
        cleaning.minimumTokens = settings[Options.minimumTokens]
        switch settings[Options.dropKeywords] {
        case "none": break
        case "original": cleaning.keywords = .original
        case let path: cleaning.keywords = try KeywordList(phrases(path))
        }
        return cleaning
    }

    /// A phrase a line; blank lines and those that begin with `#` are passed over.
    private static func phrases(_ path: String) throws(CommandError) -> [String] {
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(path, atMost: longestList)
        } catch {
            throw .usage(
                "--drop-keywords: \(path) cannot be read: \(error.reason)",
                remedy: "give original, none, or a file of phrases, one a line")
        }
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init).filter {
            let text = $0.drop(while: \.isWhitespace)
            return !text.isEmpty && !text.hasPrefix("#")
        }
    }
}
