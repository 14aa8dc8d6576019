import FoundationEssentials
import LogDataset
import Testing

@testable import OpniLogTraining

/// A model that the original trained, scored as the original scored it.
@Suite(.enabled(if: Prerequisites.hasReference, "\(Prerequisites.referenceReason)"))
struct ReferenceScoringTests {
    private struct Score: Decodable {
        var log: String
        var masked: String
        var tokens: [Int32]
        var score: Double
    }

    private struct Logits: Decodable {
        var tokens: [Int32]
        var logits: [[Float]]
    }

    private static func lines<T: Decodable>(_ name: String, as type: T.Type) throws -> [T] {
        try readFile("\(Prerequisites.reference)/\(name)").split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(type, from: Data($0))
        }
    }

    private static func scorer() async throws -> Scorer {
        try await Scorer(
            model: Prerequisites.reference, bridge: Prerequisites.bridge, device: Prerequisites.device, threads: 1)
    }

    @Test func scoresAreTheOriginals() async throws {
        let expected = try Self.lines("scores.ndjson", as: Score.self)
        try #require(expected.count > 100)
        let scorer = try await Self.scorer()
        let scores = try await scorer.score(expected.map(\.log), explain: true)
        #expect(scores.map(\.masked) == expected.map(\.masked))
        #expect(expected.allSatisfy { scorer.encode(MaskedText($0.masked)) == Array($0.tokens.prefix(Batch.length)) })
        #expect(scores.map(\.score) == expected.map(\.score))
        for (score, expected) in zip(scores, expected) {
            #expect(score.tokens.count == min(expected.tokens.count, Batch.length) - 1)
            let counted = score.tokens.filter(\.counts)
            let within = Double(counted.filter { $0.rank < Scorer.guesses }.count)
            #expect(counted.isEmpty || within / Double(counted.count) == score.score)
        }
    }

    @Test func logitsAreTheOriginals() async throws {
        let expected = try Self.lines("logits.ndjson", as: Logits.self)
        try #require(!expected.isEmpty)
        let scores = try Self.lines("scores.ndjson", as: Score.self)
        let scorer = try await Self.scorer()
        for line in expected {
            let masked = try #require(scores.first { $0.tokens == line.tokens }?.masked)
            let logits = try await scorer.logits(masked: masked)
            let worst = zip(logits, line.logits.joined()).map { abs($0 - $1) }.max() ?? .infinity
            #expect(logits.count == line.logits.joined().count)
            #expect(worst < 1e-4)
        }
    }

    @Test func equalLogsHaveEqualScoresInOrder() async throws {
        let logs = try Self.lines("scores.ndjson", as: Score.self).prefix(5).map(\.log)
        let scorer = try await Self.scorer()
        let once = try await scorer.score(logs)
        let twice = try await scorer.score(logs + logs.reversed())
        #expect(twice == once + once.reversed())
        #expect(once.allSatisfy { $0.tokens.isEmpty })
        #expect(try await scorer.score([]).isEmpty)
    }

    @Test func tasksMayShareAScorer() async throws {
        let logs = try Self.lines("scores.ndjson", as: Score.self).prefix(200).map(\.log)
        let alone = try await Self.scorer().score(logs)
        // One that knows no score yet.
        let scorer = try await Self.scorer()
        try await withThrowingTaskGroup(of: (Int, [LogScore]).self) { group in
            for start in 0..<8 {
                group.addTask { (start, try await scorer.score(Array(logs[(start * 10)...]))) }
            }
            for try await (start, scores) in group { #expect(scores == Array(alone[(start * 10)...])) }
        }
    }

    /// Blocks that are scored side by side, with and without what is kept, and one by one: the same scores and ranks.
    @Test func whatIsKeptGivesTheSameAnswer() async throws {
        let logs = try Self.lines("scores.ndjson", as: Score.self).map(\.log)
        let scorer = try await Self.scorer()
        let first = try await scorer.score(logs, explain: true)
        #expect(try await scorer.score(logs, explain: true) == first)
        #expect(try await scorer.score(logs).map(\.score) == first.map(\.score))
        let forgetful = try await Scorer(
            model: Prerequisites.reference, bridge: Prerequisites.bridge, device: .cpu, threads: 1, memory: 0)
        let blocks = stride(from: 0, to: logs.count, by: 50).map { Array(logs[$0..<min($0 + 50, logs.count)]) }
        var scores = [[LogScore]](repeating: [], count: blocks.count)
        try await withThrowingTaskGroup(of: (Int, [LogScore]).self) { group in
            for (index, block) in blocks.enumerated() {
                group.addTask { (index, try await forgetful.score(block, explain: true)) }
            }
            for try await (index, block) in group { scores[index] = block }
        }
        #expect(scores.flatMap { $0 }.map(\.score) == first.map(\.score))
        #expect(scores.flatMap { $0 }.map(\.masked) == first.map(\.masked))
    }

    @Test func aBlockNamesItsTextsOnceInTheOrderInWhichTheyCame() async throws {
        let scorer = try await Self.scorer()
        let logs = ["b 1", "a", "b 2", "", "a"]
        let masked = scorer.mask { add in
            for var log in logs { log.withUTF8 { add(UnsafeRawBufferPointer($0)) } }
        }
        #expect(masked.places == [0, 1, 0, 2, 1])
        #expect(try await scorer.distinctScores(of: masked).map(\.masked) == ["b <num>", "a", ""])
    }

    @Test func aModelOfAnotherVocabularyIsRefused() async throws {
        let folder = TemporaryFolder()
        folder.write(readFile("\(Prerequisites.reference)/\(ModelFile.name)"), to: ModelFile.name)
        try Samples.vocabulary(24).write(to: "\(folder.path)/\(ModelFile.vocabularyName)")
        let error = await #expect(throws: TrainingError.self) {
            try await Scorer(model: folder.path, bridge: Prerequisites.bridge, device: Prerequisites.device, threads: 1)
        }
        #expect(error?.code == .badModel)
        #expect(
            error?.message
                == "The model has 384 words and its vocabulary 24, so they are not of one training; take both files from one folder."
        )
    }

    @Test func aFolderWithoutAModelIsRefused() async throws {
        let error = await #expect(throws: TrainingError.self) {
            try await Scorer(model: "/nowhere", bridge: Prerequisites.bridge, device: Prerequisites.device, threads: 1)
        }
        #expect(error?.code == .badModel)
        #expect(error?.message == "The model's vocabulary cannot be used.")
    }
}

@Suite struct DigitTests {
    @Test func digitsArePythons() {
        for digit in "07٣߀²₉①" { #expect(digit.unicodeScalars.allSatisfy { $0.isDigit }) }
        for other in "a-<½Ⅳ百" { #expect(!other.unicodeScalars.contains { $0.isDigit }) }
    }
}
