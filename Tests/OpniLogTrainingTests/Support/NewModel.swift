@testable import OpniLogTraining

enum NewModel {
    /// Words of a model unless another number is given.
    static let words = 40
}

/// Runs `body` with a model that nobody trained, on libtorch's thread.
func withNewModel<R: Sendable>(
    on device: ComputeDevice = Prerequisites.device, words: Int = NewModel.words, threads: Int = 1,
    isDouble: Bool = true, composed: Bool = false, mostVariants: Int? = nil,
    _ body: @escaping @Sendable (TorchModel) throws(TrainingError) -> R
) async throws -> R {
    let bridge = try await TorchBridge.open(Prerequisites.bridge)
    _ = try await bridge.start(device: Prerequisites.device, threads: threads)
    return try await TorchThread.shared.run { () throws(TrainingError) in
        let place = TorchModel.Place(device: device, isDouble: isDouble)
        return try body(
            try TorchModel.create(
                bridge, words: words, seed: 3, place: place, composed: composed, mostVariants: mostVariants))
    }
}
