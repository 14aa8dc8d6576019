#pragma once

// Kernels of ours for a GPU, where libtorch's operators would need many small ones. They are text that NVRTC compiles for
// the GPU at hand: it comes with every libtorch for CUDA, so the bridge is built by a C++ compiler alone all the same.

#include "dropout.h"

namespace opnilog::gpu {

/// Factors of dropout, [numbers]: of `vectors` rows of 256 (a part's tokens, then <MASK> at each position), of its logs'
/// attention weights, [logs, 8, 64], and three times of its rows, [3, rows, 256]. The same that `draw_dropout` draws.
at::Tensor dropout_factors(const Dropout &dropout, const Part &part, int64_t vectors, const at::Tensor &log_of,
                           const at::TensorOptions &options);

/// What a norm keeps of its rows for the way back.
struct Normed {
    at::Tensor values;      // [rows, 256] normalised, before scale and shift
    at::Tensor deviations;  // [rows]
};

/// norm(base + x · factors) · scale + shift of rows of 256.
///
/// - base: Rows to add, or undefined; `base_index` names those of them that are meant, undefined for each its own.
/// - factors: Undefined for ones.
at::Tensor norm(const at::Tensor &x, const at::Tensor &base, const at::Tensor &base_index, const at::Tensor &factors,
                const at::Tensor &scale, const at::Tensor &shift, Normed &normed);

/// The gradient of what was normalised; `parameters` becomes those of scale and shift, one behind the other, [512].
at::Tensor norm_back(const at::Tensor &gradient, const Normed &normed, const at::Tensor &scale, at::Tensor &parameters);

/// Turns products without bias, [rows, words], into the gradient of their weighted cross-entropy over `total_weight`.
///
/// - Returns: Each row's weighted cross-entropy, [rows], float64.
at::Tensor cross_entropy(const at::Tensor &products, const at::Tensor &bias, const at::Tensor &label,
                         const at::Tensor &weight, double total_weight);

}  // namespace opnilog::gpu
