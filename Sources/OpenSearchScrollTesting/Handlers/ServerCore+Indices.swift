import Synchronization

extension ServerCore {
    /// PUT, DELETE and HEAD of an index.
    func index(_ info: RequestInfo, _ name: String) throws(RequestError) -> HTTPAnswer {
        switch info.method {
        case "HEAD":
            let exists = state.withLock { $0.indices[name] != nil }
            return HTTPAnswer(status: exists ? 200 : 404)
        case "DELETE":
            let indices = try resolve(name, info.parameters)
            state.withLock { state in
                for index in indices {
                    state.indices[index.name] = nil
                    state.freeContexts(reading: index.name)
                }
            }
            return .json("{\"acknowledged\":true}")
        default:
            return try create(name, try RequestBody.parse(info.body))
        }
    }

    private func create(_ name: String, _ body: JSONValue) throws(RequestError) -> HTTPAnswer {
        let settings = body["settings"]
        let shards =
            (settings?["number_of_shards"] ?? settings?["index"]?["number_of_shards"]
            ?? settings?["index.number_of_shards"])?.integer ?? configuration.shards
        let isNew = state.withLock { state in
            guard state.indices[name] == nil else { return false }
            state.indices[name] = ServerState.Index(contents: StoredContents(), shards: max(1, shards))
            return true
        }
        guard isNew else {
            throw RequestError(
                status: 400, type: "resource_already_exists_exception",
                reason: "index [\(name)/\(session)] already exists",
                details: ",\"index\":\(JSONWriter.quoted(name)),\"index_uuid\":\"\(session)\"")
        }
        return .json("{\"acknowledged\":true,\"shards_acknowledged\":true,\"index\":\(JSONWriter.quoted(name))}")
    }

    /// `_refresh`: documents are seen at once here, so there is nothing to do.
    func refresh(_ expression: String?) throws(RequestError) -> HTTPAnswer {
        let shards = try resolve(expression, [:]).reduce(0) { $0 + $1.index.shards }
        return .json("{\"_shards\":{\"total\":\(shards),\"successful\":\(shards),\"failed\":0}}")
    }

    /// `_bulk` with index, create and delete actions; the sources are kept byte for byte.
    func bulk(_ info: RequestInfo, _ index: String?) throws(RequestError) -> HTTPAnswer {
        let actions = try BulkAction.parse(info.body, defaultIndex: index)
        let shards = configuration.shards
        var items: [String] = []
        var hasErrors = false
        state.withLock { state in
            for action in actions {
                let outcome = action.apply(to: &state, shards: shards)
                hasErrors = hasErrors || outcome.status >= 300 && outcome.status != 404
                items.append(outcome.item)
            }
        }
        return .json("{\"took\":1,\"errors\":\(hasErrors),\"items\":[\(items.joined(separator: ","))]}")
    }
}
