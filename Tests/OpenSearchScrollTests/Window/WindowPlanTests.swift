import FoundationEssentials
import Testing

@testable import OpenSearchScroll

private let hour = WindowPlan.hour

@Suite("From buckets to windows")
struct WindowPlanTests {
    @Test("Hours in order, without a time last, empty ones not at all")
    func order() {
        let windows = WindowPlan.windows(
            hours: [2 * hour: 5, -hour: 1, 0: 3, 7 * hour: 0], untimed: 4, since: nil, until: nil)
        #expect(
            windows == [
                ScrollWindow(times: -hour..<0, expectedDocuments: 1),
                ScrollWindow(times: 0..<hour, expectedDocuments: 3),
                ScrollWindow(times: 2 * hour..<3 * hour, expectedDocuments: 5),
                ScrollWindow(times: nil, expectedDocuments: 4),
            ])
        #expect(WindowPlan.windows(hours: [:], untimed: 0, since: nil, until: nil) == [])
    }

    @Test("The first and the last hour are cut; what lies outside is only the later dates of documents")
    func cut() {
        let hours = [0: 1, hour: 2, 2 * hour: 3, 3 * hour: 4]
        let windows = WindowPlan.windows(hours: hours, untimed: 0, since: hour + 5, until: 2 * hour + 7)
        #expect(windows.map(\.times) == [hour + 5..<2 * hour, 2 * hour..<2 * hour + 7])
        #expect(
            WindowPlan.windows(hours: hours, untimed: 0, since: hour, until: 2 * hour).map(\.times) == [hour..<2 * hour]
        )
    }

    @Test("Windows never overlap and hold every wanted moment of an hour with documents")
    func property() {
        var random = SeededRandom(state: 7)
        for _ in 0..<300 {
            let hours = Dictionary(
                (0..<20).map { _ in (Int64.random(in: -30..<30, using: &random) * hour, 1) }, uniquingKeysWith: +)
            let since = Bool.random(using: &random) ? Int64.random(in: -30 * hour..<30 * hour, using: &random) : nil
            let until = Bool.random(using: &random) ? Int64.random(in: -30 * hour..<30 * hour, using: &random) : nil
            let windows = WindowPlan.windows(hours: hours, untimed: 0, since: since, until: until)
            for (one, next) in zip(windows, windows.dropFirst()) {
                #expect((one.times?.upperBound ?? 0) <= (next.times?.lowerBound ?? 0))
            }
            for _ in 0..<50 {
                let moment = Int64.random(in: -31 * hour..<31 * hour, using: &random)
                let holding = windows.count { $0.times?.contains(moment) == true }
                let bucket = WindowPlan.floor(moment)
                let isWanted = hours[bucket] != nil && moment >= since ?? moment && moment < until ?? .max
                #expect(holding == (isWanted ? 1 : 0))
            }
        }
    }

    @Test("Halves meet at the edge of an hour, down to one hour")
    func halves() {
        #expect(WindowPlan.halves(of: 0..<hour) == nil)
        var parts = [WindowPlan.hours(around: -1, Double(12 * hour))]
        #expect(parts == [-2 * hour..<14 * hour])
        var whole: [Range<Int64>] = []
        while let part = parts.popLast() {
            guard let (early, late) = WindowPlan.halves(of: part) else {
                whole.append(part)
                continue
            }
            #expect(early.upperBound == late.lowerBound)
            parts += [late, early]
        }
        #expect(whole == (-2..<14).map { Int64($0) * hour..<Int64($0 + 1) * hour })
    }
}

@Suite("Times at the end of their type")
struct LastTimesTests {
    @Test("An hour that would end behind the last time there is holds that, too")
    func last() throws {
        let start = WindowPlan.floor(.max)
        let windows = WindowPlan.windows(hours: [start: 1], untimed: 0, since: nil, until: nil)
        #expect(windows == [ScrollWindow(times: start..<Int64.max, expectedDocuments: 1)])
        let body = String(decoding: try SearchBody(ScrollQuery()).count(windows[0]).encoded, as: UTF8.self)
        #expect(body.contains(#"{"range":{"time":{"format":"epoch_millis","gte":\#(start)}}}"#))
    }

    @Test("Bounds of any size are hours that can be halved")
    func bounds() {
        for (first, last) in [(-1e300, 1e300), (0, 9.3e18), (-9.3e18, -9.2e18), (1.7e18, 1.7e18)] {
            let times = WindowPlan.hours(around: first, last)
            #expect(times.lowerBound <= Int64(exactly: first) ?? .max && !times.isEmpty)
            #expect(WindowPlan.halves(of: times).map { $0.0.upperBound == $0.1.lowerBound } ?? true)
        }
    }

    private func answer(_ shards: String, _ aggregations: String) throws -> AggregationAnswer {
        try JSONDecoder().decode(
            AggregationAnswer.self,
            from: Data(#"{"_shards":\#(shards),"timed_out":false,"aggregations":{\#(aggregations)}}"#.utf8))
    }

    @Test("Counts that cannot be are not believed")
    func counts() throws {
        let shards = #"{"total":2,"successful":2}"#
        #expect(try answer(shards, #""hours":{"buckets":[{"key":0,"doc_count":3}]}"#).isSound)
        for count in ["-1", "9223372036854775807"] {
            #expect(try !answer(shards, #""hours":{"buckets":[{"key":0,"doc_count":\#(count)}]}"#).isSound)
            #expect(try !answer(shards, #""indices":{"buckets":[{"key":"a","doc_count":\#(count)}]}"#).isSound)
            #expect(try !answer(shards, #""untimed":{"doc_count":\#(count)}"#).isSound)
            #expect(try !answer(#"{"total":\#(count),"successful":1}"#, "").isSound)
        }
    }

    @Test("Starts of hours are exact beyond 2^53, also where they are written as 1.5E12")
    func keys() throws {
        func keys(_ text: String) throws -> [Int64] {
            let answer = try answer(
                #"{"total":1,"successful":1}"#, #""hours":{"buckets":[{"key":\#(text),"doc_count":1}]}"#)
            return answer.aggregations?.hours?.buckets.map(\.key.value) ?? []
        }
        #expect(try keys("1767225600000000127") == [1_767_225_600_000_000_127])
        #expect(try keys("1.5E12") == [1_500_000_000_000])
        #expect(throws: DecodingError.self) { try keys("1e300") }
        #expect(throws: DecodingError.self) { try keys("0.5") }
    }
}

@Suite("Bodies of requests")
struct SearchBodyTests {
    private func text(_ value: JSONValue) -> String { String(decoding: value.encoded, as: UTF8.self) }

    @Test("A window is its times, without what has an earlier date")
    func window() throws {
        let body = try SearchBody(ScrollQuery(body: #"{"term":{"a":"b"}}"#, pageSize: 10))
        #expect(
            text(body.open(ScrollWindow(times: 5..<9, expectedDocuments: 0), size: 10, filter: .whole))
                == #"{"query":{"bool":{"filter":[{"term":{"a":"b"}},"#
                + #"{"range":{"time":{"format":"epoch_millis","gte":5,"lt":9}}}],"#
                + #""must_not":[{"range":{"time":{"format":"epoch_millis","lt":5}}}]}},"size":10,"sort":["_doc"]}"#)
        #expect(
            text(body.open(ScrollWindow(times: nil, expectedDocuments: 0), size: 10, filter: .field))
                == #"{"_source":["log"],"query":{"bool":{"filter":[{"term":{"a":"b"}}],"must_not":[{"exists":{"field":"time"}}]}},"#
                + #""size":10,"sort":["_doc"]}"#)
    }

    @Test("Limits of the query are half-open")
    func limits() throws {
        let until = try SearchBody(ScrollQuery(until: 9, timeField: "@timestamp"))
        #expect(
            text(until.count())
                == #"{"query":{"bool":{"filter":[{"match_all":{}},"#
                + #"{"range":{"@timestamp":{"format":"epoch_millis","lt":9}}}]}}}"#)
    }

    @Test(
        "A query is a clause or stands under query; empty ones are all documents",
        arguments: [
            (nil, #"{"match_all":{}}"#), ("{}", #"{"match_all":{}}"#), (#"{"match_all":{}}"#, #"{"match_all":{}}"#),
            (#" {"query": {"term": {"n": 1627982159228}}} "#, #"{"term":{"n":1627982159228}}"#),
            (#"{"term":{"x":0.5}}"#, #"{"term":{"x":0.5}}"#),
            (#"{"term":{"n":18446744073709551614}}"#, #"{"term":{"n":18446744073709551614}}"#),
        ])
    func clauses(body: String?, clause: String) throws {
        #expect(text(try SearchBody(ScrollQuery(body: body)).count()) == #"{"query":{"bool":{"filter":[\#(clause)]}}}"#)
    }

    @Test(
        "What cannot be is refused before anything is sent",
        arguments: [
            (ScrollQuery(body: "{"), "the query is no JSON object; correct --query"),
            (ScrollQuery(body: "[]"), "the query is no JSON object; correct --query"),
            (
                ScrollQuery(body: #"{"query":{},"size":3}"#),
                "beside \"query\" the query holds \"size\", which a scroll cannot take; leave it out"
            ),
            (ScrollQuery(since: 5, until: 5), "no time lies between 5 and 5; put --since before --until"),
            (ScrollQuery(pageSize: 0), "a page of 0 documents cannot be; give at least 1"),
            (ScrollQuery(index: ""), "the index has no name; name one with --index"),
        ])
    func refused(query: ScrollQuery, message: String) {
        #expect(throws: OpenSearchError.self) { _ = try SearchBody(query) }
        do { _ = try SearchBody(query) } catch { #expect(error.message == message) }
    }
}

@Suite("Back-off")
struct BackoffTests {
    @Test("Doubles from the first, up to a limit, and draws from the whole of it")
    func doubling() {
        let most = (2...12).map {
            Backoff.delay(before: $0, first: .milliseconds(500), longest: .seconds(30), random: 1)
        }
        #expect(most.prefix(4) == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(4)])
        #expect(most.last == .seconds(30))
        #expect(
            Backoff.delay(before: 1_000, first: .milliseconds(500), longest: .seconds(30), random: 1) == .seconds(30))
        #expect(Backoff.delay(before: 5, first: .milliseconds(500), longest: .seconds(30), random: 0) == .zero)
        #expect(
            Backoff.delay(before: 3, first: .milliseconds(500), longest: .seconds(30), random: 0.5)
                == .milliseconds(500))
    }
}

/// SplitMix64, so that failures can be had again.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
