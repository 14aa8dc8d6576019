#include "gpu_program.h"

#include <c10/core/DeviceGuard.h>

#include <memory>
#include <vector>

#include "library.h"
#include "runtime.h"

namespace opnilog::gpu {

namespace {

/// NVRTC, the compiler.
struct Compiler {
    int (*create)(void **ret_program, const char *source, const char *name, int headers, const char **, const char **);
    int (*compile)(void *program, int options, const char **option);
    int (*log_size)(void *program, size_t *ret_bytes);
    int (*log)(void *program, char *ret_text);
    int (*binary_size)(void *program, size_t *ret_bytes);
    int (*binary)(void *program, char *ret_bytes);
    int (*destroy)(void **program);

    Compiler() {
        // libtorch has it open already.
        const std::string release = cuda_version();
        const std::string name = "libnvrtc.so." + release.substr(0, release.find('.'));
        const Library library(name, OPNILOG_TORCH_NO_CUDA, "CUDA's compiler does not open");
        library.find("nvrtcCreateProgram", create);
        library.find("nvrtcCompileProgram", compile);
        library.find("nvrtcGetProgramLogSize", log_size);
        library.find("nvrtcGetProgramLog", log);
        library.find("nvrtcGetCUBINSize", binary_size);
        library.find("nvrtcGetCUBIN", binary);
        library.find("nvrtcDestroyProgram", destroy);
    }
};

/// What of NVIDIA's driver loads and starts kernels.
struct Driver {
    int (*attribute)(int *ret_value, int attribute, int device);
    int (*load)(void **ret_module, const void *binary);
    int (*function)(void **ret_function, void *module, const char *name);
    int (*launch)(void *function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned shared, void *stream,
                  void **arguments, void **extra);

    Driver() {
        const auto library = driver_library();
        library.find("cuDeviceGetAttribute", attribute);
        library.find("cuModuleLoadData", load);
        library.find("cuModuleGetFunction", function);
        library.find("cuLaunchKernel", launch);
    }
    static const Driver &shared() {
        static const Driver driver;
        return driver;
    }
};

void check(int status, const char *what) {
    if (status != 0)
        throw Failure(OPNILOG_TORCH_FAILED, std::string(what) + " (CUDA's status " + std::to_string(status) + ")");
}

/// As above, of the driver, which says so where memory is lacking (CUDA_ERROR_OUT_OF_MEMORY).
void check_driver(int status, const char *what) {
    if (status == 2) throw Failure(OPNILOG_TORCH_NO_MEMORY, std::string(what) + ": its memory is full");
    check(status, what);
}

/// The text as a binary for GPUs of an architecture such as "sm_90".
std::vector<char> compile(const char *source, const std::string &architecture, const char *real) {
    static const Compiler compiler;
    void *program = nullptr;
    check(compiler.create(&program, source, "opnilog.cu", 0, nullptr, nullptr), "NVRTC does not begin");
    const std::string options[] = {"--gpu-architecture=" + architecture, std::string("-DREAL=") + real};
    const char *arguments[] = {options[0].c_str(), options[1].c_str()};
    const int status = compiler.compile(program, 2, arguments);
    if (status != 0) {
        size_t bytes = 0;
        compiler.log_size(program, &bytes);
        std::string log(bytes, '\0');
        compiler.log(program, log.data());
        compiler.destroy(&program);
        throw Failure(OPNILOG_TORCH_FAILED, "NVRTC does not compile for " + architecture + ": " + log);
    }
    size_t bytes = 0;
    check(compiler.binary_size(program, &bytes), "NVRTC gives no binary");
    std::vector<char> binary(bytes);
    check(compiler.binary(program, binary.data()), "NVRTC gives no binary");
    compiler.destroy(&program);
    return binary;
}

std::string architecture_of(c10::Device device) {
    // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR.
    int major = 0, minor = 0;
    check_driver(Driver::shared().attribute(&major, 75, device.index()), "a GPU does not tell what it is");
    check_driver(Driver::shared().attribute(&minor, 76, device.index()), "a GPU does not tell what it is");
    return "sm_" + std::to_string(10 * major + minor);
}

}  // namespace

Program &Program::of(const char *source, const at::TensorOptions &options) {
    // Never freed: a module is the process's, and at its end CUDA may be gone already.
    static auto &programs = *new std::map<std::tuple<const char *, c10::DeviceIndex, bool>, std::unique_ptr<Program>>;
    auto &program = programs[{source, options.device().index(), options.dtype() == at::kDouble}];
    if (!program) program.reset(new Program(source, options));
    return *program;
}

Program::Program(const char *source, const at::TensorOptions &options) : device_(options.device()) {
    const c10::DeviceGuard guard(device_);
    const auto binary = compile(source, architecture_of(device_), options.dtype() == at::kDouble ? "double" : "float");
    check_driver(Driver::shared().load(&module_, binary.data()), "a GPU does not take a program");
}

void Program::start(const char *kernel, int64_t blocks, int64_t threads, void **arguments) {
    const c10::DeviceGuard guard(device_);
    auto &function = kernels_[kernel];
    if (function == nullptr)
        check_driver(Driver::shared().function(&function, module_, kernel), "a GPU's program lacks a kernel");
    // On the default stream, as all that libtorch does for us.
    check_driver(Driver::shared().launch(function, unsigned(blocks), 1, 1, unsigned(threads), 1, 1, 0, nullptr, arguments, nullptr),
          "a kernel does not start on a GPU");
}

}  // namespace opnilog::gpu
