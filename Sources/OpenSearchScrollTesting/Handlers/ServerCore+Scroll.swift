import Synchronization

extension ServerCore {
    /// POST or GET `_search/scroll`.
    func continueScroll(_ info: RequestInfo, _ changes: AnswerChanges) throws(RequestError) -> HTTPAnswer {
        let body = try scrollBody(info)
        guard case .object(let members) = body else {
            throw .illegalArgument("Malformed content, must start with an object")
        }
        for member in members {
            guard member.name == "scroll" || member.name == "scroll_id", member.value.text != nil else {
                throw Self.unknownParameter(member)
            }
        }
        guard let text = body["scroll_id"]?.text ?? idInPath(info) else { throw .validation("scrollId is missing") }
        let scroll = body["scroll"]?.text ?? info.parameters["scroll"]
        var keepAlive: Duration?
        if let scroll { keepAlive = try KeepAlive.parse(scroll) }
        let id = try parse(text)
        guard let number = id.contexts.first, id.session == session else {
            throw .contextMissing(id.contexts.first ?? 0)
        }
        if let keepAlive, let scroll {
            do throws(RequestError) {
                try KeepAlive.check(keepAlive, scroll, most: configuration.maximumKeepAlive)
            } catch {
                state.withLock { _ = $0.free(number) }
                throw error.fromShards(of: nil)
            }
        }
        let isVersion3 = isVersion3
        let outcome: Result<(context: ScrollContext, page: [DocumentPlace]), RequestError> = state.withLock { state in
            do throws(RequestError) {
                return .success(try state.advance(number, keepAlive: keepAlive, changes, isVersion3: isVersion3))
            } catch {
                return .failure(error)
            }
        }
        let (context, page) = try outcome.get()
        var counts = ShardCounts(changes.shards?.total ?? context.numbers.count)
        counts.successful = changes.shards?.successful ?? counts.total - context.lostShards
        counts.namesFailures = true
        counts.cause = .nodeLeft(isVersion3: isVersion3)
        return scrollAnswer(context, page, changes, counts, showsID: keepAlive != nil)
    }

    /// DELETE `_search/scroll`.
    func clear(_ info: RequestInfo) throws(RequestError) -> HTTPAnswer {
        let texts = try scrollIDs(of: info)
        guard !texts.isEmpty else { throw .validation("no scroll ids specified") }
        var numbers: [UInt64] = []
        if texts == ["_all"] {
            numbers = state.withLock { Array($0.contexts.keys) }
        } else {
            for text in texts {
                let id = try parse(text)
                if id.session == session, let first = id.contexts.first { numbers.append(first) }
            }
        }
        let freed = state.withLock { state in numbers.map { state.free($0) } }
        let count = freed.reduce(0) { $0 + $1.count }
        return .json(
            "{\"succeeded\":\(freed.allSatisfy(\.isWhole)),\"num_freed\":\(count)}", status: count == 0 ? 404 : 200)
    }

    /// The ids that a continuation or a clear names, in its body, path or parameters.
    func scrollIDs(of info: RequestInfo) throws(RequestError) -> [String] {
        if let text = idInPath(info) { return text.split(separator: ",").map(String.init) }
        guard let value = try scrollBody(info)["scroll_id"] else { return [] }
        return value.list.compactMap(\.text)
    }

    private func idInPath(_ info: RequestInfo) -> String? {
        info.segments.count == 3 ? info.segments[2] : info.parameters["scroll_id"]
    }

    private func scrollBody(_ info: RequestInfo) throws(RequestError) -> JSONValue {
        guard !info.body.isEmpty else { return .object([]) }
        do throws(JSONParser.Failure) {
            return try JSONParser.parse(info.body)
        } catch {
            let type = error.endOfInput ? "json_e_o_f_exception" : "json_parse_exception"
            let reason = JSONWriter.quoted("\(error.reason)\n at \(RequestBody.place(error))")
            throw .illegalArgument(
                "Failed to parse request body", cause: "{\"type\":\"\(type)\",\"reason\":\(reason)}")
        }
    }

    private static func unknownParameter(_ member: JSONMember) -> RequestError {
        .illegalArgument(
            "Unknown parameter [\(member.name)] in request body or parameter is of the wrong type"
                + "[\(member.value.tokenName)] ")
    }

    private func parse(_ text: String) throws(RequestError) -> ScrollID {
        if let id = ScrollID(text) { return id }
        let cause =
            text.isEmpty
            ? "{\"type\":\"e_o_f_exception\",\"reason\":null}"
            : "{\"type\":\"illegal_argument_exception\","
                + "\"reason\":\"Input byte[] should at least have 2 bytes for base64 bytes\"}"
        throw .illegalArgument("Cannot parse scroll id", cause: cause)
    }
}
