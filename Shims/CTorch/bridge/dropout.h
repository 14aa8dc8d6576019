#pragma once

// The dropout masks of one step. The variants of a log share its masks (docs/decisions): each row then has the
// law of independent dropout, so the expected gradient is the same.

#include "layout.h"

namespace opnilog {

/// Factors 0 or 1 / (1 - p); undefined tensors where nothing is dropped.
struct Dropout {
    at::Tensor token;      // [tokens, 256] embedded tokens
    at::Tensor mask;       // [64, 256] the embedded <MASK> at each position
    at::Tensor attention;  // [logs, 8, 64] attention weights
    at::Tensor attended;   // [logs, 256] output of the attention sub-layer
    at::Tensor inner;      // [logs, 256] inside the feed-forward
    at::Tensor outer;      // [logs, 256] output of the feed-forward
};

/// Masks as a function of (seed, step), equal on every device and for any number of threads.
Dropout draw_dropout(double share, uint64_t seed, uint64_t step, const Layout &layout, const at::TensorOptions &options);

/// `values * factors`, or `values` where nothing is dropped.
inline at::Tensor dropped(const at::Tensor &values, const at::Tensor &factors) {
    return factors.defined() ? values * factors : values;
}

}  // namespace opnilog
