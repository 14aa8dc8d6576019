import LogDataset
import LogMasking
import OpniLogTraining

/// Scores logs as lines: `{"log":…,"masked":…,"score":…,"anomaly":…}`, with `"tokens":[…]` if they are to be explained.
struct ScoreLines: Sendable {
    /// The lines of a page, and what was found on the way.
    struct Page: Sendable {
        var bytes: [UInt8]
        var count: PageCount
        var masking: MaskTally
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
        let scores = try await scorer.score(masked, explain: explains)
        return Page(
            bytes: lines(logs, masked.places, scores.map { ending($0) }),
            count: PageCount(messages: masked.places.count, tally), masking: masked.masking)
    }

    private func lines(_ logs: LogTexts, _ places: [UInt32], _ endings: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(logs.bytes.count + places.reduce(0) { $0 + endings[Int($1)].count })
        var start = 0
        for (place, end) in zip(places, logs.ends) {
            bytes.append(contentsOf: logs.bytes[start..<end])
            bytes.append(contentsOf: endings[Int(place)])
            start = end
        }
        return bytes
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

/// The beginnings of lines, one behind the other: `{"log":"…"` a log.
private struct LogTexts {
    private static let member = Array("{\"log\":".utf8)

    private(set) var bytes: [UInt8] = []
    private(set) var ends: [Int] = []

    mutating func append(_ message: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: Self.member)
        JSONText.append(repairing: message, to: &bytes)
        ends.append(bytes.count)
    }
}
