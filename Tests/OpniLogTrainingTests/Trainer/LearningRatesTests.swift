import Testing

@testable import OpniLogTraining

@Suite struct LearningRatesTests {
    @Test func oursRisesOverATenthAndFallsToZero() {
        let rates = LearningRates(.ours, steps: 600, closingSteps: 60)
        #expect(abs(rates.fit(0) - 3e-3 / 60) < 1e-12)
        #expect(rates.fit(59) == 3e-3)
        #expect(rates.fit(60) == 3e-3)
        #expect((60..<599).allSatisfy { rates.fit($0 + 1) < rates.fit($0) })
        #expect((0..<59).allSatisfy { rates.fit($0 + 1) > rates.fit($0) })
        #expect(abs(rates.fit(599) - 3e-3 / 540) < 1e-12)
    }

    @Test func theOriginalsIsConstant() {
        let rates = LearningRates(.original, steps: 10, closingSteps: 1)
        #expect((0..<10).allSatisfy { rates.fit($0) == 1e-3 })
    }

    @Test func closingFallsFromATenthOfThePeak() {
        let rates = LearningRates(.ours, steps: 600, closingSteps: 60)
        #expect(abs(rates.closing(0) - 3e-4) < 1e-12)
        #expect(abs(rates.closing(59) - 3e-4 / 60) < 1e-12)
    }

    @Test(arguments: 1...5) func everyStepOfAShortRunMoves(steps: Int) {
        let rates = LearningRates(.ours, steps: steps, closingSteps: 1)
        #expect((0..<steps).allSatisfy { rates.fit($0) > 0 && rates.fit($0) <= 3e-3 })
    }

    @Test func recipesHaveNames() {
        #expect(TrainingRecipe(named: "ours") == .ours)
        #expect(TrainingRecipe(named: "original") == .original)
        #expect(TrainingRecipe(named: "theirs") == nil)
        #expect(TrainingRecipe.original.weightDecay == 0.005)
        #expect(TrainingRecipe.ours.weightDecay == 0)
    }
}
