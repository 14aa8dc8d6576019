#include "fused_loss.h"

#include <cmath>
#include <limits>
#include <vector>

#include "layout.h"
#include "simd.h"

namespace opnilog::fused {

namespace {

template <typename T>
constexpr int64_t kStep = Lanes<T>::count;

/// Adds the bias; what stands behind the last word becomes minus infinity. Returns the largest.
template <typename T>
OPNILOG_INLINE T add_bias(T *row, const Logits<T> &logits) {
    const int64_t whole = logits.words / kStep<T> * kStep<T>;
    auto largest = typename Lanes<T>::Vector{} - std::numeric_limits<T>::infinity();
    const auto take = [&](int64_t c) OPNILOG_INLINED { largest = lanes(row + c) > largest ? lanes(row + c) : largest; };
    for (int64_t c = 0; c < whole; c += kStep<T>) {
        lanes(row + c) += lanes(logits.bias + c);
        take(c);
    }
    for (int64_t c = whole; c < logits.words; ++c) row[c] += logits.bias[c];
    for (int64_t c = logits.words; c < logits.stride; ++c) row[c] = -std::numeric_limits<T>::infinity();
    for (int64_t c = whole; c < logits.stride; c += kStep<T>) take(c);
    return largest_of<T>(largest);
}

/// Each number becomes e to the power of it less `largest`; returns their sum.
template <typename T>
OPNILOG_INLINE T exponentiate(T *row, T largest, const Logits<T> &logits) {
    typename Lanes<T>::Vector sum{};
    for (int64_t c = 0; c < logits.stride; c += kStep<T>) {
        lanes(row + c) = exp_of<T>(lanes(row + c) - largest);
        sum += lanes(row + c);
    }
    return sum_of<T>(sum);
}

/// The bias is still to be added.
template <typename T>
OPNILOG_INLINE int64_t count_above(const T *row, int64_t label, const Logits<T> &logits) {
    const T *bias = logits.bias, own = row[label] + bias[label];
    typename Lanes<T>::Integer count = 0;  // as wide as a logit, so that vectors of them are counted
    for (int64_t c = 0; c < label; ++c) count += row[c] + bias[c] > own;
    for (int64_t c = label + 1; c < logits.words; ++c) count += row[c] + bias[c] >= own;
    return count;
}

/// - column_sums: [stride], to which the rows' gradients are added.
template <typename T>
OPNILOG_LEVELS double slope_rows(const Logits<T> &logits, Range rows, const double *weight, double total, T *column_sums) {
    double entropies = 0;
    for (int64_t r = rows.begin; r < rows.end; ++r) {
        T *row = logits.numbers + r * logits.stride;
        const int64_t label = logits.label[r];
        const T largest = add_bias(row, logits), own = row[label];
        const T sum = exponentiate(row, largest, logits);
        entropies += weight[r] * (std::log(double(sum)) + double(largest) - double(own));
        const T share = T(weight[r] / total), factor = share / sum;
        for (int64_t c = 0; c < logits.stride; c += kStep<T>) {
            lanes(row + c) *= factor;
            lanes(column_sums + c) += lanes(row + c);
        }
        row[label] -= share;
        column_sums[label] -= share;
    }
    return entropies;
}

/// Adds some columns of rows of `stride` numbers.
template <typename T>
void add_columns(const std::vector<T> &rows, int64_t stride, Range columns, T *to) {
    for (auto row = rows.begin(); row != rows.end(); row += stride)
        for (int64_t c = columns.begin; c < columns.end; ++c) to[c] += row[c];
}

template <typename T>
OPNILOG_LEVELS void rank_rows(const Logits<T> &logits, Range rows, int64_t *rank) {
    for (int64_t r = rows.begin; r < rows.end; ++r)
        rank[r] = count_above(logits.numbers + r * logits.stride, logits.label[r], logits);
}

template <typename T>
OPNILOG_LEVELS void judge_rows(const Logits<T> &logits, Range rows, double *entropy, int64_t *rank) {
    for (int64_t r = rows.begin; r < rows.end; ++r) {
        T *row = logits.numbers + r * logits.stride;
        const int64_t label = logits.label[r];
        rank[r] = count_above(row, label, logits);
        const T largest = add_bias(row, logits), own = row[label];
        entropy[r] = std::log(double(exponentiate(row, largest, logits))) + double(largest) - double(own);
    }
}

}  // namespace

template <typename T>
double slopes(const Logits<T> &logits, const double *weight, double total, T *bias_gradient) {
    const size_t threads = size_t(at::get_num_threads());
    std::vector<double> entropies(threads);
    std::vector<T> column_sums(threads * size_t(logits.stride));
    in_shares([&](int64_t index, int64_t count) {
        entropies[size_t(index)] = slope_rows(logits, Range(logits.rows, index, count), weight, total,
                                              column_sums.data() + index * logits.stride);
    });
    in_shares([&](int64_t index, int64_t count) {
        add_columns(column_sums, logits.stride, Range(logits.words, index, count), bias_gradient);
    });
    double sum = 0;
    for (const double entropy : entropies) sum += entropy;
    return sum;
}

template <typename T>
void rank(const Logits<T> &logits, int64_t *rank) {
    in_shares([&](int64_t index, int64_t count) { rank_rows(logits, Range(logits.rows, index, count), rank); });
}

template <typename T>
void judge(const Logits<T> &logits, double *entropy, int64_t *rank) {
    in_shares([&](int64_t index, int64_t count) {
        judge_rows(logits, Range(logits.rows, index, count), entropy, rank);
    });
}

template double slopes(const Logits<float> &, const double *, double, float *);
template double slopes(const Logits<double> &, const double *, double, double *);
template void rank(const Logits<float> &, int64_t *);
template void rank(const Logits<double> &, int64_t *);
template void judge(const Logits<float> &, double *, int64_t *);
template void judge(const Logits<double> &, double *, int64_t *);

}  // namespace opnilog::fused
