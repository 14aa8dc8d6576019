import Testing

@testable import LogDataset

@Suite struct VocabularyCounterTests {
    private func words(_ result: VocabularyCounter.Result) -> [String] { Array(result.vocabulary.words.dropFirst(5)) }

    @Test func idsGoByLinesTimesOccurrencesThenBytes() async throws {
        let table = ArrayTable(["b b c": 10, "a c": 10, "d x1y2": 3, "z": 3, "": 5])
        let result = try await VocabularyCounter(memory: 1 << 20).count(table)
        // b 20, c 20, a 10, <EMPTY> 5, d 3, z 3; x1y2 is a number.
        #expect(words(result) == ["b", "c", "a", "<EMPTY>", "d", "z"])
        #expect(result.occurrences == 64)
        #expect(result.unknownOccurrences == 0)
        #expect(result.cutOccurrences == 0)
        #expect(result.walks == 1)
    }

    @Test func theCapLeavesOutTheRarestAndCountsThem() async throws {
        let table = ArrayTable(["a b": 4, "b c": 2, "d": 2])
        let result = try await VocabularyCounter(memory: 1 << 20, limit: 7).count(table)
        #expect(words(result) == ["b", "a"])
        #expect(result.unknownOccurrences == 4)
    }

    @Test func wordsThatTheFileCannotHoldAndReservedNamesGetNoId() async throws {
        let text = "a\nb c\rd <PAD> <CLS> <MASK> <UNK> <NUM> e\u{85}f <pad>"
        let result = try await VocabularyCounter(memory: 1 << 20).count(ArrayTable([text: 2]))
        #expect(words(result) == ["<pad>", "e\u{85}f"])
        #expect(result.unknownOccurrences == 14)
    }

    @Test func wordsAfterTheSixtyThirdAreCountedAsCut() async throws {
        let text = (0..<70).map { "w" + String(repeating: "x", count: $0) }.joined(separator: " ")
        let result = try await VocabularyCounter(memory: 1 << 20).count(ArrayTable([text: 3, "a": 1]))
        #expect(result.cutOccurrences == 21)
        #expect(result.occurrences == 211)
    }

    @Test func aSmallBudgetSplitsTheWalkAndChangesNothing() async throws {
        var counts: [String: UInt64] = [:]
        for index in 0..<12_000 {
            let word = String(index * 7919, radix: 26).map { $0.isNumber ? "n" : String($0) }.joined()
            counts["\(word) q\(String(repeating: "z", count: index % 90)) \(word)u", default: 0] += UInt64(
                1 + index % 13)
        }
        let table = ArrayTable(counts)
        let whole = try await VocabularyCounter(memory: 1 << 28).count(table)
        let split = try await VocabularyCounter(memory: 1 << 17).count(table)
        #expect(whole.walks == 1)
        #expect(split.walks > 8)
        #expect(split.vocabulary == whole.vocabulary)
        #expect(split.unknownOccurrences == whole.unknownOccurrences)

        var expected: [String: UInt64] = [:]
        for (text, count) in counts {
            for word in text.split(separator: " ") { expected[String(word), default: 0] += count }
        }
        let ranked = expected.sorted {
            $0.value != $1.value ? $0.value > $1.value : $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
        }
        #expect(words(whole) == ranked.prefix(9_995).map(\.key))
    }

    @Test func wordsOverAKiBTakeNoMemoryAndGetNoId() async throws {
        let longest = String(repeating: "x", count: 1024)
        let table = ArrayTable([longest: 1, longest + "y": 9, String(repeating: "z", count: 100_000): 1])
        let result = try await VocabularyCounter(memory: 0).count(table)
        #expect(words(result) == [longest])
        #expect(result.walks == 1)
        #expect(result.unknownOccurrences == 10)
        #expect(result.unknownLines == 10)
    }

    @Test(arguments: [1, 2, 7, 1_000])
    func theNumberOfWorkersChangesNothing(workers: Int) async throws {
        let counts = (0..<2_000).reduce(into: [String: UInt64]()) { counts, index in
            let letter = ["a", "b", "c", "d"][index % 4]
            counts["unit \(letter)\(String(repeating: "z", count: index / 4))"] = UInt64(1 + index % 13)
        }
        var counter = VocabularyCounter(memory: 1 << 20, limit: 300)
        counter.workers = workers
        let result = try await counter.count(ArrayTable(counts))
        let known = Set(words(result))
        let unknown = counts.filter { !$0.key.split(separator: " ").allSatisfy { known.contains(String($0)) } }
        #expect(known.count == 295 && known.contains("unit") && unknown.count == 2_000 - 294)
        #expect(result.unknownLines == unknown.values.reduce(0, +))
    }

    @Test(.timeLimit(.minutes(30)))
    func aCancelledWalkEnds() async throws {
        /// A table whose walk never ends by itself.
        struct Endless: TemplateShards {
            let began: AsyncStream<Void>.Continuation
            func forEachRecord(inShard shard: Int, _ body: (TemplateRecord) throws -> Void) throws {
                began.finish()
                let text = UnsafeRawBufferPointer(start: nil, count: 0)
                while true { try body(TemplateRecord(hash: 0, masked: text, count: 1, heldOut: 0)) }
            }
        }
        let (beginning, began) = AsyncStream.makeStream(of: Void.self)
        let task = Task { try await VocabularyCounter(memory: 1 << 20).count(Endless(began: began)) }
        for await _ in beginning {}
        task.cancel()
        let error = await #expect(throws: DatasetError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test func aFailingTableIsReported() async {
        struct Broken: TemplateShards {
            struct Fault: Error {}
            func forEachRecord(inShard shard: Int, _ body: (TemplateRecord) throws -> Void) throws { throw Fault() }
        }
        let error = await #expect(throws: DatasetError.self) { try await VocabularyCounter(memory: 0).count(Broken()) }
        #expect(error?.code == .unreadableFile)
        #expect(error?.cause is Broken.Fault)
    }
}
