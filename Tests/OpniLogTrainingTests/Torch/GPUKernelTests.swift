import Glibc
import Testing

@testable import OpniLogTraining

/// The kernels for a GPU, whose text is C++ enough to run on a CPU. That NVRTC takes it, and that a GPU computes the
/// same, the GPU lane shows.
@Suite(.timeLimit(.minutes(30)))
struct GPUKernelTests {
    @Test func aPlainLoopComputesTheSame() throws {
        let folder = TemporaryFolder()
        let sources = "\(Prerequisites.package)/Shims/CTorch/bridge"
        let test = "\(Prerequisites.package)/Tests/OpniLogTrainingTests/Torch/gpu_kernels_on_cpu.cpp"
        let (text, program) = ("\(folder.path)/kernels.inc", "\(folder.path)/kernels")
        let extraction = run(
            "sed -n '/R\"cuda(/,/)cuda\"/p' '\(sources)/gpu_kernels.cpp' | sed '1d;$d' > '\(text)' && grep -c __global__ '\(text)'"
        )
        #expect(extraction.output == "4\n")
        let build = run(
            "${CXX:-g++} -std=c++20 -O1 -pthread -DKERNELS='\"\(text)\"' -I'\(sources)' -o '\(program)' '\(test)' 2>&1")
        try #require(build.status == 0, "\(build.output)")
        let result = run("'\(program)'")
        #expect(result.status == 0, "\(result.output)")
    }
}
