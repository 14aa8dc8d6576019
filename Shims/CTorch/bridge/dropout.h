#pragma once

// The dropout masks of one step. The variants of a log share its masks (docs/decisions): each row then has the
// law of independent dropout, so the expected gradient is the same.

#include "layout.h"

namespace opnilog {

/// Which numbers of a part are kept: 1, or 0 for dropped; all in one buffer.
struct Dropout {
    uint64_t key = 0;        // of all that is drawn for a step
    uint32_t threshold = 0;  // a number of 16 bits below it is a number that is dropped
    double factor = 1;       // of what is kept
    at::Tensor kept;         // bytes on the host; none where nothing is dropped, and for a GPU, which draws them itself
    /// Where each begins in the buffer: one right behind the other, in this order.
    int64_t token = 0;      // [tokens, 256] embedded tokens
    int64_t mask = 0;       // [64, 256] the embedded <MASK> at each position
    int64_t attention = 0;  // [logs, 8, 64] attention weights
    int64_t attended = 0;   // [logs, 256] output of the attention sub-layer
    int64_t inner = 0;      // [logs, 256] inside the feed-forward
    int64_t outer = 0;      // [logs, 256] output of the feed-forward

    bool drops() const { return threshold > 0; }
    /// Flags from one of the places on; null where nothing is dropped.
    const uint8_t *flags(int64_t place) const { return drops() ? kept.const_data_ptr<uint8_t>() + place : nullptr; }
};

/// Masks as a function of (seed, step) and of a log's place in the layout, equal on every device, for any number of
/// threads and however a batch is cut.
///
/// - on_host: Whether they are drawn here.
Dropout draw_dropout(double share, uint64_t seed, uint64_t step, const Part &part, bool on_host);

}  // namespace opnilog
