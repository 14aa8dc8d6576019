import LogDataset
import LogMasking
import OpniLogTraining

/// Scores logs as lines: `{"log":…,"masked":…,"score":…,"anomaly":…}`, with `"tokens":[…]` if they are to be explained.
struct ScoreLines: Sendable {
    /// A scored page, and what was found on the way. Its lines are made only as they are written: logs that mask alike
    /// share their endings until then.
    struct Page: Sendable {
        fileprivate let logs: LogTexts
        /// Which ending is a log's.
        fileprivate let places: [UInt32]
        fileprivate let endings: [[UInt8]]
        let count: PageCount
        let masking: MaskTally

        func write(to output: inout ResultWriter) throws(CommandError) {
            for (log, place) in places.enumerated() {
                try output.write(LogTexts.beginning)
                try output.write(logs.bytes[logs.range(of: log)])
                try output.write(endings[Int(place)])
            }
        }
    }

    private let scorer: Scorer
    private let threshold: Double
    private let explains: Bool

    init(_ scorer: Scorer, threshold: Double, explains: Bool) {
        self.scorer = scorer
        self.threshold = threshold
        self.explains = explains
    }

    /// A line for each log of a page, in order.
    func of(_ page: any LogPage) async throws -> Page {
        var logs = LogTexts()
        var tally = PageTally()
        let masked = scorer.mask { add in
            tally = page.forEachMessage { message, _ in
                add(message)
                logs.append(message)
            }
        }
        let scores = try await scorer.distinctScores(of: masked, explain: explains)
        return Page(
            logs: logs, places: masked.places, endings: scores.map { ending($0) },
            count: PageCount(messages: masked.places.count, tally), masking: masked.masking)
    }

    /// Bytes that a page takes until it is written, with what is made of it. Short logs, if all of them are distinct,
    /// go by their number; explained ones by their words, of which each takes some 40 bytes besides.
    func weight(of page: any LogPage) -> Int {
        (explains ? 8 : 2) * page.bytes + 256 * page.mostMessages
    }

    /// What follows the log itself: the same for all that mask alike.
    private func ending(_ score: LogScore) -> [UInt8] {
        var bytes = Array(",\"masked\":".utf8)
        JSONText.append(score.masked.utf8, to: &bytes)
        bytes += Array(",\"score\":\(score.score),\"anomaly\":\(score.score < threshold)".utf8)
        if explains { append(score.tokens, to: &bytes) }
        bytes += Array("}\n".utf8)
        return bytes
    }

    private func append(_ tokens: [ScoredToken], to bytes: inout [UInt8]) {
        bytes += Array(",\"tokens\":[".utf8)
        for (index, token) in tokens.enumerated() {
            bytes += Array((index == 0 ? "{\"word\":" : ",{\"word\":").utf8)
            JSONText.append(token.word.utf8, to: &bytes)
            bytes += Array(",\"rank\":\(token.rank),\"counts\":\(token.counts)}".utf8)
        }
        bytes.append(UInt8(ascii: "]"))
    }
}

/// Logs as JSON strings, one behind the other.
private struct LogTexts: Sendable {
    static let beginning = Array("{\"log\":".utf8)

    private(set) var bytes: [UInt8] = []
    private var ends: [Int] = []

    mutating func append(_ message: UnsafeRawBufferPointer) {
        JSONText.append(repairing: message, to: &bytes)
        ends.append(bytes.count)
    }

    func range(of log: Int) -> Range<Int> { (log == 0 ? 0 : ends[log - 1])..<ends[log] }
}
