#pragma once

// Numbers from the host to a GPU without waiting for it: through pinned memory, many arrays in one copy.

#include <cstring>
#include <vector>

#include "bridge.h"

namespace opnilog {

/// Index arrays that go to the device of `options` together.
class Upload {
  public:
    explicit Upload(const at::TensorOptions &options) : device_(options.device()) {}

    /// Adds an array and returns its place for `get`.
    size_t add(const int64_t *numbers, size_t count) {
        begins_.push_back(numbers_.size());
        numbers_.insert(numbers_.end(), numbers, numbers + count);
        return begins_.size() - 1;
    }
    size_t add(const std::vector<int64_t> &numbers) { return add(numbers.data(), numbers.size()); }

    void send() {
        sent_ = to_device(at::from_blob(numbers_.data(), {int64_t(numbers_.size())}, at::kLong), device_);
        begins_.push_back(numbers_.size());
    }
    at::Tensor get(size_t place) const {
        return sent_.narrow(0, int64_t(begins_[place]), int64_t(begins_[place + 1] - begins_[place]));
    }

    /// A copy on `device` of numbers on the host, which are contiguous.
    static at::Tensor to_device(const at::Tensor &host, c10::Device device) {
        if (device.is_cpu()) return host.clone();
        if (host.is_pinned()) return host.to(device, /*non_blocking=*/true);
        // Not `pin_memory`, which copies by all of libtorch's threads: to wake those takes longer than the copy.
        const auto pinned = at::empty(host.sizes(), host.options().pinned_memory(true));
        std::memcpy(pinned.mutable_data_ptr(), host.const_data_ptr(), host.nbytes());
        return pinned.to(device, /*non_blocking=*/true);
    }

  private:
    c10::Device device_;
    std::vector<int64_t> numbers_;
    std::vector<size_t> begins_;
    at::Tensor sent_;
};

}  // namespace opnilog
