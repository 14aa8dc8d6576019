/// A request that OpenSearch would refuse, with the status, type and reason that it would give.
struct RequestError: Error {
    /// Where the error arose, which decides the outer part of the body.
    enum Shape {
        /// The type and reason stand outside as they stand in `root_cause`.
        case request
        /// A `search_phase_execution_exception` "all shards failed" around it, from the shards of an index (or, in a
        /// continuation, from shard −1 of none).
        case allShards(index: String?)
        /// An empty `search_phase_execution_exception` of that phase, with the whole error in its `caused_by`.
        case causeOnly(phase: String)
        /// A `search_phase_execution_exception` that no shard is the cause of.
        case noShards
        /// `"error"` is a plain string.
        case plain
    }

    var status: UInt32
    var type: String
    var reason: String?
    var shape: Shape = .request
    /// Further members of the cause, as JSON (`,"index":"logs"`).
    var details = ""
    /// The cause of the cause, as a JSON object.
    var cause: String?
    var headers: [(String, String)] = []

    static func illegalArgument(_ reason: String, cause: String? = nil) -> RequestError {
        RequestError(status: 400, type: "illegal_argument_exception", reason: reason, cause: cause)
    }

    static func validation(_ reason: String) -> RequestError {
        RequestError(
            status: 400, type: "action_request_validation_exception", reason: "Validation Failed: 1: \(reason);")
    }

    static func parsing(_ reason: String, line: Int = 1, column: Int = 1) -> RequestError {
        RequestError(
            status: 400, type: "parsing_exception", reason: reason, details: ",\"line\":\(line),\"col\":\(column)")
    }

    static func dateParse(_ reason: String) -> RequestError {
        RequestError(
            status: 400, type: "parse_exception", reason: "\(reason): [\(reason)]", shape: .allShards(index: nil))
    }

    static func indexNotFound(_ name: String) -> RequestError {
        let quoted = JSONWriter.quoted(name)
        return RequestError(
            status: 404, type: "index_not_found_exception", reason: "no such index [\(name)]",
            details: ",\"index\":\(quoted),\"resource.id\":\(quoted),\"resource.type\":\"index_or_alias\","
                + "\"index_uuid\":\"_na_\"")
    }

    static func indexClosed(_ name: String) -> RequestError {
        RequestError(
            status: 400, type: "index_closed_exception", reason: "closed",
            details: ",\"index\":\(JSONWriter.quoted(name)),\"index_uuid\":\"_na_\"")
    }

    static func contextMissing(_ id: UInt64) -> RequestError {
        RequestError(
            status: 404, type: "search_context_missing_exception", reason: "No search context found for id [\(id)]",
            shape: .allShards(index: nil))
    }

    static func plain(_ status: UInt32, _ reason: String, headers: [(String, String)] = []) -> RequestError {
        RequestError(status: status, type: "", reason: reason, shape: .plain, headers: headers)
    }

    /// The same error as the shards of `index` raise it.
    func fromShards(of index: String?, status: UInt32? = nil) -> RequestError {
        var copy = self
        copy.shape = .allShards(index: index)
        copy.status = status ?? self.status
        return copy
    }

    /// The error alone, as it stands in the list of what failed.
    var reasonBody: String { opening + "}" }

    private var opening: String { "{\"type\":\(JSONWriter.quoted(type)),\"reason\":\(quotedReason)\(details)" }

    /// The answer's body, in the form of 2.19 or of 3.x.
    func body(isVersion3: Bool) -> String {
        let inner = opening
        switch shape {
        case .plain:
            // An unknown path is the one error without a status.
            return "{\"error\":\(quotedReason)" + (status == 400 ? "}" : ",\"status\":\(status)}")
        case .request:
            let causedBy = cause.map { ",\"caused_by\":\($0)" } ?? ""
            let outer = inner.dropFirst()
            return "{\"error\":{\"root_cause\":[\(inner)}],\(outer)\(causedBy)},\"status\":\(status)}"
        case .noShards:
            return "{\"error\":{\"root_cause\":[],\(inner.dropFirst()),\"phase\":\"query\",\"grouped\":true,"
                + "\"failed_shards\":[]},\"status\":\(status)}"
        case .causeOnly(let phase):
            let outside = "\"phase\":\"\(phase)\",\"grouped\":true,\"failed_shards\":[]"
            return "{\"error\":{\"root_cause\":[],\"type\":\"search_phase_execution_exception\",\"reason\":\"\","
                + "\(outside),\"caused_by\":\(inner)\(isPhase ? "," + outside : "")}},\"status\":\(status)}"
        case .allShards(let index):
            let place =
                index.map { "\"shard\":0,\"index\":\(JSONWriter.quoted($0)),\"node\":\"\(ScrollID.node)\"" }
                ?? "\"shard\":-1,\"index\":null"
            return "{\"error\":{\"root_cause\":[\(inner)}],\"type\":\"search_phase_execution_exception\","
                + "\"reason\":\"all shards failed\",\"phase\":\"query\",\"grouped\":true,\"failed_shards\":"
                + "[{\(place),\"reason\":\(inner)}}]\(repeatedCause(inner, index, isVersion3))},\"status\":\(status)}"
        }
    }

    /// The cause is itself the failure of a phase, and says so.
    private var isPhase: Bool { type == "search_phase_execution_exception" }

    private var quotedReason: String { reason.map(JSONWriter.quoted) ?? "null" }

    /// How often the cause stands once more in `caused_by`: the server unwraps by class, and not alike in all versions.
    private func repeatedCause(_ inner: String, _ index: String?, _ isVersion3: Bool) -> String {
        let once = ",\"caused_by\":\(inner)}"
        if index == nil { return !isVersion3 && type == "illegal_state_exception" ? "" : once }
        switch type {
        case "illegal_argument_exception", "rejected_execution_exception":
            return ",\"caused_by\":\(inner)\(once)}"
        default: return isVersion3 ? once : ""
        }
    }
}
