// Threads, determinism and devices of libtorch as a whole.

#include "runtime.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <dlfcn.h>
#include <torch/version.h>
#include <unistd.h>

#include <mutex>
#include <set>
#include <thread>

#include "simd.h"

namespace opnilog {

namespace {

/// Opens libtorch_cuda.so beside libtorch_cpu.so. It registers itself when it is loaded, so this must come
/// before libtorch first asks which devices there are.
void open_cuda() {
    if (c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA)) return;
    Dl_info where;
    std::string path = "libtorch_cuda.so";
    if (dladdr(reinterpret_cast<const void *>(&at::set_num_threads), &where) != 0 && where.dli_fname != nullptr) {
        const std::string cpu = where.dli_fname;
        path = cpu.substr(0, cpu.rfind('/') + 1) + path;
    }
    if (access(path.c_str(), F_OK) != 0)
        throw Failure(OPNILOG_TORCH_NO_CUDA, "this libtorch is a build for CPUs: there is no " + path);
    // By its path: the wheel's libraries find their neighbours (nvidia/*/lib) by an RPATH that begins where they lie.
    // Global, because the libraries of CUDA look each other's symbols up.
    if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
        const char *reason = dlerror();
        throw Failure(
            OPNILOG_TORCH_NO_CUDA, path + " does not open: " + (reason == nullptr ? "unknown reason" : reason));
    }
}

template <size_t N>
void copy_text(char (&to)[N], const std::string &text) {
    std::snprintf(to, N, "%s", text.c_str());
}

/// What libtorch was built with, by the name that `torch.__config__.show()` lists; empty if that is not listed.
std::string build_setting(const std::string &name) {
    const std::string all = at::show_config();
    // Behind a space, so that no name is found in the end of another.
    const size_t at = all.find(" " + name + "=");
    if (at == std::string::npos) return "";
    const size_t from = at + name.size() + 2;
    return all.substr(from, all.find(',', from) - from);
}

/// How many threads a loop of ours has; seen rather than asked, so that a bridge whose loops do not share libtorch's threads
/// cannot say that they do.
int threads_of_a_loop() {
    std::mutex mutex;
    std::set<std::thread::id> threads;
    in_shares([&](int64_t, int64_t) {
        const std::lock_guard<std::mutex> guard(mutex);
        threads.insert(std::this_thread::get_id());
    });
    return int(threads.size());
}

}  // namespace

void start(const opnilog_torch_start_args &args) {
    require(args.size >= sizeof(opnilog_torch_start_args), "start: the arguments are of another version");
    require(args.threads >= 1, "libtorch needs at least one thread");
    if (at::get_num_threads() != args.threads) at::set_num_threads(args.threads);
    at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
    // Determinism would otherwise also fill every new tensor with NaN, which costs a pass over it.
    at::globalContext().setDeterministicFillUninitializedMemory(false);
    if (args.device == OPNILOG_TORCH_CUDA) open_cuda();
}

void fill_facts(opnilog_torch_facts &facts) {
    require(facts.size >= sizeof(opnilog_torch_facts), "facts: the result is of another version");
    copy_text(facts.torch_version, TORCH_VERSION);
    copy_text(facts.cpu_capability, at::get_cpu_capability());
    facts.threads = threads_of_a_loop();
    facts.cuda_devices = cuda_devices();
    copy_text(facts.cuda_version, cuda_version());
    copy_text(facts.blas, build_setting("BLAS_INFO"));
}

std::string cuda_version() { return build_setting("CUDA_VERSION"); }

int cuda_devices() {
    if (!c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA)) return 0;
    // What is wrong with a driver is told by errors of ours, not on standard error.
    struct : c10::WarningHandler {
        void process(const c10::Warning &) override {}
    } ignored;
    c10::WarningUtils::WarningHandlerGuard guard(&ignored);
    return c10::impl::getDeviceGuardImpl(c10::DeviceType::CUDA)->deviceCount();
}

}  // namespace opnilog
