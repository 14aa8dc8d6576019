import Glibc
import Testing

@testable import opnilog_train

/// What `doctor` says of libtorch and GPUs: drivers and libraries of a few lines of C stand in for those that are not
/// there, and are found before those that are.
@Suite(
    "doctor: GPUs",
    .enabled(if: Prerequisites.runsTorch, "no bridge to libtorch: make libtorch, or set OPNILOG_TORCH"),
    .timeLimit(.minutes(30)))
struct DoctorCommandTests {
    private let folder = TestFolder()

    /// Lines of `doctor`, without those that say nothing of GPUs.
    private func doctor(_ device: String, libraries: String) async throws -> (lines: [String], code: Int32) {
        var environment = Prerequisites.environment
        environment["LD_LIBRARY_PATH"] = folder.path(libraries)
        let run = try await ProgramRun.of(["doctor", "--device", device], environment: environment)
        #expect(run.errors.isEmpty, "\(run.errors)")
        let lines = run.output.split(separator: "\n").map(String.init)
        return (
            lines.filter { line in !["machine", "server", "disk"].contains { line.dropFirst(7).hasPrefix($0) } },
            run.code
        )
    }

    /// A driver with as many GPUs, or one whose start ends with an error.
    private func driver(gpus: Int, failing: Int = 0) throws {
        try folder.write(
            "driver.c",
            """
            #include <stddef.h>
            #include <stdio.h>
            int cuInit(unsigned flags) { return \(failing); }
            int cuGetErrorString(int status, const char **text) { *text = "no GPU is given to you"; return 0; }
            int cuDriverGetVersion(int *version) { *version = 9020; return 0; }
            int cuDeviceGetCount(int *count) { *count = \(gpus); return 0; }
            int cuDeviceGet(int *device, int index) { *device = index + 70; return 0; }
            int cuDeviceGetName(char *name, int size, int device) { return snprintf(name, size, "Some GPU %d", device) < 0; }
            int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = (size_t)(device - 69) << 34; return 0; }
            """)
        try sh("mkdir -p driver && cc -shared -fPIC -o driver/libcuda.so.1 driver.c")
    }

    /// The bridge's libtorch by links, but with a part for CUDA that lacks a library, or with none.
    private func libtorch(cuda: Bool) throws {
        let bridge = try #require(Prerequisites.bridge)
        try sh(
            """
            real=$(dirname "$(ldd '\(bridge)' | sed -n 's/.*libtorch_cpu.so => \\([^ ]*\\) .*/\\1/p')")
            mkdir -p torch/lib && ln -s "$real"/*.so* torch/lib && rm -f torch/lib/libtorch_cuda.so
            [ ! -d "$real/../../nvidia" ] || ln -s "$real/../../nvidia" nvidia
            """)
        guard cuda else { return }
        try sh(
            """
            echo 'int part(void) { return 1; }' > part.c
            echo 'int part(void); int whole(void) { return part(); }' > whole.c
            cc -shared -fPIC -Wl,-soname,libcudnn_gone.so.9 -o libcudnn_gone.so part.c
            cc -shared -fPIC -o torch/lib/libtorch_cuda.so whole.c -L. -lcudnn_gone
            """)
    }

    private func sh(_ commands: String) throws {
        try folder.write("run.sh", "set -e\ncd '\(folder.root)'\n\(commands)\n")
        try #require(system("sh '\(folder.path("run.sh"))'") == 0)
    }

    @Test("what the driver shows is listed, with its memory")
    func listed() async throws {
        try driver(gpus: 2)
        let (lines, code) = try await doctor("auto", libraries: "driver")
        #expect(code == 0)
        #expect(lines.contains("ok     gpu       cuda:0, Some GPU 70, 16 GiB; its driver serves CUDA up to 9.2"))
        #expect(lines.contains("ok     gpu       cuda:1, Some GPU 71, 32 GiB; its driver serves CUDA up to 9.2"))
        // Whatever libtorch this is, it cannot use that driver, and why is said.
        let opensCUDA = lines.contains { $0.hasPrefix("ok     cuda ") }
        let why = opensCUDA ? "-      gpu       cuda:0, Some GPU 70, is not used: " : "-      cuda "
        #expect(lines.contains { $0.hasPrefix(why) })
        #expect(lines.last?.hasPrefix("ok     device    cpu, ") == true)
    }

    @Test("a driver that is too old for libtorch is told from a libtorch for CPUs")
    func oldDriver() async throws {
        try driver(gpus: 1)
        let (lines, code) = try await doctor("cuda", libraries: "driver")
        #expect(code == 69)
        let last = try #require(lines.last)
        if lines[0].contains(" for CUDA ") {
            #expect(last.hasPrefix("FAILS  device    libtorch 2."))
            #expect(last.contains(" cannot use cuda:0, Some GPU 70, whose driver serves CUDA up to 9.2; install "))
        } else {
            #expect(last == "-      device    cuda:0 was not tried")
        }
    }

    @Test("a driver that does not start: nothing is lost under auto, all under cuda")
    func failingDriver() async throws {
        try driver(gpus: 0, failing: 100)
        let text =
            "NVIDIA's driver does not start: no GPU is given to you (100); install the driver (`nvidia-smi` must list the GPU; a container has to be given it), or choose the device cpu."
        let auto = try await doctor("auto", libraries: "driver")
        #expect(auto.code == 0)
        #expect(auto.lines.contains("-      gpu       " + text))
        #expect(auto.lines.last?.hasPrefix("ok     device    cpu, ") == true)
        let cuda = try await doctor("cuda:1", libraries: "driver")
        #expect(cuda.code == 69)
        #expect(cuda.lines.contains("FAILS  gpu       " + text))
        #expect(cuda.lines.last == "-      device    cuda:1 was not tried")
    }

    @Test("a build of libtorch for CPUs: what brings the other")
    func cpuBuild() async throws {
        try libtorch(cuda: false)
        let (lines, code) = try await doctor("auto", libraries: "torch/lib")
        #expect(code == 0)
        let line = try #require(lines.first { $0.hasPrefix("-      cuda      ") })
        #expect(line.hasPrefix("-      cuda      this libtorch is a build for CPUs: there is no "))
        #expect(line.hasSuffix("torch/lib/libtorch_cuda.so; run `make libtorch CUDA=1`, or choose the device cpu."))
        #expect(lines.last?.hasPrefix("ok     device    cpu, ") == true)
    }

    @Test("a library of CUDA that is missing is named")
    func missingLibrary() async throws {
        try libtorch(cuda: true)
        let (lines, code) = try await doctor("cuda", libraries: "torch/lib")
        #expect(code == 69)
        let line = try #require(lines.first { $0.hasPrefix("FAILS  cuda      ") })
        #expect(line.contains("torch/lib/libtorch_cuda.so does not open: libcudnn_gone.so.9: "))
        #expect(line.hasSuffix("; run `make libtorch CUDA=1`, or choose the device cpu."))
        #expect(lines.last == "-      device    cuda:0 was not tried")
    }

    @Test("train says so where a GPU is not used")
    func unused() async throws {
        try driver(gpus: 1)
        try libtorch(cuda: false)
        try folder.write("in.log", String(repeating: "node 1 is ready\npod 7 was started by kubelet\n", count: 20))
        var environment = Prerequisites.environment
        environment["LD_LIBRARY_PATH"] = folder.path("driver") + ":" + folder.path("torch/lib")
        let run = try await ProgramRun.of(
            [
                "train", "--input", folder.path("in.log"), "--output", folder.path("out"), "--samples", "40",
                "--epochs",
                "1", "--steps", "2",
            ], environment: environment)
        #expect(run.code == 0, "\(run.errors)")
        #expect(
            run.errors.contains(
                "warning: cuda:0, Some GPU 70, is not used: this libtorch is a build for CPUs: there is no "))
        #expect(run.errors.contains("; run `make libtorch CUDA=1`, or choose the device cpu."))
    }

    @Test("--device cpu looks for no GPU")
    func cpu() async throws {
        try driver(gpus: 2)
        let (lines, code) = try await doctor("cpu", libraries: "driver")
        #expect(code == 0)
        let heads: [String] = lines.map { String($0.prefix(17)) }
        #expect(heads == ["ok     libtorch  ", "ok     device    "])
        #expect(lines[0].dropFirst(17).contains(" for C"))
    }
}
