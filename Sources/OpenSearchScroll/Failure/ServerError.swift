/// The body of an answer whose status is not 200, as far as we look at it. All of its parts may be missing, and `error`
/// may be a string.
struct ServerError {
    /// The types and reasons of the error, its root causes, its failed shards and what caused them, from the top.
    private(set) var causes: [(type: String, reason: String)] = []
    /// Whether the request was refused before it went to a shard: by a circuit breaker at the door, which names no
    /// phase.
    private(set) var isBeforeDispatch = false
    /// The index that an error is about.
    private(set) var index: String?

    init(_ body: UnsafeRawBufferPointer) {
        let answer = JSONValue(parsing: body)
        guard let error = answer?["error"] else {
            // The shards of a scroll that fail one when it is queried, another when it is fetched from, leave no error
            // but a page without hits, with the status of their failures.
            add(failures: answer?["_shards"]?["failures"])
            // As Amazon's gateway says it.
            if let text = answer?["message"]?.string ?? answer?["Message"]?.string { causes.append(("", text)) }
            return
        }
        if let text = error.string { causes.append(("", text)) }
        add(error)
        isBeforeDispatch =
            type == "circuit_breaking_exception" && error["phase"] == nil && says("[<http_request>]")
        for cause in error["root_cause"]?.elements ?? [] { add(cause) }
        add(failures: error["failed_shards"])
    }

    /// The entries of `_shards.failures`.
    init(failures: UnsafeRawBufferPointer) { add(failures: JSONValue(parsing: failures)) }

    private mutating func add(failures: JSONValue?) {
        for failure in failures?.elements ?? [] {
            if let reason = failure["reason"] { add(reason) }
        }
    }

    private mutating func add(_ error: JSONValue) {
        if let type = error["type"]?.string { causes.append((type, error["reason"]?.string ?? "")) }
        index = index ?? error["index"]?.string
        if let cause = error["caused_by"] { add(cause) }
    }

    /// The type of the error itself, rather than of what caused it.
    var type: String { causes.first?.type ?? "" }

    func has(type: String) -> Bool { causes.contains { $0.type == type } }
    func says(_ words: String) -> Bool { causes.contains { $0.reason.contains(words) } }

    /// The most telling cause in one short line: the last one that is not empty is the innermost.
    var summary: String? {
        let telling = causes.filter { !$0.reason.isEmpty && $0.reason != "all shards failed" }
        guard let cause = telling.last ?? causes.last else { return nil }
        let line = cause.reason.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        let short = line.count > 300 ? line.prefix(300) + "…" : line[...]
        return cause.type.isEmpty ? String(short) : short.isEmpty ? cause.type : "\(cause.type): \(short)"
    }

    /// What stands between the first brackets after some words: rights, limits.
    func bracketed(after words: String, by brackets: (Character, Character) = ("[", "]")) -> String? {
        for cause in causes {
            guard let found = cause.reason.firstRange(of: words) else { continue }
            let rest = cause.reason[found.upperBound...]
            guard let open = rest.firstIndex(of: brackets.0), let close = rest[open...].firstIndex(of: brackets.1)
            else {
                continue
            }
            return String(rest[rest.index(after: open)..<close])
        }
        return nil
    }
}
