#pragma once

// A file that Python's torch.save wrote, before anybody asks what is in it.

#include <ATen/ATen.h>

#include <memory>
#include <optional>
#include <string>

#include "bridge.h"
#include "pickle.h"

namespace opnilog {

[[noreturn]] void bad_file(const std::string &what);

/// Runs `body`, whose exceptions mean that the file is damaged, but for a lack of memory.
template <typename Body>
auto reading(const std::string &what, const Body &body) {
    try {
        return body();
    } catch (const c10::Error &error) {
        if (lacks_memory(error)) throw;
        bad_file(what + ": " + error.what_without_backtrace());
    }
}

/// Of a pickle; a model's has some 15 KiB.
constexpr size_t kMostPickleBytes = 16 << 20;

/// What was saved, and the tensors that it refers to.
class ModelFile {
  public:
    virtual ~ModelFile() = default;

    virtual const pickle::Value &root() const = 0;

    /// The numbers of a view, contiguous, on the CPU, in the file's type.
    at::Tensor tensor(const std::string &name, const pickle::Tensor &view);

  protected:
    /// Bytes of a storage; nothing if the file has none of that key.
    virtual std::optional<size_t> size_of(const std::string &key) = 0;
    virtual at::DataPtr bytes_of(const std::string &name, const std::string &key, size_t size) = 0;
};

/// The type of the numbers in a storage; throws `Failure` (BAD_FILE) if they are not floating-point.
at::ScalarType number_type(const std::string &name, const std::string &storage);

/// The zip that torch writes since 1.6.
std::unique_ptr<ModelFile> open_zip(const std::string &path);

/// The form before it: pickles one after the other, then the storages.
std::unique_ptr<ModelFile> open_legacy(const std::string &path);

/// Whether a file begins as that form does.
bool is_legacy(const std::string &path);

}  // namespace opnilog
