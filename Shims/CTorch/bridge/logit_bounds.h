#pragma once

// Ranks on a CPU without most of the logits that they hang on.

#include "fused_loss.h"
#include "model.h"

namespace opnilog {

/// Of the model's present vectors.
LogitBounds bound_logits(const opnilog_torch_model &model);

namespace fused {

/// Rows of which the ranks are sought: what is known of their logits, and what the others are computed from.
template <typename T>
struct BoundedLogits {
    Logits<T> heads;       // products of heads; the bias is padded
    const T *tails;        // [rows] lengths
    const T *slacks;       // [rows] what rounding may have made of a bound
    const T *word_tails;   // [padded words] lengths
    const T *hidden;       // [rows, 256]
    const T *vectors;      // [words, 256]
};

/// A row whose bounds leave so many words open that a matrix product finds its rank sooner.
constexpr int64_t kOpen = -1;

/// As `rank`, or `kOpen`; of the words that the bounds leave open the logits are computed.
template <typename T>
void rank_by_bounds(const BoundedLogits<T> &logits, int64_t *rank);

}  // namespace fused
}  // namespace opnilog
