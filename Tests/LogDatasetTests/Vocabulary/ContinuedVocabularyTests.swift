import Testing

@testable import LogDataset

@Suite struct ContinuedVocabularyTests {
    private let old = Vocabulary(words: ["pod", "is", "ready"])

    @Test func oldWordsKeepTheirIdsAndNewOnesComeAfterThemByCount() {
        let new = Vocabulary(
            continuing: old, counts: [("is", 90), ("late", 3), ("node", 7), ("early", 3), ("<NUM>", 50), ("12", 9)])
        #expect(new.words == Vocabulary.Reserved.names + ["pod", "is", "ready", "node", "early", "late"])
        #expect(new.assigned == 11 && new.count == 11)
    }

    @Test func theCapAndTheMinimumCountHoldForNewWordsOnly() {
        let counts = [("node", UInt64(7)), ("late", 3), ("pod", 0)]
        #expect(Vocabulary(continuing: old, counts: counts, limit: 9).words.suffix(1) == ["node"])
        #expect(Vocabulary(continuing: old, counts: counts, limit: 5) == old)
        #expect(Vocabulary(continuing: old, counts: counts, minimumCount: 4).words.suffix(2) == ["ready", "node"])
    }

    /// The original's file has a row for every id that may be needed later, named after its number.
    @Test func rowsThatNoWordHasYetAreUsedFirst() {
        let spare = Vocabulary(allWords: old.words + ["<TMP8>", "<TMP9>"], assigned: 8)
        let one = Vocabulary(continuing: spare, counts: [("node", 1)])
        #expect(one.words.suffix(3) == ["ready", "node", "<TMP9>"] && one.assigned == 9 && one.count == 10)
        let three = Vocabulary(continuing: spare, counts: [("a", 3), ("b", 2), ("c", 1)])
        #expect(three.words.suffix(3) == ["a", "b", "c"] && three.assigned == 11)
        // The name of a row without a word is no word.
        #expect(Vocabulary(continuing: spare, counts: [("<TMP9>", 4)]).words.suffix(2) == ["<TMP9>", "<TMP9>"])
    }

    @Test func aTableContinuesTheVocabularyOfAModel() async throws {
        var counter = VocabularyCounter(memory: 1 << 20, limit: 10)
        counter.continuing = old
        let result = try await counter.count(ArrayTable(["pod is new": 10, "late node": 2, "late 77": 1, "quiet": 1]))
        #expect(result.vocabulary.words.suffix(5) == ["pod", "is", "ready", "new", "late"])
        #expect(result.occurrences == 37)
        // node and quiet
        #expect(result.unknownOccurrences == 3)
        #expect(result.unknownLines == 3 && result.lines == 14)
    }

    @Test func wordsThatAreRareGetNoId() async throws {
        var counter = VocabularyCounter(memory: 1 << 20)
        counter.minimumCount = 3
        let result = try await counter.count(ArrayTable(["a b": 2, "b c": 1, "d": 3]))
        #expect(result.vocabulary.words.dropFirst(5) == ["b", "d"])
        #expect(result.unknownOccurrences == 3 && result.unknownLines == 3 && result.lines == 6)
    }

    @Test func linesThatAreCutAreCounted() async throws {
        let long = Array(repeating: "w", count: 64).joined(separator: " ")
        let result = try await VocabularyCounter(memory: 1 << 20).count(ArrayTable([long: 5, "w": 2]))
        #expect(result.cutLines == 5 && result.cutOccurrences == 5 && result.lines == 7)
        #expect(result.unknownLines == 0)
    }
}

/// What `--init-from` will ask of a dataset: the same table, the ids of the model's vocabulary.
@Suite struct ContinuedDatasetTests {
    @Test func aDatasetKeepsTheIdsOfTheModelThatIsTrainedOn() async throws {
        let directory = TemporaryDirectory()
        var configuration = DatasetConfiguration(directory: directory.path)
        configuration.steps.samples = 20
        let source = FileLogSource(
            .init(paths: [directory.file("log", Array(repeating: "node is up\n", count: 30).joined().utf8)]))
        let (table, report) = try await TableCollector(source: source, configuration: configuration).collect()
        let first = try await PreparedDataset(table: table, report: report, configuration: configuration)
        #expect(first.vocabulary.words.dropFirst(5) == ["is", "node", "up"])
        #expect(first.summary.outOfVocabularyShare == 0 && first.summary.outOfVocabularyLineShare == 0)
        configuration.continuedVocabulary = Vocabulary(words: ["up", "gone"])
        configuration.vocabularyLimit = 8
        let next = try await PreparedDataset(table: table, report: report, configuration: configuration)
        #expect(next.vocabulary.words.dropFirst(5) == ["up", "gone", "is"])
        #expect(next.summary.vocabularySize == 8)
        #expect(next.summary.outOfVocabularyShare == 1.0 / 3 && next.summary.outOfVocabularyLineShare == 1)
        var tokens: Set<[Int32]> = []
        for try await batch in next.fit(epoch: 0) {
            for row in 0..<batch.rows {
                tokens.insert(Array(batch.tokens[row * Batch.length..<row * Batch.length + 4]))
            }
        }
        #expect(tokens == [[1, 3, 7, 5]])
    }
}
