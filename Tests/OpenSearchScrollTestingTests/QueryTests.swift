import Testing

@testable import OpenSearchScrollTesting

/// Queries over stored documents, through HTTP.
@Suite(.timeLimit(.minutes(30)))
struct QueryTests {
    private static let documents = StoredContents(sources: [
        "{\"time\":1700000000000,\"log\":\"Disk full on node\",\"level\":\"error\"}",
        "{\"time\":\"2023-11-14T22:13:21Z\",\"log\":\"all fine\",\"level\":\"info\"}",
        "{\"time\":[1700000002000,1700003600000],\"log\":[\"two\",\"dates\"],\"level\":\"info\"}",
        "{\"time\":null,\"log\":null}",
        "{\"kubernetes\":{\"pod\":\"web-1\",\"labels\":{\"app\":\"web\"}},\"log\":\"no time\",\"n\":12.50}",
        "{\"time\":\"2023-11-14T23:13:20.5+01:00\",\"log\":\"with zone\",\"long\":\"\(String(repeating: "word ", count: 60))\"}",
    ])

    private let client: HTTPClient

    init() throws {
        client = HTTPClient(try Fixtures.server(["logs": Self.documents]))
    }

    @Test(arguments: [
        ("{\"match_all\":{}}", [0, 1, 2, 3, 4, 5]),
        ("{\"range\":{\"time\":{\"gte\":1700000000000,\"lt\":1700000002000,\"format\":\"epoch_millis\"}}}", [0, 1, 5]),
        ("{\"range\":{\"time\":{\"gte\":\"1700000002000\",\"format\":\"epoch_millis\"}}}", [2]),
        ("{\"range\":{\"time\":{\"gt\":\"2023-11-14T22:13:20Z\",\"lte\":\"2023-11-14T22:13:21Z\"}}}", [1, 5]),
        ("{\"range\":{\"time\":{\"gte\":\"2023-11-14\",\"lt\":\"2023-11-15\"}}}", [0, 1, 2, 5]),
        ("{\"exists\":{\"field\":\"time\"}}", [0, 1, 2, 5]),
        ("{\"exists\":{\"field\":\"kubernetes\"}}", [4]),
        ("{\"bool\":{\"must_not\":[{\"exists\":{\"field\":\"time\"}}]}}", [3, 4]),
        (
            "{\"bool\":{\"filter\":[{\"range\":{\"time\":{\"gte\":1700002800000}}}],"
                + "\"must_not\":[{\"range\":{\"time\":{\"lt\":1700002800000}}}]}}", []
        ),
        ("{\"term\":{\"level\":\"info\"}}", [1, 2]),
        ("{\"term\":{\"level.keyword\":{\"value\":\"error\"}}}", [0]),
        ("{\"term\":{\"log\":\"full\"}}", [0]),
        ("{\"term\":{\"log\":\"Disk full on node\"}}", []),
        ("{\"term\":{\"log.keyword\":\"Disk full on node\"}}", [0]),
        ("{\"term\":{\"log.keyword\":\"full\"}}", []),
        ("{\"term\":{\"n\":12.50}}", [4]),
        ("{\"term\":{\"n.keyword\":\"12.50\"}}", []),
        ("{\"exists\":{\"field\":\"level.keyword\"}}", [0, 1, 2]),
        ("{\"exists\":{\"field\":\"long.keyword\"}}", []),
        ("{\"term\":{\"long.keyword\":\"word\"}}", []),
        ("{\"term\":{\"long\":\"word\"}}", [5]),
        ("{\"exists\":{\"field\":\"n.keyword\"}}", []),
        ("{\"terms\":{\"kubernetes.labels.app\":[\"web\",\"db\"]}}", [4]),
        ("{\"match\":{\"log\":\"FULL fine\"}}", [0, 1]),
        ("{\"match\":{\"log\":{\"query\":\"full node\",\"operator\":\"and\"}}}", [0]),
        ("{\"ids\":{\"values\":[\"d0000005\",\"d0000001\",\"x\"]}}", [1, 5]),
        ("{\"constant_score\":{\"filter\":{\"term\":{\"_id\":\"d0000002\"}}}}", [2]),
    ])
    func finds(_ query: String, _ expected: [Int]) {
        let answer = client.post("/logs/_search", "{\"query\":\(query)}").json
        #expect(answer.ids == expected.map { "d000000\($0)" })
        #expect(client.post("/logs/_count", "{\"query\":\(query)}").json["count"]?.integer == expected.count)
    }

    @Test(arguments: [
        ("{\"regexp\":{\"log\":\".*\"}}", "unknown query [regexp]"),
        ("{\"bool\":{\"filters\":[]}}", "[bool] unknown field [filters]"),
        ("{\"range\":{\"time\":{\"more\":1}}}", "[range] query does not support [more]"),
        ("{\"range\":{\"a\":{},\"b\":{}}}", "[range] query doesn't support multiple fields"),
        ("{\"exists\":{}}", "[exists] must be provided with a [field]"),
    ])
    func refuses(_ query: String, _ reason: String) {
        let reply = client.post("/logs/_search", "{\"query\":\(query)}")
        #expect(reply.status == 400)
        #expect(reply.json["error", "reason"]?.text == reason)
    }

    @Test func datesThatAreNoneFailInTheShards() {
        let reply = client.post("/logs/_search", "{\"query\":{\"range\":{\"time\":{\"gte\":\"soon\"}}}}")
        let reason = "failed to parse date field [soon] with format [strict_date_optional_time||epoch_millis]"
        #expect(reply.status == 400)
        #expect(reply.json["error", "reason"]?.text == "all shards failed")
        #expect(reply.json["error", "root_cause"]?.elements.first?["reason"]?.text == "\(reason): [\(reason)]")
    }

    @Test func sizesMustBeCounts() {
        let negative = client.post("/logs/_search", "{\"size\":-1}").json["error", "reason"]?.text
        #expect(negative == "[size] parameter cannot be negative, found [-1]")
        #expect(client.post("/logs/_search", "{\"size\":[]}").status == 400)
    }

    @Test func hourlyHistogram() {
        let body = """
            {"size":0,"track_total_hits":true,"aggs":{"hours":{"date_histogram":{"field":"time","fixed_interval":"1h",
            "min_doc_count":1}},"untimed":{"missing":{"field":"time"}},"errors":{"filter":{"term":{"level":"error"}},
            "aggs":{"h":{"date_histogram":{"field":"time","fixed_interval":"1h"}}}}}}
            """
        let reply = client.post("/logs/_search", body)
        let hours =
            "{\"key_as_string\":\"2023-11-14T22:00:00.000Z\",\"key\":1699999200000,\"doc_count\":4},"
            + "{\"key_as_string\":\"2023-11-14T23:00:00.000Z\",\"key\":1700002800000,\"doc_count\":1}"
        #expect(
            reply.text.hasSuffix(
                "\"hits\":{\"total\":{\"value\":6,\"relation\":\"eq\"},\"max_score\":null,\"hits\":[]},"
                    + "\"aggregations\":{\"hours\":{\"buckets\":[\(hours)]},\"untimed\":{\"doc_count\":2},"
                    + "\"errors\":{\"doc_count\":1,\"h\":{\"buckets\":[{\"key_as_string\":\"2023-11-14T22:00:00.000Z\","
                    + "\"key\":1699999200000,\"doc_count\":1}]}}}}"))
    }

    @Test func histogramFillsGapsUnlessAMinimumIsAsked() {
        let body = "{\"size\":0,\"aggs\":{\"m\":{\"date_histogram\":{\"field\":\"time\",\"fixed_interval\":\"20m\"}}}}"
        let buckets = client.post("/logs/_search", body).json["aggregations", "m", "buckets"]?.elements ?? []
        #expect(buckets.compactMap { $0["doc_count"]?.integer } == [4, 0, 0, 1])
        let tooMany = client.post("/logs/_search", body.replacing("20m", with: "1ms"))
        #expect(tooMany.status == 503)
        #expect(tooMany.json["error", "caused_by", "type"]?.text == "too_many_buckets_exception")
        #expect(tooMany.json["error", "root_cause"] == .array([]))
    }

    @Test func refusesAggregationsItDoesNotKnow() {
        let reply = client.post("/logs/_search", "{\"aggs\":{\"a\":{\"terms\":{\"field\":\"level\"}}}}")
        #expect(reply.status == 400)
        let cause = reply.json["error", "root_cause"]?.elements.first
        #expect(cause?["reason"]?.text?.hasPrefix("Text fields are not optimised for operations") == true)
        let unknown = client.post("/logs/_search", "{\"aggs\":{\"a\":{\"avg\":{\"field\":\"time\"}}}}")
        #expect(unknown.json["error", "reason"]?.text == "Unknown aggregation type [avg]")
    }

    @Test(arguments: [
        ("true", "{\"kubernetes\":{\"pod\":\"web-1\",\"labels\":{\"app\":\"web\"}},\"log\":\"no time\",\"n\":12.50}"),
        ("[\"log\",\"n\"]", "{\"log\":\"no time\",\"n\":12.5}"),
        ("\"kubernetes.labels\"", "{\"kubernetes\":{\"labels\":{\"app\":\"web\"}}}"),
        ("[\"k*.pod\"]", "{\"kubernetes\":{\"pod\":\"web-1\"}}"),
        ("{\"excludes\":[\"kubernetes\",\"n\"]}", "{\"log\":\"no time\"}"),
        (
            "{\"includes\":[\"kubernetes\"],\"excludes\":[\"*.app\"]}",
            "{\"kubernetes\":{\"pod\":\"web-1\",\"labels\":{}}}"
        ),
        ("[\"none\"]", "{}"),
    ])
    func sourceFilters(_ filter: String, _ expected: String) {
        let body = "{\"query\":{\"ids\":{\"values\":[\"d0000004\"]}},\"_source\":\(filter)}"
        #expect(client.post("/logs/_search", body).text.contains("\"_source\":\(expected)}]"))
    }

    @Test func noSourceAtAll() {
        let hit = client.post("/logs/_search", "{\"size\":1,\"_source\":false}").json["hits", "hits"]?.elements.first
        #expect(hit?.names == ["_index", "_id", "_score"])
    }

    @Test func totalsAreCountedAsFarAsAsked() throws {
        let server = try Fixtures.server(["many": GeneratedContents(documents: 20_000)])
        let client = HTTPClient(server)
        func total(_ body: String) -> JSONValue? { client.post("/many/_search", body).json["hits", "total"] }
        #expect(total("{}")?["value"]?.integer == 10_000)
        #expect(total("{}")?["relation"]?.text == "gte")
        #expect(total("{\"track_total_hits\":true}")?["value"]?.integer == 20_000)
        #expect(total("{\"track_total_hits\":5}")?["value"]?.integer == 5)
        #expect(total("{\"track_total_hits\":false}") == nil)
        #expect(client.post("/many/_search", "{\"from\":9990,\"size\":10}").json.ids.count == 10)
    }
}
