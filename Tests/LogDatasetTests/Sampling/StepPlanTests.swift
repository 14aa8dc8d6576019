import Testing

@testable import LogDataset

@Suite struct StepPlanTests {
    struct Case: Sendable, CustomStringConvertible {
        var lines: UInt64
        var settings: StepPlan.Settings
        /// K, E, n, closing steps, closing draws.
        var plan: [Int]
        var description: String { "\(lines) lines, \(plan)" }
    }

    static let cases: [Case] = [
        // The defaults at full size: 96,000 / 48 = 2,000 steps.
        Case(lines: 3_600_000_000, settings: .init(), plan: [48_000, 2, 1_000, 200, 9_600]),
        Case(lines: 48_000, settings: .init(), plan: [48_000, 2, 1_000, 200, 9_600]),
        // Fewer lines: the steps are held to 600.
        Case(lines: 14_399, settings: .init(), plan: [14_399, 2, 300, 60, 2_879]),
        Case(lines: 20_000, settings: .init(), plan: [20_000, 2, 417, 84, 4_028]),
        // Few lines are drawn several times over, for batches of 32.
        Case(lines: 9_601, settings: .init(), plan: [9_601, 2, 300, 60, 1_920]),
        Case(lines: 2_000, settings: .init(), plan: [9_600, 2, 300, 60, 1_920]),
        Case(lines: 1, settings: .init(), plan: [9_600, 2, 300, 60, 1_920]),
        // So few samples that each draw is a step.
        Case(lines: 1_000, settings: .init(samples: 100), plan: [100, 2, 100, 20, 20]),
        Case(lines: 1_000, settings: .init(samples: 1), plan: [1, 2, 1, 1, 1]),
        // More samples than lines; steps are held to 2,000.
        Case(lines: 10, settings: .init(samples: 192_000), plan: [192_000, 2, 1_000, 200, 38_400]),
        Case(lines: 10, settings: .init(samples: 192_000, epochs: 7), plan: [192_000, 7, 286, 201, 134_937]),
        // Steps as given, rounded up to whole epochs, at most one a draw.
        Case(lines: 20_000, settings: .init(samples: 1_000, epochs: 3, steps: 100), plan: [1_000, 3, 34, 11, 323]),
        Case(lines: 10, settings: .init(samples: 10, steps: 5_000), plan: [10, 2, 10, 2, 2]),
        Case(lines: 10, settings: .init(steps: 1), plan: [9_600, 2, 1, 1, 9_600]),
        // The batch size as given.
        Case(lines: 1_000, settings: .init(batchSize: 32), plan: [9_600, 2, 300, 60, 1_920]),
        Case(lines: 1_000, settings: .init(samples: 1_000, batchSize: 32), plan: [1_000, 2, 32, 7, 218]),
        Case(lines: 1_000, settings: .init(samples: 1_000, batchSize: 1_024), plan: [1_000, 2, 1, 1, 1_000]),
        // The original's recipe.
        Case(lines: 1_000_000, settings: .init(recipe: .original), plan: [192_000, 2, 6_000, 1_200, 38_400]),
        Case(lines: 33, settings: .init(recipe: .original), plan: [33, 2, 2, 1, 16]),
        Case(lines: 640, settings: .init(batchSize: 64, recipe: .original), plan: [640, 2, 10, 2, 128]),
        Case(lines: 640, settings: .init(steps: 10, recipe: .original), plan: [640, 2, 5, 1, 128]),
    ]

    @Test(arguments: cases)
    func plansAsWritten(_ wanted: Case) throws {
        let plan = try StepPlan(lines: wanted.lines, settings: wanted.settings)
        let found = [plan.samples, plan.epochs, plan.stepsPerEpoch, plan.closingSteps, plan.closingSamples]
        #expect(found == wanted.plan)
        #expect(plan.steps == plan.epochs * plan.stepsPerEpoch)
        for cuts in [plan.fitCuts, plan.closingCuts, plan.heldOutCuts(lines: wanted.lines)] {
            let parts = (0..<cuts.batches).map { cuts[$0] }
            #expect(parts.first?.lowerBound == 0)
            #expect(parts.last?.upperBound == cuts.draws)
            #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
            let size = cuts.draws / cuts.batches
            #expect(parts.allSatisfy { $0.count == size || $0.count == size + 1 })
        }
    }

    @Test func figuresAreTakenOnAFifthOfTheDrawsOrAllHeldOutLines() throws {
        let plan = try StepPlan(lines: 1_000_000)
        #expect(plan.heldOutCuts(lines: 500_000) == BatchCuts(draws: 9_600, batches: 200))
        #expect(plan.heldOutCuts(lines: 100) == BatchCuts(draws: 100, batches: 3))
        #expect(plan.heldOutCuts(lines: 0) == BatchCuts(draws: 0, batches: 0))
    }

    @Test func largestSettingsDoNotOverflow() throws {
        let largest = StepPlan.largestSamples
        let plan = try StepPlan(lines: .max, settings: .init(samples: largest, epochs: largest, batchSize: 1))
        #expect(plan.stepsPerEpoch == largest)
        #expect(plan.closingSamples == largest)
        #expect(plan.fitCuts[largest - 1] == largest - 1..<largest)
    }

    @Test(arguments: [
        (StepPlan.Settings(samples: 0), "--samples is 0; give a number from 1 to 2147483647."),
        (.init(epochs: -1), "--epochs is -1; give a number from 1 to 2147483647."),
        (.init(steps: 0), "--steps is 0; give a number from 1 to 2147483647."),
        (.init(batchSize: 1 << 40), "--batch-size is 1099511627776; give a number from 1 to 2147483647."),
        (
            .init(steps: 5, batchSize: 5),
            "Both --steps and --batch-size were given, but each follows from the other; give one."
        ),
    ])
    func settingsOutOfRangeAreNamed(_ settings: StepPlan.Settings, _ message: String) {
        let error = #expect(throws: DatasetError.self) { try StepPlan(lines: 100, settings: settings) }
        #expect(error?.code == .invalidSetting)
        #expect(error?.message == message)
    }

    @Test func withoutALineThereIsNoPlan() {
        let error = #expect(throws: DatasetError.self) { try StepPlan(lines: 0) }
        #expect(error?.code == .unusableSource)
        #expect(
            error?.message == "There is no log to train on; check the query, the time range and the field.")
    }
}
