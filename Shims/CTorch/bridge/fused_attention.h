#pragma once

// Attention of position 0 for all masked variants of each log of a part.

#include "fused_rows.h"

namespace opnilog::fused {

/// Where attention's operands stand, or their gradients: [logs, 256], [tokens, 256] and [longest, 256], eight heads of 32
/// side by side.
template <typename T>
struct Operands {
    T *query;  // scaled by 1 / √32
    T *key, *value;
    T *mask_key, *mask_value;  // of <MASK> at each position
};

/// Softmax weights as attention leaves them for the way back.
template <typename T>
class Weights {
  public:
    explicit Weights(const Part &part);
    /// [length - 1, length] of a log (from 0) and a head.
    T *of(int64_t log, int64_t head) const { return numbers_.get() + begin_[size_t(log)] + head * size_[size_t(log)]; }

  private:
    std::vector<int64_t> begin_, size_;
    std::unique_ptr<T[]> numbers_;
};

/// `attended` is [rows, 256].
template <typename T>
void attend(const Part &part, const Operands<T> &operands, const Dropout &dropout, const Weights<T> &weights, T *attended);

/// Sets the operands' gradients, from that of `attended`.
template <typename T>
void attend_back(const Part &part, const Operands<T> &operands, const Dropout &dropout, const Weights<T> &weights,
                 const T *attended_gradient, const Operands<T> &gradients);

}  // namespace opnilog::fused
