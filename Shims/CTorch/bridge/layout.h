#pragma once

// How a batch of logs lies in tensors: tokens packed without padding for everything that is computed a token,
// groups of logs of like length for attention, and one row a masked variant for everything after it.

#include <vector>

#include "bridge.h"

namespace opnilog {

/// Logs whose attention is computed together, padded to the longest of them.
struct Group {
    int64_t logs, length;
    at::Tensor log;      // [logs] place of each log in the batch
    at::Tensor packed;   // [logs × length] row of the packed tokens; 0 where there is padding
    at::Tensor padding;  // [logs, length] true where there is padding
    at::Tensor variant;  // [rows of the group] place of each real variant in [logs × (length - 1)]
};

struct Layout {
    int64_t logs, tokens, variants, longest;
    at::Tensor token;     // [tokens] ids, as the logs show them
    at::Tensor position;  // [tokens] 0…63
    at::Tensor cls;       // [logs] row of each log's <CLS> in the packed tokens
    at::Tensor log;       // [variants] place of the log in the batch
    at::Tensor label;     // [variants] the true token
    at::Tensor weight;    // [variants] multiplicity, in the model's number type
    double total_weight;
    std::vector<Group> groups;
    /// Where variant r stands in a [rows, 64] array: log × 64 + position.
    std::vector<int64_t> cell;
};

/// Shows some context words as <UNK>, as a function of (seed, step); labels stay what they were.
struct UnknownWords {
    double share = 0;
    uint64_t seed = 0, step = 0;
};

/// Checks `batch` against the contract and lays it out on the device of `options`.
Layout lay_out(const opnilog_torch_batch &batch, int64_t words, const at::TensorOptions &options, UnknownWords unknown);

}  // namespace opnilog
