import Testing

@testable import OpenSearchScrollTesting

/// What is computed for generated documents beside what looking at each of them finds.
struct GeneratedContentsTests {
    private static let start: Int64 = 1_700_000_000_123

    private func contents(_ documents: Int = 1000) -> GeneratedContents {
        GeneratedContents(
            documents: documents, seed: 3, start: Self.start, interval: .milliseconds(17), untimedEvery: 6,
            unloggedEvery: 10)
    }

    /// The same documents, each held in memory.
    private func stored(_ contents: GeneratedContents) -> StoredContents {
        StoredContents(
            (0..<contents.documentCount).map { position in
                var id: [UInt8] = []
                var source: [UInt8] = []
                contents.appendID(at: position, to: &id)
                contents.appendSource(at: position, .all, to: &source)
                return StoredContents.Document(id: String(decoding: id, as: UTF8.self), source: source)
            })
    }

    private func positions(_ selection: any DocumentSelection) -> [Int] {
        var found: [Int] = []
        selection.positions(from: 0, limit: .max, into: &found)
        return found
    }

    static let queries: [String] = [
        "{\"match_all\":{}}",
        "{\"match_none\":{}}",
        "{\"exists\":{\"field\":\"time\"}}",
        "{\"exists\":{\"field\":\"log\"}}",
        "{\"exists\":{\"field\":\"other\"}}",
        "{\"range\":{\"time\":{\"gte\":1700000001000,\"lt\":1700000002000}}}",
        "{\"range\":{\"time\":{\"gt\":1700000000123,\"lte\":1700000000157}}}",
        "{\"range\":{\"time\":{\"lt\":1700000000123}}}",
        "{\"range\":{\"time\":{\"gte\":1800000000000}}}",
        "{\"range\":{\"other\":{\"gte\":0}}}",
        "{\"bool\":{\"must_not\":[{\"exists\":{\"field\":\"time\"}}]}}",
        "{\"bool\":{\"filter\":[{\"range\":{\"time\":{\"gte\":1700000003000}}}],\"must_not\":{\"exists\":{\"field\":\"log\"}}}}",
        "{\"bool\":{\"should\":[{\"range\":{\"time\":{\"lt\":1700000002000}}},{\"range\":{\"time\":{\"gte\":1700000009000}}}]}}",
        "{\"bool\":{\"should\":[{\"exists\":{\"field\":\"time\"}},{\"exists\":{\"field\":\"log\"}},{\"range\":{\"time\":{\"lt\":1700000005000}}}],\"minimum_should_match\":2}}",
        "{\"bool\":{\"filter\":{\"bool\":{\"must_not\":{\"range\":{\"time\":{\"gte\":1700000004000,\"lt\":1700000006000}}}}}}}",
        "{\"bool\":{}}",
        "{\"bool\":{\"should\":[{\"match_all\":{}}],\"minimum_should_match\":3}}",
    ]

    @Test(arguments: queries)
    func selectsWhatStoredContentsSelect(_ text: String) throws {
        let query = try QueryParser.parse(JSONParser.parse(Array(text.utf8)))
        let generated = contents()
        let selection = generated.select(query)
        let expected = stored(generated).select(query)
        #expect(positions(selection) == positions(expected))
        #expect(selection.count == expected.count)
        let ours = selection.histogram(of: "time", interval: 1000, limit: 65_535)
        let theirs = expected.histogram(of: "time", interval: 1000, limit: 65_535)
        #expect(ours.map(\.start) == theirs.map(\.start))
        #expect(ours.map(\.count) == theirs.map(\.count))
        let (edges, expectedEdges) = (selection.extremes(of: "time"), expected.extremes(of: "time"))
        #expect(edges?.least == expectedEdges?.least)
        #expect(edges?.greatest == expectedEdges?.greatest)
        #expect(selection.extremes(of: "other") == nil)
    }

    /// Shards of every number, whole and narrowed twice, beside a look at each document.
    @Test(arguments: [1, 2, 3, 6, 7, 16], queries)
    func shardsOfASelection(_ shards: Int, _ text: String) throws {
        let generated = contents(500)
        let selection = generated.select(try QueryParser.parse(JSONParser.parse(Array(text.utf8))))
        let all = positions(selection)
        for kept in [[0], [shards - 1], Array(0..<shards), Array(0..<max(1, shards / 2)), []] {
            let part = selection.narrowed(toShards: kept, of: shards)
            let expected = all.filter { kept.contains(generated.place(at: $0, of: shards).shard) }
            #expect(positions(part) == expected, "\(kept)")
            #expect(part.count == expected.count)
            let times = expected.filter(generated.hasTime).map { Double(generated.milliseconds(at: $0)) }
            #expect(part.extremes(of: "time")?.least == times.first)
            #expect(part.extremes(of: "time")?.greatest == times.last)
            let counts = part.histogram(of: "time", interval: 500, limit: 65_535)
            #expect(counts.reduce(0) { $0 + $1.count } == times.count)
            #expect(counts.allSatisfy { $0.count > 0 })
            let again = part.narrowed(toShards: Array(kept.dropLast()), of: shards)
            #expect(positions(again) == all.filter { kept.dropLast().contains($0 % shards) })
        }
    }

    @Test func residuesMeetWhereBothDo() {
        for (first, second) in [(3, 4), (6, 10), (7, 7), (12, 18), (1, 9)] {
            for remainders in [(0, 0), (2, 3), (first - 1, second - 1), (0, second - 1)] {
                let one = Residue(remainder: remainders.0 % first, modulus: first)
                let other = Residue(remainder: remainders.1 % second, modulus: second)
                let expected = (0..<400).filter { $0 % first == one.remainder && $0 % second == other.remainder }
                let both = one.intersection(other)
                #expect(both?.remainder == expected.first)
                #expect(both?.count(below: 400) ?? 0 == expected.count)
                #expect(both?.first(from: 100) == expected.first { $0 >= 100 })
            }
        }
        // What both have in common begins beyond what an Int counts.
        let large = Residue(remainder: 999_999_999_988, modulus: 999_999_999_989)
        #expect(large.intersection(Residue(remainder: 5, modulus: 999_999_999_961)) == nil)
        #expect(Residue(remainder: 5, modulus: .max / 2).first(from: .max - 1) == nil)
    }

    /// Random queries nested three deep.
    @Test func algebraOfRandomQueries() {
        var random = SplitMix(state: 7)
        let generated = contents(200)
        let documents = stored(generated)
        for _ in 0..<300 {
            let query = Self.randomQuery(depth: 3, &random)
            let selection = generated.select(query)
            #expect(positions(selection) == positions(documents.select(query)), "\(query)")
            #expect(selection.count == positions(selection).count)
        }
    }

    private static func randomQuery(depth: Int, _ random: inout SplitMix) -> SearchQuery {
        func some(_ most: Int) -> [SearchQuery] {
            (0..<Int.random(in: 0...most, using: &random)).map { _ in randomQuery(depth: depth - 1, &random) }
        }
        switch Int.random(in: 0..<(depth == 0 ? 3 : 6), using: &random) {
        case 0: return .exists(field: Bool.random(using: &random) ? "time" : "log")
        case 1: return .matchAll
        case 2:
            var bounds = ValueBounds()
            let lower = Double.random(in: -100...3600, using: &random)
            bounds.lower = (Double(start) + lower, Bool.random(using: &random))
            bounds.upper = (
                Double(start) + lower + Double(Int.random(in: 0...2000, using: &random)), Bool.random(using: &random)
            )
            return .range(field: "time", bounds: bounds)
        default:
            let should = some(3)
            let minimum = should.isEmpty ? 0 : Int.random(in: 0...should.count, using: &random)
            return .bool(must: some(2), should: should, minimum: minimum, mustNot: some(2))
        }
    }

    @Test func pagesFromAnyPositionOn() {
        let selection = contents().select(.bool(must: [], should: [], minimum: 0, mustNot: [.exists(field: "time")]))
        let all = positions(selection)
        #expect(all == Array(stride(from: 5, to: 1000, by: 6)))
        for start in [0, 5, 6, 500, 999, 1000] {
            var page: [Int] = []
            selection.positions(from: start, limit: 7, into: &page)
            #expect(page == Array(all.filter { $0 >= start }.prefix(7)))
        }
    }

    @Test func narrowedIsTheIntersection() {
        let selection = contents().select(.exists(field: "time"))
        let narrowed = selection.narrowed(to: .exists(field: "log"))
        #expect(positions(narrowed) == (0..<1000).filter { $0 % 6 != 5 && $0 % 10 != 9 })
    }

    @Test func idsAreTwentyCharactersAndOfOneDocumentEach() {
        let generated = contents(20_000)
        var seen: Set<[UInt8]> = []
        for position in 0..<20_000 {
            var id: [UInt8] = []
            generated.appendID(at: position, to: &id)
            #expect(id.count == 20)
            seen.insert(id)
            #expect(generated.position(ofID: String(decoding: id, as: UTF8.self)) == position)
        }
        #expect(seen.count == 20_000)
        #expect(generated.position(ofID: "00000000000000000001") == nil)
        #expect(generated.position(ofID: "x") == nil)
    }

    @Test func sourcesAreJSONWithTheGeneratorsLog() throws {
        let generated = contents()
        for position in 0..<200 {
            var source: [UInt8] = []
            generated.appendSource(at: position, .all, to: &source)
            let value = try JSONParser.parse(source)
            #expect(value["time"]?.integer == (position % 6 == 5 ? nil : Int(Self.start) + position * 17))
            #expect((value["log"] == nil) == (position % 10 == 9))
        }
    }

    /// A billion documents: every answer is arithmetic, so this takes no time and no memory.
    @Test func aBillionDocuments() {
        let generated = GeneratedContents(
            documents: 1_000_000_000, start: 0, interval: .milliseconds(3), untimedEvery: 1000)
        let hours = generated.select(.matchAll).histogram(of: "time", interval: 3_600_000, limit: 65_535)
        #expect(hours.count == 834)
        #expect(hours.reduce(0) { $0 + $1.count } == 999_000_000)
        #expect(hours[1].count == 1_198_800)
        var page: [Int] = []
        generated.select(.bool(must: [], should: [], minimum: 0, mustNot: [.exists(field: "time")]))
            .positions(from: 999_000_000, limit: 3, into: &page)
        #expect(page == [999_000_999, 999_001_999, 999_002_999])
    }
}

/// Seeded, so that a failure can be seen again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
