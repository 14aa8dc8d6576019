/// One action of a `_bulk` request with its document.
struct BulkAction {
    let name: String
    let index: String
    let id: String
    let source: [UInt8]?

    /// Reads the lines of a body.
    static func parse(_ body: [UInt8], defaultIndex: String?) throws(RequestError) -> [BulkAction] {
        guard body.last == UInt8(ascii: "\n") else {
            throw .illegalArgument("The bulk request must be terminated by a newline [\\n]")
        }
        var actions: [BulkAction] = []
        var lines = body.split(separator: UInt8(ascii: "\n")).makeIterator()
        while let line = lines.next() {
            let number = actions.count + 1
            guard case .object(let members)? = try? JSONParser.parse(Array(line)), let action = members.first else {
                throw .illegalArgument("Malformed action/metadata line [\(number)], expected START_OBJECT")
            }
            guard ["index", "create", "delete"].contains(action.name) else {
                throw .illegalArgument(
                    "Malformed action/metadata line [\(number)], expected one of [create, delete, index] "
                        + "but found [\(action.name)]")
            }
            guard let index = action.value["_index"]?.text ?? defaultIndex else {
                throw .validation("index is missing")
            }
            let source = action.name == "delete" ? nil : lines.next().map { Array($0) }
            if action.name != "delete", source == nil {
                throw .validation("no requests added")
            }
            let id = action.value["_id"]?.text ?? newID()
            actions.append(BulkAction(name: action.name, index: index, id: id, source: source))
        }
        return actions
    }

    private static func newID() -> String {
        Base64.encode((0..<15).map { _ in UInt8.random(in: 0...255) })
    }

    /// Does the action and tells its item of the answer.
    func apply(to state: inout ServerState, shards: Int) -> (status: Int, item: String) {
        var target = state.indices[index] ?? ServerState.Index(contents: StoredContents(), shards: max(1, shards))
        guard var contents = target.contents as? StoredContents else {
            return failure(400, "illegal_argument_exception", "index [\(index)] is generated and takes no documents")
        }
        // The state gives up its own reference first, so that the arrays are changed in place.
        target.contents = StoredContents()
        state.indices[index] = target
        let outcome = apply(to: &contents)
        state.indices[index]?.contents = contents
        return outcome
    }

    private func apply(to contents: inout StoredContents) -> (status: Int, item: String) {
        guard let source else {
            return contents.remove(id: id) ? success(200, "deleted") : success(404, "not_found")
        }
        if name == "create", contents.contains(id: id) {
            return failure(
                409, "version_conflict_engine_exception",
                "[\(id)]: version conflict, document already exists (current version [1])")
        }
        guard case .object? = try? JSONParser.parse(source) else {
            return failure(400, "mapper_parsing_exception", "failed to parse")
        }
        let isNew = contents.put(StoredContents.Document(id: id, source: source))
        return isNew ? success(201, "created") : success(200, "updated")
    }

    private var place: String { "\"_index\":\(JSONWriter.quoted(index)),\"_id\":\(JSONWriter.quoted(id))" }

    private func success(_ status: Int, _ result: String) -> (status: Int, item: String) {
        let shards = "\"_shards\":{\"total\":1,\"successful\":1,\"failed\":0}"
        return (
            status,
            "{\"\(name)\":{\(place),\"_version\":1,\"result\":\"\(result)\",\(shards),\"_seq_no\":0,"
                + "\"_primary_term\":1,\"status\":\(status)}}"
        )
    }

    private func failure(_ status: Int, _ type: String, _ reason: String) -> (status: Int, item: String) {
        let error = "{\"type\":\"\(type)\",\"reason\":\(JSONWriter.quoted(reason))}"
        return (status, "{\"\(name)\":{\(place),\"status\":\(status),\"error\":\(error)}}")
    }
}
