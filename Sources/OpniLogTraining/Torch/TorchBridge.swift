import CTorch
import Glibc

/// The opened `libopnilog_torch.so`, through which libtorch is used.
public struct TorchBridge: Sendable {
    /// Where the library is.
    public let path: String

    /// The table of functions; the library stays open until the process ends, so it never dangles.
    nonisolated(unsafe) let api: UnsafePointer<opnilog_torch_api>

    /// Finds and opens the bridge: the path given, else that of `OPNILOG_TORCH`, else one beside the program, else the
    /// one that `make libtorch` built. Takes a fifth of a second the first time.
    ///
    /// - Parameter path: The library's path, if it is known.
    /// - Throws: `noBridge`, `unfitBridge` or `noLibtorch`, each with what to do about it.
    public static func open(_ path: String? = nil) async throws(TrainingError) -> TorchBridge {
        let path = try BridgeSearch.find(given: path)
        return try await TorchThread.shared.run { () throws(TrainingError) in try TorchBridge(opening: path) }
    }

    private init(opening path: String) throws(TrainingError) {
        var api: UnsafePointer<opnilog_torch_api>?
        var error = opnilog_torch_error()
        let status = opnilog_torch_open(path, &api, &error)
        guard status == OPNILOG_TORCH_OK, let api else { throw .torch(status, error.message) }
        self.path = path
        self.api = api
    }

    /// Starts libtorch and tells what it is; for `doctor` and reports.
    ///
    /// - Parameters:
    ///   - device: Where a model is to be computed; `.auto` never fails for want of CUDA.
    ///   - threads: Threads on a CPU, at least 1; nil takes the physical cores that this process may use.
    /// - Throws: `noDevice`, or `invalidSetting` for a number of threads that cannot be.
    public func start(
        device: ComputeDevice = .auto,
        threads: Int? = nil
    ) async throws(TrainingError) -> TorchFacts {
        let threads = threads ?? PhysicalCores.available
        guard (1...1024).contains(threads) else {
            throw TrainingError(.invalidSetting, "\(threads) threads were asked for; give a number from 1 to 1024.")
        }
        return try await TorchThread.shared.run { () throws(TrainingError) in
            try startNow(device: device, threads: Int32(threads))
        }
    }

    /// Models that were made and not yet freed.
    func liveModels() async throws(TrainingError) -> Int {
        try await TorchThread.shared.run { Int(api.pointee.live()) }
    }

    private func startNow(device: ComputeDevice, threads: Int32) throws(TrainingError) -> TorchFacts {
        switch device {
        case .cpu:
            try call(threads: threads, device: OPNILOG_TORCH_CPU)
            return try facts(on: .cpu)
        case .cuda(let index):
            // The driver first: without it, or without the GPU, a libtorch for CUDA would be fetched for nothing.
            let gpu = try describe(gpu: index)
            try call(threads: threads, device: OPNILOG_TORCH_CUDA)
            let facts = try facts(on: device)
            guard index < facts.cudaDevices else { throw .unusable(gpu, by: facts) }
            return facts
        case .auto:
            guard let gpu = try? describe(gpu: 0) else { return try startNow(device: .cpu, threads: threads) }
            do {
                return try startNow(device: .cuda(0), threads: threads)
            } catch {
                var facts = try startNow(device: .cpu, threads: threads)
                facts.unusedGPU = "cuda:0, \(gpu.name), is not used: \(error.message)"
                return facts
            }
        }
    }

    func call(threads: Int32, device: Int) throws(TrainingError) {
        var args = opnilog_torch_start_args()
        args.size = MemoryLayout<opnilog_torch_start_args>.size
        args.threads = threads
        args.device = Int32(device)
        var error = opnilog_torch_error()
        let status = api.pointee.start(&args, &error)
        guard status == OPNILOG_TORCH_OK else { throw .torch(status, error.message) }
    }

    func facts(on device: ComputeDevice) throws(TrainingError) -> TorchFacts {
        var facts = opnilog_torch_facts()
        facts.size = MemoryLayout<opnilog_torch_facts>.size
        var error = opnilog_torch_error()
        let status = api.pointee.facts(&facts, &error)
        guard status == OPNILOG_TORCH_OK else { throw .torch(status, error.message) }
        return TorchFacts(
            version: String(cString: opnilog_torch_facts_version(&facts)),
            cpuCapability: String(cString: opnilog_torch_facts_capability(&facts)),
            threads: Int(facts.threads),
            cudaDevices: Int(facts.cuda_devices),
            device: device,
            cudaVersion: String(cString: opnilog_torch_facts_cuda_version(&facts)),
            blas: String(cString: opnilog_torch_facts_blas(&facts)),
            environment: TorchFacts.environment(of: device))
    }
}

/// What libtorch is and has, once started.
public struct TorchFacts: Sendable, Hashable {
    /// Version of libtorch that the bridge was built for, e.g. `2.13.0`.
    public var version: String
    /// Instruction set of its kernels on this CPU, e.g. `AVX2`.
    public var cpuCapability: String
    /// Threads it computes with on a CPU.
    public var threads: Int
    /// CUDA devices that it can use; 0 unless CUDA was wanted.
    public var cudaDevices: Int
    /// The device that `.auto` came to, or the one that was asked for.
    public var device: ComputeDevice
    /// Release of CUDA that libtorch was built for, e.g. `13.0`; empty for a build for CPUs.
    public var cudaVersion: String
    /// The library of its matrix products on a CPU, e.g. `mkl`; empty if it does not say.
    public var blas: String
    /// What the environment tells the libraries of matrix products on the device, by the name of the variable; without
    /// those that are not set.
    var environment: [String: String] = [:]
    /// Why `.auto` came to the CPU though there is a GPU, and what to do; nil where it did not.
    public var unusedGPU: String?

    /// Called once the bridge is open, which sets what the operator has not.
    fileprivate static func environment(of device: ComputeDevice) -> [String: String] {
        var environment: [String: String] = [:]
        for name in variables(of: device) {
            guard let value = getenv(name) else { continue }
            environment[name] = String(cString: value)
        }
        return environment
    }

    /// The variables that change how results are rounded.
    static func variables(of device: ComputeDevice) -> [String] {
        device == .cpu ? ["MKL_CBWR", "MKL_DYNAMIC"] : ["CUBLAS_WORKSPACE_CONFIG"]
    }

    /// Version and build in words, e.g. `2.13.0 for CUDA 13.0 with mkl`: another build rounds otherwise.
    public var build: String {
        let target = cudaVersion.isEmpty ? "CPUs" : "CUDA \(cudaVersion)"
        return "\(version) for \(target)" + (blas.isEmpty ? "" : " with \(blas)")
    }
}

extension opnilog_torch_error {
    var message: String { withUnsafePointer(to: self) { String(cString: opnilog_torch_error_text($0)) } }
}
