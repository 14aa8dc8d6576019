import Testing

@testable import OpenSearchScroll

/// Documents of all sizes.
enum LargeScenarios {
    private static let sizes = [1, 10, 1_000, 100_000, 1 << 20, 5 << 20, 20_000_000]

    static func all(_ node: RealNode) async throws {
        try await load(node)
        let client = try node.client()
        try await expectSizes(client, ScrollQuery(index: "sizes"), node)
        try await expectSizes(client, ScrollQuery(index: "megabytes"), node)
        #expect(refusals(client) > 0)
        // Of a compressed answer nobody knows the size before it has come.
        let compressing = try node.client { $0.compression = true }
        try await expectSizes(compressing, ScrollQuery(index: "megabytes"), node)
        #expect(refusals(compressing) > 0)

        // A fixed page that is above the limit is asked for smaller.
        let small = try node.client { $0.maximumPageBytes = 8 << 20 }
        try await expectSizes(small, ScrollQuery(index: "megabytes", pageSize: 20), node)
        #expect(refusals(small) > 0)

        let error = await openSearchError {
            _ = try await Delivered.by(small, ScrollQuery(index: "sizes"))
        }
        #expect(error?.code == .pageTooLarge)
        let said = error?.message ?? ""
        #expect(said.hasPrefix("a single document of sizes makes an answer of 2000"), "\(said)")
        #expect(
            said.hasSuffix(
                " bytes or more, of which 8388608 are allowed; raise --max-page-bytes, or leave it out by --query"),
            "\(said)")
        try await node.expectNothingOpen()
    }

    private static func refusals(_ client: OpenSearchClient) -> Int {
        client.metrics.requests.values.reduce(0) { $0 + ($1.failed[.pageTooLarge] ?? 0) }
    }

    private static func expectSizes(_ client: OpenSearchClient, _ query: ScrollQuery, _ node: RealNode) async throws {
        let found = try await client.withScroll(query) { pages in
            var found: [String: Int] = [:]
            var documents = 0
            for try await page in pages {
                page.forEachDocument { document in
                    documents += 1
                    found[String(decoding: document.id, as: UTF8.self)] = document.message?.count ?? -1
                }
            }
            #expect(documents == found.count && pages.proof.delivered == documents)
            return found
        }
        let expected =
            query.index == "sizes"
            ? Dictionary(uniqueKeysWithValues: sizes.enumerated().map { ("s-\($0.offset)", $0.element) })
            : Dictionary(uniqueKeysWithValues: (0..<60).map { ("m-\($0)", 1 << 20) })
        #expect(found == expected)
        try await node.expectNothingOpen()
    }

    private static func load(_ node: RealNode) async throws {
        let mapping =
            #"{"settings":{"number_of_shards":2,"number_of_replicas":0},"mappings":{"properties":{"#
            + #""time":{"type":"date"},"log":{"type":"text","index":false}}}}"#
        for (index, prefix, sizes) in [
            ("sizes", "s", sizes), ("megabytes", "m", [Int](repeating: 1 << 20, count: 60)),
        ] {
            try await node.target.send(.put, "/\(index)", Array(mapping.utf8))
            for (number, size) in sizes.enumerated() {
                let body =
                    Array(#"{"time":\#(ManyDocuments.start + Int64(number)),"log":""#.utf8)
                    + [UInt8](repeating: UInt8(ascii: "a") + UInt8(number % 26), count: size) + Array(#""}"#.utf8)
                let head = Array(#"{"index":{"_id":"\#(prefix)-\#(number)"}}"#.utf8)
                let answer = try await node.target.send(.post, "/\(index)/_bulk", head + [10] + body + [10])
                guard answer["errors"] == false else { throw Missing(description: "refused: \(answer)") }
            }
            try await node.target.send(.post, "/\(index)/_refresh")
        }
    }
}
