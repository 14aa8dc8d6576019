import Testing

@testable import OpenSearchScrollTesting

/// Aggregations as OpenSearch 2.19.4 answered them over the same documents.
@Suite(.timeLimit(.minutes(30)))
struct AggregationTests {
    private func answer(
        _ aggregations: String, of indices: [String: any IndexContents] = ["d": Fixtures.logs("d")]
    ) throws -> HTTPReply {
        HTTPClient(try Fixtures.server(indices)).post("/_search", "{\"size\":0,\"aggs\":\(aggregations)}")
    }

    @Test func severalAtOnce() throws {
        let aggregations = [
            "\"hi\":{\"max\":{\"field\":\"time\"}}", "\"lo\":{\"min\":{\"field\":\"time\"}}",
            "\"i\":{\"terms\":{\"field\":\"_index\"}}", "\"none\":{\"min\":{\"field\":\"zzz\"}}",
            "\"f\":{\"min\":{\"field\":\"time\",\"format\":\"epoch_millis\"}}",
        ]
        let reply = try answer(
            "{\(aggregations.joined(separator: ","))}",
            of: ["a": Fixtures.logs("a"), "b": Fixtures.logs("b", count: 5)])
        let results = [
            "\"hi\":{\"value\":1.700000011E12,\"value_as_string\":\"2023-11-14T22:13:31.000Z\"}",
            "\"lo\":{\"value\":1.7E12,\"value_as_string\":\"2023-11-14T22:13:20.000Z\"}",
            "\"i\":{\"doc_count_error_upper_bound\":0,\"sum_other_doc_count\":0,\"buckets\":"
                + "[{\"key\":\"a\",\"doc_count\":12},{\"key\":\"b\",\"doc_count\":5}]}",
            "\"none\":{\"value\":null}", "\"f\":{\"value\":1.7E12,\"value_as_string\":\"1700000000000\"}",
        ]
        #expect(reply.text.hasSuffix("\"aggregations\":{\(results.joined(separator: ","))}}"), "\(reply.text)")
    }

    @Test func indicesByCountThenName() throws {
        let indices: [String: any IndexContents] = [
            "c": Fixtures.logs("c"), "a": Fixtures.logs("a"), "b": Fixtures.logs("b"),
            "z": Fixtures.logs("z", count: 20),
        ]
        let terms =
            "{\"i\":{\"terms\":{\"field\":\"_index\",\"size\":2},\"aggs\":{\"m\":{\"max\":{\"field\":\"time\"}}}}}"
        let result = try answer(terms, of: indices).json["aggregations", "i"]
        #expect(result?["buckets"]?.elements.compactMap { $0["key"]?.text } == ["z", "a"])
        #expect(result?["sum_other_doc_count"]?.integer == 24)
        let inner = result?["buckets"]?.elements.compactMap { $0["m", "value_as_string"]?.text }
        #expect(inner == ["2023-11-14T22:13:39.000Z", "2023-11-14T22:13:31.000Z"])
    }

    @Test func nothingMatches() throws {
        let client = HTTPClient(try Fixtures.server())
        let body =
            "{\"size\":0,\"query\":{\"match_none\":{}},\"aggs\":{\"h\":{\"terms\":{\"field\":\"_index\"}},"
            + "\"i\":{\"min\":{\"field\":\"time\"}},"
            + "\"d\":{\"date_histogram\":{\"field\":\"time\",\"fixed_interval\":\"5s\"}}}}"
        #expect(
            client.post("/logs/_search", body).text.hasSuffix(
                "\"aggregations\":{\"h\":{\"doc_count_error_upper_bound\":0,\"sum_other_doc_count\":0,\"buckets\":[]},"
                    + "\"i\":{\"value\":null},\"d\":{\"buckets\":[]}}}"))
    }

    @Test(
        arguments: [
            ("1ms", 12), ("7ms", 12), ("999ms", 12), ("1s", 12), ("5s", 3), ("7000ms", 3), ("1m", 1), ("1h", 1),
            ("1d", 1),
        ])
    func intervals(_ interval: String, _ buckets: Int) throws {
        let found = try answer(
            "{\"h\":{\"date_histogram\":{\"field\":\"time\",\"fixed_interval\":\"\(interval)\",\"min_doc_count\":1}}}")
        let counts = found.json["aggregations", "h", "buckets"]?.elements.compactMap { $0["doc_count"]?.integer } ?? []
        #expect(counts.count == buckets)
        #expect(counts.reduce(0, +) == 12)
    }

    @Test func aScrollAggregatesAtItsOpening() throws {
        let server = try Fixtures.server()
        let client = HTTPClient(server)
        let body = "{\"size\":1,\"aggs\":{\"i\":{\"terms\":{\"field\":\"_index\"}}}}"
        let opened = client.post("/logs/_search?scroll=1m", body).json
        #expect(opened["aggregations", "i", "buckets"]?.elements.first?["doc_count"]?.integer == 12)
        let id = try #require(opened["_scroll_id"]?.text)
        let next = client.post("/_search/scroll", "{\"scroll\":\"1m\",\"scroll_id\":\"\(id)\"}").json
        #expect(next["aggregations"] == nil)
        #expect(next.ids == ["logs-00001"])
    }

    /// The limit holds, and over a billion documents it is found at once.
    @Test(arguments: [0, 1])
    func tooManyBuckets(_ minimum: Int) throws {
        let contents = GeneratedContents(documents: 1_000_000_000, start: 1_700_000_000_000)
        func histogram(_ interval: String) -> String {
            "{\"h\":{\"date_histogram\":{\"field\":\"time\",\"fixed_interval\":\"\(interval)\","
                + "\"min_doc_count\":\(minimum)}}}"
        }
        let reply = try answer(histogram("1ms"), of: ["logs": contents])
        let number = minimum == 0 ? 1_000_000_000 : 65_536
        let cause =
            "{\"type\":\"too_many_buckets_exception\",\"reason\":\"Trying to create too many buckets. Must be less than "
            + "or equal to: [65535] but was [\(number)]. This limit can be set by changing the [search.max_buckets] "
            + "cluster level setting.\",\"max_buckets\":65535}"
        #expect(reply.status == 503)
        #expect(
            reply.text == "{\"error\":{\"root_cause\":[],\"type\":\"search_phase_execution_exception\",\"reason\":\"\","
                + "\"phase\":\"fetch\",\"grouped\":true,\"failed_shards\":[],\"caused_by\":\(cause)},\"status\":503}")
        let fits = try answer(histogram("1m"), of: ["logs": contents])
        #expect(fits.json["aggregations", "h", "buckets"]?.elements.count == 16_667)
    }

    @Test(
        arguments: [
            ("0ms", "Zero or negative time interval not supported"),
            ("500micros", "Zero or negative time interval not supported"),
        ])
    func intervalsThatAreNone(_ interval: String, _ reason: String) throws {
        let reply = try answer(
            "{\"h\":{\"date_histogram\":{\"field\":\"time\",\"fixed_interval\":\"\(interval)\"}}}")
        #expect(reply.status == 400)
        #expect(reply.json["error", "caused_by", "caused_by", "reason"]?.text == reason)
        #expect(reply.json["error", "failed_shards"]?.elements.count == 1)
    }

    @Test(
        arguments: [
            ("{\"terms\":{}}", "Required one of fields [field, script], but none were specified. "),
            ("{\"min\":{}}", "Required one of fields [field, script], but none were specified. "),
            ("{\"terms\":{\"field\":\"_index\",\"foo\":1}}", "[terms] unknown field [foo]"),
            ("{\"terms\":{\"field\":\"_index\",\"size\":0}}", "[size] must be greater than 0. Found [0]"),
            ("{\"max\":{\"field\":\"time\",\"foo\":1}}", "[max] unknown field [foo]"),
            (
                "{\"max\":{\"field\":\"time\"},\"aggs\":{\"x\":{\"min\":{\"field\":\"time\"}}}}",
                "Aggregator [a] of type [max] cannot accept sub-aggregations"
            ),
        ])
    func refusals(_ aggregation: String, _ reason: String) throws {
        let reply = try answer("{\"a\":\(aggregation)}")
        #expect(reply.status >= 400)
        #expect(reply.json["error", "reason"]?.text == reason)
    }

    @Test(
        arguments: [
            (0.0, "0.0"), (11, "11.0"), (-3.5, "-3.5"), (9_999_999, "9999999.0"), (10_000_000, "1.0E7"),
            (1_700_000_011_000, "1.700000011E12"), (-1.5e20, "-1.5E20"), (1.25e-5, "1.25E-5"), (0.001, "0.001"),
        ])
    func numbersAsJavaWritesThem(_ value: Double, _ text: String) {
        #expect(JavaNumber.text(value) == text)
    }
}
