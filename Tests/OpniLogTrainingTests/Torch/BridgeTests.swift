import CTorch
import LogDataset
import Testing

@testable import OpniLogTraining

/// Opening: what is no bridge says what it is and what to do.
@Suite struct BridgeOpeningTests {
    private let folder = TemporaryFolder()

    private func failure(_ path: String) async -> TrainingError? {
        do throws(TrainingError) {
            _ = try await TorchBridge.open(path)
            return nil
        } catch {
            return error
        }
    }

    /// A shared library of a few lines of C.
    private func library(_ name: String, _ source: String, _ options: String = "") -> String {
        folder.write(Array(source.utf8), to: "\(name).c")
        let path = "\(folder.path)/\(name)"
        let include = "\(Prerequisites.package)/Shims/CTorch/include"
        #expect(run("cc -shared -fPIC -I'\(include)' -o '\(path)' '\(path).c' \(options) 2>&1").status == 0)
        return path
    }

    @Test func noSuchFile() async throws {
        let error = try #require(await failure("/nowhere/libopnilog_torch.so"))
        #expect(error.code == .noBridge)
        #expect(
            error.message
                == "/nowhere/libopnilog_torch.so cannot be read: No such file or directory; run `make libtorch`, or give the path of libopnilog_torch.so in OPNILOG_TORCH."
        )
    }

    @Test func noLibrary() async throws {
        folder.write(Array("no library".utf8), to: "text.so")
        let error = try #require(await failure("\(folder.path)/text.so"))
        #expect(error.code == .unfitBridge)
        #expect(error.message.contains("text.so cannot be opened: "))
        #expect(error.message.hasSuffix("; give the path of the libopnilog_torch.so that `make libtorch` built."))
    }

    @Test func anotherLibrary() async throws {
        let path = library("other.so", "int other(void) { return 1; }")
        let error = try #require(await failure(path))
        #expect(error.code == .unfitBridge)
        #expect(error.message.hasPrefix("\(path) is a library, but not opnilog's bridge; "))
    }

    @Test func anotherVersion() async throws {
        let path = library(
            "old.so",
            """
            #include "opnilog_torch.h"
            static const opnilog_torch_api api = {OPNILOG_TORCH_ABI_VERSION + 1, sizeof api};
            const opnilog_torch_api *opnilog_torch_bridge(void) { return &api; }
            """)
        let error = try #require(await failure(path))
        #expect(error.code == .unfitBridge)
        #expect(error.message.hasPrefix("\(path) speaks version \(OPNILOG_TORCH_ABI_VERSION + 1) ("))
        #expect(error.message.hasSuffix("; run `make libtorch` of the same release as this program."))
    }

    @Test func aSmallerTable() async throws {
        let path = library(
            "small.so",
            """
            #include "opnilog_torch.h"
            static const opnilog_torch_api api = {OPNILOG_TORCH_ABI_VERSION, 8};
            const opnilog_torch_api *opnilog_torch_bridge(void) { return &api; }
            """)
        let error = try #require(await failure(path))
        #expect(error.code == .unfitBridge)
        #expect(error.message.contains("(8 bytes)"))
    }

    /// Of libtorch itself, or of CUDA where that is a build for GPUs.
    @Test(arguments: ["libtorch_gone.so", "libcudart_gone.so.13"])
    func libtorchIsGone(name: String) async throws {
        // Not the name of the real one, which another test may have opened.
        _ = library(name, "int torch(void) { return 1; }", "-Wl,-soname,\(name)")
        let path = library(
            "bridge.so", "int torch(void); int use(void) { return torch(); }",
            "-L'\(folder.path)' -l:\(name) -Wl,-soname,bridge.so")
        #expect(run("rm '\(folder.path)/\(name)'").status == 0)
        let error = try #require(await failure(path))
        #expect(error.code == .noLibtorch)
        #expect(error.message.hasPrefix("\(path) was built for a libtorch that is not there: \(name)"))
        #expect(error.message.contains("run `make libtorch`"))
    }
}

@Suite struct BridgeSearchTests {
    @Test func theGivenPathIsTakenAsItIs() throws {
        #expect(try BridgeSearch.find(given: "/a", environment: "/b", program: "/c") == "/a")
        #expect(try BridgeSearch.find(given: nil, environment: "/b", program: "/c") == "/b")
        #expect(try BridgeSearch.find(given: nil, environment: "x.so", program: "/c") == "./x.so")
    }

    @Test func besideTheProgramComesBeforeTheBuildFolder() {
        let candidates = BridgeSearch.candidates(besides: "/p/.build/x/release/opnilog-train")
        #expect(candidates.first == "/p/.build/x/release/libopnilog_torch.so")
        #expect(candidates.contains("/p/.build/bridge/libopnilog_torch.so"))
        #expect(
            BridgeSearch.candidates(besides: "/p/Examples/E/.build/debug/E")
                .contains("/p/.build/bridge/libopnilog_torch.so"))
    }

    @Test func noneIsAnErrorThatSaysWhatToDo() throws {
        let error = try #require(throws: TrainingError.self) {
            try BridgeSearch.find(given: nil, environment: nil, program: "/nowhere/x")
        }
        #expect(error.code == .noBridge)
        #expect(
            error.message
                == "There is no libtorch for this program: run `make libtorch`, or give the path of libopnilog_torch.so in OPNILOG_TORCH."
        )
    }

    @Test func devicesAreRead() {
        #expect(ComputeDevice("auto") == .auto)
        #expect(ComputeDevice("cpu") == .cpu)
        #expect(ComputeDevice("cuda") == .cuda(0))
        #expect(ComputeDevice("cuda:3") == .cuda(3))
        for wrong in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "CPU"] { #expect(ComputeDevice(wrong) == nil) }
        #expect("\(ComputeDevice.cuda(3)) \(ComputeDevice.auto) \(ComputeDevice.cpu)" == "cuda:3 auto cpu")
    }

    @Test func coresAreCountedOnce() {
        let cores = [(0, 0), (0, 1), (0, 0), (1, 0)]
        let text = zip(0..., cores).map { number, core in
            "processor\t: \(number)\nphysical id\t: \(core.0)\ncore id\t\t: \(core.1)\n\n"
        }.joined()
        #expect(PhysicalCores.count(in: text) == 3)
        #expect(PhysicalCores.count(in: text, among: [0, 2]) == 1, "a pod that got two threads of one core")
        #expect(PhysicalCores.count(in: text, among: [1, 2, 3]) == 3)
        #expect(PhysicalCores.count(in: text, among: [2, 3, 4, 5]) == 3, "a container that numbers them anew")
        #expect(PhysicalCores.count(in: "processor : 0\n") == 0)
        #expect(PhysicalCores.available >= 1)
    }

    @Test func theMakerOfTheProcessorIsRead() {
        #expect(CPUInfo.maker(in: "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel\t\t: 1\n") == "AuthenticAMD")
        #expect(CPUInfo.maker(in: "processor\t: 0\nCPU implementer\t: 0x41\n") == "0x41")
        #expect(CPUInfo.maker(in: "") == "unknown")
    }
}

@Suite(.enabled(if: Prerequisites.hasBridge, "\(Prerequisites.bridgeReason)"))
struct BridgeStartTests {
    @Test func libtorchTellsWhatItIs() async throws {
        let bridge = try await TorchBridge.open(Prerequisites.bridge)
        let facts = try await bridge.start(device: Prerequisites.device, threads: 2)
        #expect(facts.version.hasPrefix("2."))
        #expect(!facts.cpuCapability.isEmpty)
        #expect(!facts.blas.isEmpty)
        let target = facts.cudaVersion.isEmpty ? "CPUs" : "CUDA \(facts.cudaVersion)"
        #expect(facts.build == "\(facts.version) for \(target) with \(facts.blas)")
        #expect(facts.threads == 2)
        #expect(facts.device == Prerequisites.device)
        #expect(try await bridge.start(device: Prerequisites.device, threads: 1).threads == 1)
    }

    /// With a second one, loops of ours and of libtorch's would each have a team of threads, which fight for the cores.
    @Test func oneOpenMP() async throws {
        let bridge = try await TorchBridge.open(Prerequisites.bridge)
        _ = try await bridge.start(device: Prerequisites.device, threads: 2)
        let maps = String(decoding: readFile("/proc/self/maps"), as: UTF8.self)
        let libraries = Set(maps.split(separator: "\n").compactMap { $0.split(separator: "/").last })
        let names = ["libgomp", "libomp", "libiomp"]
        #expect(libraries.filter { library in names.contains { library.hasPrefix($0) } }.count == 1)
    }

    @Test func threadsMustBePossible() async throws {
        let bridge = try await TorchBridge.open(Prerequisites.bridge)
        let error = await #expect(throws: TrainingError.self) {
            try await bridge.start(device: Prerequisites.device, threads: 0)
        }
        #expect(error?.code == .invalidSetting)
        #expect(error?.message == "0 threads were asked for; give a number from 1 to 1024.")
    }

    @Test func aDeviceThatIsNotThere() async throws {
        let bridge = try await TorchBridge.open(Prerequisites.bridge)
        let error = await #expect(throws: TrainingError.self) {
            try await bridge.start(device: .cuda(99), threads: 1)
        }
        #expect(error?.code == .noDevice)
        // Without a driver it is that which is missing; with one, the GPUs are counted.
        let gpus = (try? await bridge.gpus().count) ?? 0
        let missing = gpus == 0 ? "driver" : "there is no GPU 99, but \(gpus) in all; "
        #expect(error?.message.contains(missing) == true)
        #expect(error?.message.contains("choose the device cpu") == true)
    }

    @Test func brokenBatchesAreRefusedByName() async throws {
        let bridge = try await TorchBridge.open(Prerequisites.bridge)
        _ = try await bridge.start(device: Prerequisites.device, threads: 1)
        let cases: [(Batch, String)] = [
            (Batch(logs: [[1, 24]]), "log 0 of the batch has the token 24, and the model 24 words"),
            (Batch(logs: [[1, -1]]), "log 0 of the batch has the token -1, and the model 24 words"),
            (Batch(logs: [[1, 5], [1]]), "log 1 of the batch has 1 tokens, not 2 to 64"),
            (
                Batch(tokens: Batch(logs: [[1, 5]]).tokens, lengths: [65], multiplicities: [1]),
                "log 0 of the batch has 65 tokens, not 2 to 64"
            ),
            (
                Batch(tokens: Batch(logs: [[1, 5]]).tokens, lengths: [2], multiplicities: [0]),
                "log 0 of the batch has no multiplicity"
            ),
        ]
        for (batch, text) in cases {
            let error = await #expect(throws: TrainingError.self) {
                try await TorchThread.shared.run { () throws(TrainingError) in
                    let model = try TorchModel.create(
                        bridge, words: 24, seed: 0, place: .init(device: Prerequisites.device))
                    _ = try model.step(batch, .init(learningRate: 1e-3))
                }
            }
            #expect(error?.code == .failed)
            #expect(error?.message.hasPrefix(text) == true, "\(String(describing: error))")
        }
    }
}
