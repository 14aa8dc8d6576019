import CTorch

/// A GPU as NVIDIA's driver tells it, whether or not libtorch can use it.
public struct TorchGPU: Sendable, Hashable {
    /// Its number, from 0, as in the device `cuda:0`.
    public var index: Int
    /// The maker's name for it.
    public var name: String
    /// Bytes.
    public var memory: Int
    /// Newest release of CUDA that the driver serves, e.g. `13.0`.
    public var driverCUDA: String
}

extension TorchBridge {
    /// The machine's GPUs, without starting libtorch on them.
    ///
    /// - Returns: At least one.
    /// - Throws: `noDevice` where there is no driver, or no GPU that it shows to this process.
    public func gpus() async throws(TrainingError) -> [TorchGPU] {
        try await TorchThread.shared.run { () throws(TrainingError) in
            var gpus: [TorchGPU] = []
            for index in 0..<Int(try describeDevice(0).count) { gpus.append(try describe(gpu: index)) }
            return gpus
        }
    }

    /// Opens libtorch's part for CUDA, with all libraries that it needs; works without a GPU.
    ///
    /// - Throws: `noDevice`, saying which library is missing and what brings it.
    public func openCUDA() async throws(TrainingError) {
        try await TorchThread.shared.run { () throws(TrainingError) in
            try call(threads: Int32(try facts(on: .cpu).threads), device: OPNILOG_TORCH_CUDA)
        }
    }

    /// On libtorch's thread.
    func describe(gpu index: Int) throws(TrainingError) -> TorchGPU {
        var device = try describeDevice(index)
        let version = Int(device.cuda_version)
        return TorchGPU(
            index: index,
            name: String(cString: opnilog_torch_device_name(&device)),
            memory: Int(device.memory),
            driverCUDA: "\(version / 1000).\(version % 1000 / 10)")
    }

    private func describeDevice(_ index: Int) throws(TrainingError) -> opnilog_torch_device {
        var device = opnilog_torch_device()
        device.size = MemoryLayout<opnilog_torch_device>.size
        var error = opnilog_torch_error()
        let status = api.pointee.describe_device(Int32(index), &device, &error)
        guard status == OPNILOG_TORCH_OK else { throw .torch(status, error.message) }
        return device
    }
}

extension TrainingError {
    /// libtorch's CUDA opens, but does not see a GPU that the driver shows: a driver that is too old, as a rule.
    static func unusable(_ gpu: TorchGPU, by facts: TorchFacts) -> TrainingError {
        TrainingError(
            .noDevice,
            "libtorch \(facts.version) for CUDA \(facts.cudaVersion) cannot use cuda:\(gpu.index), \(gpu.name), whose driver serves CUDA up to \(gpu.driverCUDA); install a newer driver or a libtorch for an older CUDA (docs/libtorch.md), or choose the device cpu."
        )
    }
}
