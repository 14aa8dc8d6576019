import Glibc

/// The learning rate of each step: a pure function of the recipe and the step.
struct LearningRates: Sendable {
    private let recipe: TrainingRecipe
    private let steps: Int
    private let warmUp: Int
    private let closingSteps: Int

    /// - Parameters:
    ///   - recipe: Peak and shape.
    ///   - steps: Steps of the fit.
    ///   - closingSteps: Steps of the closing pass.
    init(_ recipe: TrainingRecipe, steps: Int, closingSteps: Int) {
        self.recipe = recipe
        self.steps = steps
        self.closingSteps = closingSteps
        warmUp = min(steps, Int((recipe.warmUpShare * Double(steps)).rounded(.up)))
    }

    /// The rate of step `step` (from 0) of the fit; no step has a rate of 0.
    func fit(_ step: Int) -> Double {
        if step < warmUp { return recipe.peakLearningRate * (Double(step + 1) / Double(warmUp)) }
        guard recipe.decays else { return recipe.peakLearningRate }
        return recipe.peakLearningRate * (Double(steps - step) / Double(steps - warmUp))
    }

    /// The rate of step `step` (from 0) of the closing pass: a tenth of the peak, falling to zero.
    func closing(_ step: Int) -> Double {
        0.1 * recipe.peakLearningRate * Double(closingSteps - step) / Double(closingSteps)
    }
}
