#include "logit_bounds.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "layout.h"
#include "simd.h"

namespace opnilog {

namespace {

/// Of 256, so that a product costs a fifth.
constexpr int64_t kDirections = 48;

/// One word of so many may stay open in a row: then their dot products, of vectors that lie all over memory, cost as much as
/// the matrix product of all.
constexpr int64_t kOpenShare = 8;

}  // namespace

std::optional<LogitBounds> bound_logits(const opnilog_torch_model &model) {
    if (!at::hasLAPACK()) return std::nullopt;
    const auto vectors = model[GeneratorWeight].to(at::kDouble);
    // The last eigenvectors of VᵀV span the space of that size that is nearest to the vectors.
    const auto all = std::get<1>(at::linalg_eigh(vectors.t().mm(vectors)));
    const auto directions = all.narrow(1, kWidth - kDirections, kDirections);
    const auto leads = vectors.mm(directions);
    const auto rests = at::addmm(vectors, leads, directions.t(), 1, -1).norm(2, 1);
    // Whole vectors of words; what is added can be above nothing.
    const int64_t more = fused::padded(model.words) - model.words;
    const auto kept = [&](const at::Tensor &tensor) { return tensor.to(model.options).contiguous(); };
    return LogitBounds{
        kept(directions), kept(at::constant_pad_nd(leads, {0, 0, 0, more})), kept(at::constant_pad_nd(rests, {0, more})),
        at::constant_pad_nd(model[GeneratorBias], {0, more}, -std::numeric_limits<double>::infinity()),
        vectors.norm(2, 1).max().item<double>(), model[GeneratorBias].abs().max().item<double>()};
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
    const T *lead = logits.leads.numbers + row * logits.leads.stride;
    const T rest = logits.rests[row], slack = logits.slacks[row];
    Integers above{}, count{};
    for (int64_t word = 0; word < logits.leads.stride; word += Lanes<T>::count) {
        const auto difference = lanes(lead + word) + lanes(logits.leads.bias + word) - own;
        const auto most = lanes(logits.word_rests + word) * rest + slack;
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

/// Calls `body(word)` for the words that are open.
template <typename Body>
OPNILOG_INLINE void for_each_open(const uint8_t *open, int64_t stride, const Body &body) {
    for (int64_t word = 0; word < stride; word += 8) {
        static_assert(std::endian::native == std::endian::little);
        uint64_t flags;
        std::memcpy(&flags, open + word, sizeof flags);
        for (; flags != 0; flags &= flags - 1) body(word + __builtin_ctzll(flags) / 8);
    }
}

template <typename T>
OPNILOG_LEVELS void rank_rows(const BoundedLogits<T> &logits, Range rows, uint8_t *open, int64_t *rank) {
    const T *bias = logits.leads.bias;
    for (int64_t row = rows.begin; row < rows.end; ++row) {
        const T *hidden = logits.hidden + row * kWidth;
        const int64_t label = logits.leads.label[row];
        const auto logit = [&](int64_t word) OPNILOG_INLINED { return dot(hidden, logits.vectors + word * kWidth) + bias[word]; };
        const T own = logit(label);
        auto comparison = compare(logits, row, own, open);
        // Beside a logit that overflowed, words that are none would be open.
        if (!std::isfinite(own) || comparison.open > logits.leads.words / kOpenShare) {
            rank[row] = kOpen;
            continue;
        }
        for_each_open(open, logits.leads.stride, [&](int64_t word) OPNILOG_INLINED {
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
        std::vector<uint8_t> open(size_t(logits.leads.stride));
        rank_rows(logits, Range(logits.leads.rows, index, count), open.data(), rank);
    });
}

template void rank_by_bounds(const BoundedLogits<float> &, int64_t *);
template void rank_by_bounds(const BoundedLogits<double> &, int64_t *);

}  // namespace fused
}  // namespace opnilog
