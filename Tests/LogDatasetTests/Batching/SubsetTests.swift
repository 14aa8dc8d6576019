import Testing

@testable import LogDataset

@Suite struct SubsetTests {
    static let table = ArrayTable(
        (0..<600).map { index -> (text: String, count: UInt64, heldOut: UInt64) in
            let kind = String(index, radix: 2).map { $0 == "0" ? "o" : "i" }.joined()
            return (
                text: "unit \(kind) failed", count: UInt64(2_000 / (1 + index) + 1), heldOut: index % 3 == 0 ? 1 : 0
            )
        })

    private func run(
        law: DrawLaw = .coverage, seed: UInt64 = 0, workers: Int = 2,
        settings: StepPlan.Settings = .init(samples: 1_000)
    ) async throws -> SubsetRun {
        let weights = try await TableWeights(of: SubsetTests.table, workers: workers)
        return try await SubsetRun(
            table: SubsetTests.table, weights: weights,
            vocabulary: VocabularyCounter(memory: 1 << 20).count(SubsetTests.table).vocabulary,
            law: law, seed: seed, plan: StepPlan(lines: weights.lineCount(.all), settings: settings), workers: workers)
    }

    private func batches(_ subset: Subset) async throws -> [Batch] {
        var batches: [Batch] = []
        for try await batch in subset { batches.append(batch) }
        return batches
    }

    /// How often each encoded log stands in the batches.
    private func logs(_ batches: [Batch]) -> [[Int32]: Int] {
        var logs: [[Int32]: Int] = [:]
        for batch in batches {
            for row in 0..<batch.rows {
                logs[Array(batch.tokens[row * 64..<row * 64 + 64]), default: 0] += Int(batch.multiplicities[row])
            }
        }
        return logs
    }

    @Test(arguments: DrawLaw.allCases, [1, 7, 64, 1_000])
    func theBatchesHoldTheDrawnLogs(_ law: DrawLaw, _ batchSize: Int) async throws {
        let run = try await run(law: law, settings: .init(samples: 1_000, batchSize: batchSize))
        for subset in [run.fit(epoch: 0), run.heldOut(), run.closing()] {
            let batches = try await batches(subset)
            #expect(batches.count == subset.batchCount)
            #expect(batches.reduce(0) { $0 + $1.logs } == subset.draws)
            for (index, batch) in batches.enumerated() {
                #expect(batch.logs == BatchCuts(draws: subset.draws, batches: subset.batchCount)[index].count)
                #expect(logs([batch]).count == batch.rows, "a log stands in two rows")
            }
            var wanted: [[Int32]: Int] = [:]
            let draw = try WeightedDraw(from: run.table, weights: run.weights, settings: subset.settings)
            try draw.walk(undrawn: false) { record, drawn in
                var tokens: [Int32] = []
                run.vocabulary.encode(record.masked, into: &tokens)
                wanted[tokens + Array(repeating: 0, count: 64 - tokens.count), default: 0] += drawn
            }
            #expect(logs(batches) == wanted)
        }
    }

    @Test func rowsArePaddedAndTheirLengthsTold() async throws {
        for batch in try await batches(run().fit(epoch: 0)) {
            for row in 0..<batch.rows {
                let tokens = batch.tokens[row * 64..<row * 64 + 64]
                #expect(tokens.first == Vocabulary.Reserved.start)
                #expect(batch.lengths[row] == 4)
                #expect(tokens.prefix(4).allSatisfy { $0 > 0 })
                #expect(tokens.dropFirst(4).allSatisfy { $0 == 0 })
            }
        }
    }

    @Test func rowsStandInTheOrderOfTheirFirstDraw() async throws {
        let run = try await run(settings: .init(samples: 1_000, batchSize: 1))
        let single = try await batches(run.fit(epoch: 0))
        let whole = try await batches(Subset(kind: .fit(epoch: 0), cuts: BatchCuts(draws: 1_000, batches: 1), run: run))
        var seen: [[Int32]] = []
        for batch in single where !seen.contains(batch.tokens) { seen.append(batch.tokens) }
        #expect(whole.first?.tokens == seen.flatMap { $0 })
    }

    @Test(arguments: DrawLaw.allCases)
    func theDigestIsThatOfTableSeedAndEpochAlone(_ law: DrawLaw) async throws {
        func digest(_ subset: Subset, ranks: Int = 1) async throws -> [UInt8] {
            var bytes: [UInt8] = []
            guard ranks > 1 else {
                try await subset.forEachDigestPart { bytes.append(contentsOf: $0) }
                return bytes
            }
            for try await batch in subset {
                let shares = (0..<ranks).map { batch.share(ofRank: $0, of: ranks) }
                Batch(joining: shares).forEachDigestPart { bytes.append(contentsOf: $0) }
            }
            return bytes
        }
        let first = try await run(law: law).fit(epoch: 1)
        let wanted = try await digest(first)
        #expect(try await digest(first) == wanted)
        for workers in [1, 3, 8] { #expect(try await digest(run(law: law, workers: workers).fit(epoch: 1)) == wanted) }
        for ranks in [2, 5, 8] { #expect(try await digest(first, ranks: ranks) == wanted) }
        #expect(try await digest(run(law: law).fit(epoch: 0)) != wanted)
        #expect(try await digest(run(law: law, seed: 1).fit(epoch: 1)) != wanted)
        #expect(try await digest(run(law: law).closing()) != wanted)
    }

    @Test func theOrderOfDrawsIsMixed() async throws {
        let run = try await run(settings: .init(samples: 1_000, batchSize: 1))
        let order = try await batches(run.fit(epoch: 0)).map(\.tokens)
        let other = try await batches(run.fit(epoch: 1)).map(\.tokens)
        #expect(order != other)
        // In table order equal logs would be neighbours nearly always.
        let neighbours = zip(order, order.dropFirst()).filter { $0 == $1 }.count
        #expect(neighbours < 100)
    }

    @Test func withoutHeldOutLinesThereIsNoBatch() async throws {
        var run = try await run()
        run.table = ArrayTable(["a": 4])
        run.weights = try await TableWeights(of: run.table, workers: 1)
        #expect(run.heldOut().batchCount == 0)
        #expect(try await batches(run.heldOut()).isEmpty)
    }

    @Test func aFailingTableEndsTheSequenceWithItsError() async throws {
        struct Broken: TemplateShards {
            func forEachRecord(inShard shard: Int, _ body: (TemplateRecord) throws -> Void) throws {
                throw DatasetError(.corruptFile, "Shard \(shard) is damaged.")
            }
        }
        var run = try await run(workers: 1)
        run.table = Broken()
        let subset = run.fit(epoch: 0)
        let error = await #expect(throws: DatasetError.self) { try await batches(subset) }
        #expect(error?.code == .corruptFile)
    }

    @Test func aCancelledTaskGetsNoBatch() async throws {
        let subset = try await run().fit(epoch: 0)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            var iterator = subset.makeAsyncIterator()
            return try await iterator.next()
        }
        let error = await #expect(throws: DatasetError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }
}
