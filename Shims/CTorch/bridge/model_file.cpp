#include "model_file.h"

#include <ATen/ops/from_blob.h>

#include "bridge.h"

namespace opnilog {

namespace {

/// Of one tensor's data: twelve times the largest that a model has, so that a false size allocates nothing absurd.
constexpr size_t kMostTensorBytes = 256 << 20;

struct NumberType {
    const char *storage;
    at::ScalarType type;
};
constexpr NumberType kNumberTypes[] = {
    {"FloatStorage", at::kFloat}, {"DoubleStorage", at::kDouble}, {"HalfStorage", at::kHalf},
    {"BFloat16Storage", at::kBFloat16},
};

/// Sizes are those that the model wants (checked before), so nothing here can overflow but the strides.
void check_inside(const std::string &name, const pickle::Tensor &view) {
    int64_t last = view.offset;
    bool inside = view.offset >= 0 && view.offset < view.storage_numbers;
    for (size_t i = 0; inside && i < view.sizes.size(); ++i) {
        inside = view.strides[i] >= 0 && view.strides[i] <= view.storage_numbers;
        if (inside) last += (view.sizes[i] - 1) * view.strides[i];
        inside = inside && last < view.storage_numbers;
    }
    if (!inside) bad_file(name + " reaches beyond its data");
}

}  // namespace

void bad_file(const std::string &what) { throw Failure(OPNILOG_TORCH_BAD_FILE, what); }

at::ScalarType number_type(const std::string &name, const std::string &storage) {
    for (const auto &known : kNumberTypes)
        if (storage == known.storage) return known.type;
    bad_file(name + " holds " + storage + ", not floating-point numbers");
}

at::Tensor ModelFile::tensor(const std::string &name, const pickle::Tensor &view) {
    const auto type = number_type(name, view.storage_type);
    const size_t item = c10::elementSize(type);
    const auto size = size_of(view.storage_key);
    if (!size) bad_file(name + " has no data in the file");
    // Checked before anything of that size is allocated.
    if (*size > kMostTensorBytes) bad_file(name + " has " + std::to_string(*size) + " bytes of data");
    if (*size % item != 0 || view.storage_numbers != int64_t(*size / item))
        bad_file(name + " has " + std::to_string(*size) + " bytes of data for " + std::to_string(view.storage_numbers) + " numbers");
    check_inside(name, view);
    const auto data = bytes_of(name, view.storage_key, *size);
    auto *start = static_cast<char *>(data.get()) + size_t(view.offset) * item;
    return at::from_blob(start, view.sizes, view.strides, at::TensorOptions().dtype(type)).clone(at::MemoryFormat::Contiguous);
}

}  // namespace opnilog
