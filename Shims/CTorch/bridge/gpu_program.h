#pragma once

// Text of CUDA, compiled for a GPU when it is first needed, and its kernels launched by NVIDIA's driver.

#include <map>
#include <string>

#include "bridge.h"

namespace opnilog::gpu {

/// A text for one GPU and one type of numbers, which it knows as REAL.
class Program {
  public:
    /// Compiled once in the life of a process; all calls are made on one thread.
    static Program &of(const char *source, const at::TensorOptions &options);

    /// Starts a kernel behind all that was started before it. Arguments must be of exactly the kernel's types.
    template <typename... Arguments>
    void launch(const char *kernel, int64_t blocks, int64_t threads, Arguments... arguments) {
        void *places[] = {&arguments...};
        start(kernel, blocks, threads, places);
    }

  private:
    Program(const char *source, const at::TensorOptions &options);
    void start(const char *kernel, int64_t blocks, int64_t threads, void **arguments);

    c10::Device device_;
    void *module_ = nullptr;
    std::map<std::string, void *> kernels_;
};

}  // namespace opnilog::gpu
