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

/// Whether it is memory that was lacking, a GPU's or the host's; of the latter libtorch says so in words only.
inline bool lacks_memory(const std::exception &failure) {
    if (dynamic_cast<const c10::OutOfMemoryError *>(&failure) != nullptr) return true;
    if (dynamic_cast<const std::bad_alloc *>(&failure) != nullptr) return true;
    const auto *error = dynamic_cast<const c10::Error *>(&failure);
    return error != nullptr && error->msg().find("DefaultCPUAllocator: can't allocate memory") != std::string::npos;
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
