#pragma once

// Ranks on a CPU without most of the logits that they hang on.

#include "fused_loss.h"
#include "model.h"

namespace opnilog {

/// Of the values that the model has now; nothing where libtorch was built without LAPACK.
std::optional<LogitBounds> bound_logits(const opnilog_torch_model &model);

namespace fused {

/// Rows of which the ranks are sought: what is known of their logits, and what the others are computed from.
template <typename T>
struct BoundedLogits {
    Logits<T> leads;      // products of leads; the bias is padded
    const T *rests;       // [rows] lengths
    const T *slacks;      // [rows] by how much rounding can make a bound too narrow
    const T *word_rests;  // [padded words] lengths
    const T *hidden;      // [rows, 256]
    const T *vectors;     // [words, 256]
};

/// A row whose bounds leave so many words open that a matrix product finds its rank sooner.
constexpr int64_t kOpen = -1;

/// As `rank`, or `kOpen`; of the words that the bounds leave open the logits are computed.
template <typename T>
void rank_by_bounds(const BoundedLogits<T> &logits, int64_t *rank);

}  // namespace fused
}  // namespace opnilog
