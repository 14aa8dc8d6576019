import Testing

@testable import OpenSearchScroll

/// An index whose documents are known one by one: over twelve hours, each hundredth without a time.
struct ManyDocuments: Sendable {
    static let start: Int64 = 1_627_977_600_000
    static let hour: Int64 = 3_600_000

    var index: String
    var count: Int

    var ids: Set<String> { Set((0..<count).map { "d-\($0)" }) }

    /// Loads them, unless an earlier test of the suite has.
    static func load(
        _ index: String, _ count: Int = 60_000, shards: Int = 2, padding: Int = 0, on node: RealNode
    ) async throws -> ManyDocuments {
        let many = ManyDocuments(index: index, count: count)
        if let found = try? await node.target.send(.get, "/\(index)/_count"), found["count"] == .integer(Int64(count)) {
            return many
        }
        let rest = String(repeating: " and went on", count: padding / 12)
        let documents = (0..<count).map { number in
            let time = number % 100 == 0 ? "" : #""time":\#(start + Int64(number) * 12 * hour / Int64(count)),"#
            return (
                id: "d-\(number)",
                json: Array(#"{\#(time)"log":"request \#(number) took \#(number % 97) ms\#(rest)"}"#.utf8)
            )
        }
        try await node.target.load(index, documents, shards: shards)
        return many
    }

    /// The digest that a proof should have, made from the ids alone.
    func digest(of ids: some Sequence<String>) -> IDDigest {
        let seed = Array(index.utf8).withUnsafeBytes { DocumentID.seed(index: $0) }
        var digest = IDDigest()
        for id in ids {
            let empty = UnsafeRawBufferPointer(start: nil, count: 0)
            digest.add(Array(id.utf8).withUnsafeBytes { DocumentID($0, routing: empty, seed: seed) })
        }
        return digest
    }
}

/// What a consumer got of a reading.
struct Delivered: Sendable {
    /// Of all documents of all pages.
    var ids: [String] = []
    /// Documents by index.
    var indices: [String: Int] = [:]
    var pages = 0
    var proof = ScrollProof()

    mutating func take(_ page: ScrollPage) {
        pages += 1
        page.forEachDocument { document in
            ids.append(String(decoding: document.id, as: UTF8.self))
            indices[String(decoding: document.index, as: UTF8.self), default: 0] += 1
        }
    }

    /// Reads a query and runs `afterPage` after each page, with its number.
    static func by(
        _ client: OpenSearchClient, _ query: ScrollQuery, plan: ScrollPlan? = nil,
        afterPage: (Int) async throws -> Void = { _ in }
    ) async throws -> Delivered {
        let planned = if let plan { plan } else { try await client.plan(query) }
        return try await client.withScroll(planned, of: query) { pages in
            var delivered = Delivered()
            for try await page in pages {
                delivered.take(page)
                try await afterPage(delivered.pages)
            }
            delivered.proof = pages.proof
            return delivered
        }
    }

    /// Reads a query window by window.
    static func byWindows(
        _ client: OpenSearchClient, _ query: ScrollQuery, afterPage: (Int) async throws -> Void = { _ in }
    ) async throws -> Delivered {
        var delivered = Delivered()
        for window in try await client.windows(of: query) {
            let (taken, proof) = try await client.readWindow(window, of: query) { pages in
                var taken = delivered
                for try await page in pages {
                    taken.take(page)
                    try await afterPage(taken.pages)
                }
                return (taken, pages.proof)
            }
            delivered = taken
            delivered.proof.windows += proof.windows
            delivered.proof.holes += proof.holes
        }
        return delivered
    }

    /// Every document of the index, each once, and a proof that says the same.
    func expectOnce(
        _ many: ManyDocuments, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let found = Set(ids)
        #expect(found.count == ids.count, comment ?? "documents came twice", sourceLocation: sourceLocation)
        #expect(many.ids.subtracting(found).isEmpty, comment ?? "documents are missing", sourceLocation: sourceLocation)
        #expect(found.subtracting(many.ids).isEmpty, comment ?? "strange documents", sourceLocation: sourceLocation)
        #expect(proof.delivered == many.count && proof.holes.isEmpty, comment, sourceLocation: sourceLocation)
        #expect(proof.windows.allSatisfy { $0.drift == 0 }, comment, sourceLocation: sourceLocation)
        #expect(proof.indices == [many.index: many.count], comment, sourceLocation: sourceLocation)
        #expect(proof.digest == many.digest(of: many.ids), comment, sourceLocation: sourceLocation)
    }
}

/// A scenario that runs against several versions.
struct NodeScenario: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var check: @Sendable (RealNode) async throws -> Void
}
