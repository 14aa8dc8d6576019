#include "logit_bounds.h"

#include <ATen/ops/linalg_eigh.h>

#include <cstring>
#include <limits>
#include <vector>

#include "layout.h"
#include "simd.h"

namespace opnilog {

namespace {

/// With 48 dimensions of 256 a product costs a fifth.
constexpr int64_t kHead = 48;

/// Of a row's words so many (an eighth) may stay open: then their dot products, of vectors that lie all over memory, cost
/// as much as the matrix product of all.
constexpr int64_t kMostOpen = 8;

}  // namespace

LogitBounds bound_logits(const opnilog_torch_model &model) {
    const auto vectors = model[GeneratorWeight].to(at::kDouble);
    // The last eigenvectors of VᵀV span the space of that size that is nearest to the vectors.
    const auto all = std::get<1>(at::linalg_eigh(vectors.t().mm(vectors)));
    const auto directions = all.narrow(1, kWidth - kHead, kHead);
    const auto heads = vectors.mm(directions);
    const auto tails = (vectors - heads.mm(directions.t())).norm(2, 1);
    const double longest = vectors.norm(2, 1).max().item<double>();
    // Whole vectors of words; what is added can be above nothing.
    const int64_t more = fused::padded(model.words) - model.words;
    const auto kept = [&](const at::Tensor &tensor) { return tensor.to(model.options).contiguous(); };
    return {kept(directions), kept(at::constant_pad_nd(heads, {0, 0, 0, more})),
            at::constant_pad_nd(model[GeneratorBias], {0, more}, -std::numeric_limits<double>::infinity()),
            kept(at::constant_pad_nd(tails, {0, more})), longest};
}

namespace fused {

namespace {

/// In an order of its own, whatever the threads are: the label's logit and those compared with it must be equal where
/// their vectors are.
template <typename T>
OPNILOG_INLINE T dot(const T *left, const T *right) {
    constexpr int64_t step = Lanes<T>::count;
    typename Lanes<T>::Vector sums[4]{};
    for (int64_t i = 0; i < kWidth; i += 4 * step)
        for (int64_t part = 0; part < 4; ++part)
            sums[part] += lanes(left + i + part * step) * lanes(right + i + part * step);
    return sum_of<T>((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/// How the logits of a row's words compare with the label's.
struct Comparison {
    int64_t above, open;
};

/// - open: [stride]; of each word 1 or 0.
template <typename T>
OPNILOG_INLINE Comparison compare(const BoundedLogits<T> &logits, int64_t row, T own, uint8_t *open) {
    using Bytes = typename Lanes<T>::Bytes;
    using Integers = typename Lanes<T>::Integers;
    const T *head = logits.heads.numbers + row * logits.heads.stride;
    const T tail = logits.tails[row], slack = logits.slacks[row];
    Integers above{}, count{};
    for (int64_t word = 0; word < logits.heads.stride; word += Lanes<T>::count) {
        const auto difference = lanes(head + word) + lanes(logits.heads.bias + word) - own;
        const auto most = lanes(logits.word_tails + word) * tail + slack;
        // True is -1. What is no number is neither above nor below, so it stays open.
        const Integers is_above = difference > most, is_below = difference < -most, is_open = ~(is_above | is_below);
        above -= is_above;
        count -= is_open;
        *reinterpret_cast<Bytes *>(open + word) = __builtin_convertvector(-is_open, Bytes);
    }
    const auto sum = [](const Integers &numbers) OPNILOG_INLINED {
        int64_t sum = 0;
        for (int i = 0; i < Lanes<T>::count; ++i) sum += numbers[i];
        return sum;
    };
    return {sum(above), sum(count)};
}

/// Calls `body(word)` for the words that are open, in their order.
template <typename Body>
OPNILOG_INLINE void for_each_open(const uint8_t *open, int64_t stride, const Body &body) {
    for (int64_t word = 0; word < stride; word += 8) {
        uint64_t flags;
        std::memcpy(&flags, open + word, sizeof flags);
        for (; flags != 0; flags &= flags - 1) body(word + __builtin_ctzll(flags) / 8);
    }
}

template <typename T>
OPNILOG_LEVELS void rank_rows(const BoundedLogits<T> &logits, Range rows, uint8_t *open, int64_t *rank) {
    const T *bias = logits.heads.bias;
    for (int64_t row = rows.begin; row < rows.end; ++row) {
        const T *hidden = logits.hidden + row * kWidth;
        const int64_t label = logits.heads.label[row];
        const auto logit = [&](int64_t word) OPNILOG_INLINED { return dot(hidden, logits.vectors + word * kWidth) + bias[word]; };
        const T own = logit(label);
        auto comparison = compare(logits, row, own, open);
        if (comparison.open > logits.heads.words / kMostOpen) {
            rank[row] = kOpen;
            continue;
        }
        for_each_open(open, logits.heads.stride, [&](int64_t word) OPNILOG_INLINED {
            const T other = logit(word);
            comparison.above += other > own || (other == own && word > label);
        });
        rank[row] = comparison.above;
    }
}

}  // namespace

template <typename T>
void rank_by_bounds(const BoundedLogits<T> &logits, int64_t *rank) {
    in_shares([&](int64_t index, int64_t count) {
        std::vector<uint8_t> open(size_t(logits.heads.stride));
        rank_rows(logits, Range(logits.heads.rows, index, count), open.data(), rank);
    });
}

template void rank_by_bounds(const BoundedLogits<float> &, int64_t *);
template void rank_by_bounds(const BoundedLogits<double> &, int64_t *);

}  // namespace fused
}  // namespace opnilog
