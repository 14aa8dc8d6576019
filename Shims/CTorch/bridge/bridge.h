#pragma once

// What all files of the bridge share: failures, and the one macro that keeps exceptions inside.

#include <ATen/ATen.h>
#include <c10/util/Exception.h>

#include <cstdio>
#include <stdexcept>
#include <string>

#include "opnilog_torch.h"

namespace opnilog {

/// A failure with a status of its own; everything else that is thrown becomes OPNILOG_TORCH_FAILED.
struct Failure : std::runtime_error {
    opnilog_torch_status status;
    Failure(opnilog_torch_status status, const std::string &text) : std::runtime_error(text), status(status) {}
};

inline void require(bool condition, const std::string &text) {
    if (!condition) throw Failure(OPNILOG_TORCH_BAD_ARGUMENT, text);
}

/// Whether it is memory that was lacking, a GPU's or the host's; where its allocator was not asked libtorch says so in
/// words only.
inline bool lacks_memory(const std::exception &failure) {
    if (dynamic_cast<const c10::OutOfMemoryError *>(&failure) != nullptr) return true;
    if (dynamic_cast<const std::bad_alloc *>(&failure) != nullptr) return true;
    if (const auto *ours = dynamic_cast<const Failure *>(&failure)) return ours->status == OPNILOG_TORCH_NO_MEMORY;
    const auto *error = dynamic_cast<const c10::Error *>(&failure);
    if (error == nullptr) return false;
    const auto says = [&](const char *words) { return error->msg().find(words) != std::string::npos; };
    return says("DefaultCPUAllocator: can't allocate memory") || says("CUDA error: out of memory") ||
           says("CUBLAS_STATUS_ALLOC_FAILED");
}

inline opnilog_torch_status report(opnilog_torch_error *error, opnilog_torch_status status, const char *text) {
    std::snprintf(error->text, sizeof error->text, "%s", text);
    return status;
}

/// Runs `body`; whatever it throws leaves as a status and a text.
template <typename Body>
opnilog_torch_status guarded(opnilog_torch_error *error, const Body &body) noexcept {
    try {
        body();
        return OPNILOG_TORCH_OK;
    } catch (const Failure &failure) {
        return report(error, failure.status, failure.what());
    } catch (const std::exception &failure) {
        const auto *of_libtorch = dynamic_cast<const c10::Error *>(&failure);
        return report(error, lacks_memory(failure) ? OPNILOG_TORCH_NO_MEMORY : OPNILOG_TORCH_FAILED,
                      of_libtorch != nullptr ? of_libtorch->what_without_backtrace() : failure.what());
    } catch (...) {
        return report(error, OPNILOG_TORCH_FAILED, "something that is no std::exception was thrown");
    }
}

}  // namespace opnilog

/// Wraps the body of every function of the table: `OPNILOG_BODY(error, { … })`.
#define OPNILOG_BODY(error, ...) \
    return opnilog::guarded((error), [&]() __VA_ARGS__)
