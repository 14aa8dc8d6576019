import LogDataset
import OpniLogTraining

/// libtorch, the GPUs, and the device that `--device` comes to.
extension DoctorCommand {
    static func libtorch(_ settings: Settings) async -> [Finding] {
        let bridge: TorchBridge
        do {
            bridge = try await TorchBridge.open(settings[Options.torch])
        } catch {
            return [.of("libtorch", error)]
        }
        do {
            let facts = try await bridge.start(device: .cpu, threads: settings[Options.threads])
            let found = Finding.works("libtorch", "\(facts.build), through the bridge \(bridge.path)")
            return [found] + (await devices(bridge, settings))
        } catch {
            return [.works("libtorch", "the bridge \(bridge.path)"), .of("device", error)]
        }
    }

    private static func devices(_ bridge: TorchBridge, _ settings: Settings) async -> [Finding] {
        let wanted = settings[Options.device]
        var findings: [Finding] = []
        var opensCUDA = false
        if wanted != .cpu {
            // Under `auto` a GPU is welcome, not required.
            findings = await gpus(bridge, required: wanted != .auto)
            let cuda = await cuda(bridge, required: wanted != .auto)
            opensCUDA = cuda.works
            findings.append(cuda)
            if findings.contains(where: { $0.failure != nil }) {
                return findings + [.skipped("device", "\(wanted) was not tried")]
            }
        }
        do {
            let facts = try await bridge.start(device: wanted, threads: settings[Options.threads])
            let text = "\(facts.device), \(facts.threads) threads on the CPU, \(facts.cpuCapability)"
            // Where libtorch itself is the reason, the line before says so.
            let unused = facts.unusedGPU.map { [Finding.skipped("gpu", $0)] } ?? []
            return findings + (opensCUDA ? unused : []) + [.works("device", text)]
        } catch {
            return findings + [.of("device", error)]
        }
    }

    /// What the driver shows.
    private static func gpus(_ bridge: TorchBridge, required: Bool) async -> [Finding] {
        do {
            return try await bridge.gpus().map { gpu in
                let memory = ByteSize.describe(gpu.memory)
                return .works(
                    "gpu", "cuda:\(gpu.index), \(gpu.name), \(memory); its driver serves CUDA up to \(gpu.driverCUDA)")
            }
        } catch {
            return [required ? .of("gpu", error) : .skipped("gpu", "\(error)")]
        }
    }

    /// Whether libtorch's part for CUDA and every library that it needs are there.
    private static func cuda(_ bridge: TorchBridge, required: Bool) async -> Finding {
        do {
            try await bridge.openCUDA()
            return .works("cuda", "libtorch's libraries for CUDA open")
        } catch {
            return required ? .of("cuda", error) : .skipped("cuda", "\(error)")
        }
    }
}
