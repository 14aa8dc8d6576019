import Testing

@testable import OpniLogTraining

/// What of the machine is said when a training goes on; needs no libtorch.
struct TrainingSettingTests {
    private func machine(_ environment: [String: String], on device: ComputeDevice = .cpu) -> [TrainingSetting] {
        .of(
            TorchFacts(
                version: "2.13.0", cpuCapability: "AVX2", threads: 2, cudaDevices: 0, device: device, cudaVersion: "",
                blas: "mkl", environment: environment))
    }

    /// As `MKL_CBWR: before → now`.
    private func differences(_ before: [TrainingSetting], _ now: [TrainingSetting]) -> [String] {
        TrainingSetting.differences(before, now).map { "\($0.now.name): \($0.before.shown) → \($0.now.shown)" }
    }

    private let usual = ["MKL_CBWR": "AVX2", "MKL_DYNAMIC": "FALSE"]

    @Test func theVariablesOfTheDeviceCount() {
        #expect(machine(usual).suffix(2).map(\.name) == ["MKL_CBWR", "MKL_DYNAMIC"])
        let gpu = machine(["CUBLAS_WORKSPACE_CONFIG": ":16:8"], on: .cuda(0))
        #expect(gpu.last == TrainingSetting("CUBLAS_WORKSPACE_CONFIG", ":16:8"))
        #expect(differences(machine(usual), machine(usual)).isEmpty)
        let other = machine(["MKL_CBWR": "COMPATIBLE", "MKL_DYNAMIC": "FALSE"])
        #expect(differences(machine(usual), other) == ["MKL_CBWR: AVX2 → COMPATIBLE"])
        #expect(differences(other, machine(usual)) == ["MKL_CBWR: COMPATIBLE → AVX2"])
        #expect(differences(machine(usual), machine(["MKL_DYNAMIC": "FALSE"])) == ["MKL_CBWR: AVX2 → none"])
    }

    @Test func anOlderCheckpointLacksThem() {
        let older = machine(usual).filter { !$0.name.hasPrefix("MKL_") }
        #expect(older.count == machine(usual).count - 2)
        #expect(differences(older, machine(usual)).isEmpty)
        // A processor without AVX2 has none.
        #expect(differences(older, machine(["MKL_DYNAMIC": "FALSE"])).isEmpty)
        #expect(
            differences(older, machine(["MKL_CBWR": "AVX2", "MKL_DYNAMIC": "TRUE"]))
                == ["MKL_DYNAMIC: FALSE → TRUE"])
        // What is no variable was none.
        #expect(differences([], [TrainingSetting("draw", "parity")]) == ["draw: none → parity"])
    }
}
