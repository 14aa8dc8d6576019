#pragma once

// Index arrays of the composed encoder: a part's rows, its attention's cells, and the way back from each gather. No way
// back meets a row twice, or repeated rows lie side by side; so nothing is added in an order of chance.

#include "layout.h"

namespace opnilog {

/// Logs whose attention is computed together, padded to the longest of them.
struct Group {
    int64_t begin, logs, length;  // logs `begin`..<`begin + logs` of the part
    int64_t first_token, tokens, first_row, rows;  // of the part
    // Arrays on the device.
    at::Tensor packed;   // [logs × length] the token of each cell; 0 where there is padding
    at::Tensor cell;     // [tokens] the cell of each token
    at::Tensor variant;  // [rows] where each variant stands in [logs × (length - 1)]
    at::Tensor row;      // [logs × (length - 1)] the other way round; `rows` where there is none
    at::Tensor lengths;  // [logs, 1]

    int64_t variants() const { return length - 1; }
};

/// Index arrays of a part, on the device. Its vectors are its tokens and, after them, <MASK> at positions 0..<longest.
struct ComposedLayout {
    ComposedLayout(const Part &part, const at::TensorOptions &options);

    std::vector<Group> groups;
    int64_t longest;      // <MASK> stands at positions 0..<longest
    at::Tensor counting;  // [64] 0, 1, …
    at::Tensor token;     // [vectors] ids
    at::Tensor position;  // [vectors]
    at::Tensor start;     // [logs] each log's <CLS>
    at::Tensor log_at;    // [vectors] the log that begins at a vector; `logs` elsewhere
    at::Tensor log_of;    // [rows] each row's log
    at::Tensor log_rows;  // [logs + 1] where each log's rows begin
    at::Tensor sorted;    // [vectors] the vectors in order of their ids
    at::Tensor word_at;   // [different words + 1] where each word's begin among them
    at::Tensor word_of;   // [highest id of the part + 1] each id's place among those words; their number where it has none
};

}  // namespace opnilog
