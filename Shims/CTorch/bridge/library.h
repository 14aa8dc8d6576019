#pragma once

// Libraries that are opened by name, because the bridge is built and used where there is neither the library nor its header.

#include <dlfcn.h>

#include "bridge.h"

namespace opnilog {

/// A shared library that is open, and what is found in it.
class Library {
  public:
    /// Never closed: others use it too, and what is started in it is the process's.
    ///
    /// - status, missing: Of the failure where it is not there.
    Library(const std::string &name, opnilog_torch_status status, const char *missing)
        : name_(name), status_(status), library_(dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) {
        if (library_ == nullptr) throw Failure(status_, std::string(missing) + ": " + dlerror());
    }

    template <typename Function>
    void find(const char *symbol, Function &function) const {
        function = reinterpret_cast<Function>(dlsym(library_, symbol));
        if (function == nullptr) throw Failure(status_, name_ + " has no " + symbol);
    }

  private:
    const std::string name_;
    const opnilog_torch_status status_;
    void *const library_;
};

/// NVIDIA's driver.
inline Library driver_library() { return {"libcuda.so.1", OPNILOG_TORCH_NO_DRIVER, "there is no NVIDIA driver"}; }

}  // namespace opnilog
