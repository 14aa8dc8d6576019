#pragma once

// How a batch of logs is computed: logs of like length beside one another, tokens packed without padding for everything
// that is computed a token, and one row a masked variant for everything after attention.

#include <vector>

#include "bridge.h"

namespace opnilog {

/// `begin`..<`end`; the second form is share `index` of `count` equal shares of 0..<size.
struct Range {
    int64_t begin, end;
    Range(int64_t begin, int64_t end) : begin(begin), end(end) {}
    Range(int64_t size, int64_t index, int64_t count) : begin(size * index / count), end(size * (index + 1) / count) {}
};

/// Shows some context words as <UNK>, as a function of (seed, step); labels stay what they were.
struct UnknownWords {
    double share = 0;
    uint64_t seed = 0, step = 0;
};

/// A whole batch, on the host, its logs sorted by length.
struct Layout {
    using Indices = std::vector<int64_t>;

    int64_t logs;
    Indices source;       // [logs] the log's row in the batch
    Indices length;       // [logs] its tokens, <CLS> included
    Indices first_token;  // [logs + 1] where its tokens begin
    Indices first_row;    // [logs + 1] where its rows begin
    Indices token;        // [tokens] ids, as the logs show them
    Indices label;        // [rows] the true token
    std::vector<double> weight;  // [rows] multiplicity
    double total_weight;

    int64_t rows() const { return first_row.back(); }
};

/// Checks `batch` against the contract and lays it out.
Layout lay_out(const opnilog_torch_batch &batch, int64_t words, UnknownWords unknown);

/// Some logs of a batch that are computed at once.
struct Part {
    const Layout &layout;
    int64_t begin, end;  // logs

    int64_t logs() const { return end - begin; }
    int64_t first_token() const { return layout.first_token[size_t(begin)]; }
    int64_t tokens() const { return layout.first_token[size_t(end)] - first_token(); }
    int64_t first_row() const { return layout.first_row[size_t(begin)]; }
    int64_t rows() const { return layout.first_row[size_t(end)] - first_row(); }
    int64_t longest() const;
    /// Share `index` of `count` shares of about as many rows, as a range of the part's own logs from 0.
    Range share(int64_t index, int64_t count) const;
};

/// Cuts a batch into parts of at most `most_rows` rows, or of one log where that has more.
std::vector<Part> cut(const Layout &layout, int64_t most_rows);

}  // namespace opnilog
