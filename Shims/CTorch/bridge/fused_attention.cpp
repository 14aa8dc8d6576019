// A thread has some heads of all logs: what all logs share, the gradients of <MASK>'s keys and values, is then summed
// in one order, and in no other thread.

#include "fused_attention.h"

#include <cstring>

#include "simd.h"

namespace opnilog::fused {

namespace {

template <typename T>
constexpr int64_t kStep = Lanes<T>::count;

/// One head of one log, its keys and values turned round: a position a column, so that scores are sums of rows.
template <typename T>
struct Head {
    int64_t length, columns;  // columns: the length, rounded up to whole vectors
    const T *query, *key, *value, *mask_key, *mask_value;
    T kept[kLength];
    T turned[kHeadWidth * kLength];
};

template <typename T>
OPNILOG_INLINE void turn(const T *rows, int64_t length, T *turned) {
    for (int64_t p = 0; p < length; ++p)
        for (int64_t c = 0; c < kHeadWidth; ++c) turned[c * kLength + p] = rows[p * kWidth + c];
}

/// The parts of the operands that belong to a log and a head.
template <typename T>
OPNILOG_INLINE void open(Head<T> &head, const Part &part, const Operands<T> &operands, const Dropout &dropout, int64_t log,
                         int64_t which) {
    const int64_t column = which * kHeadWidth;
    const int64_t token = part.layout.first_token[size_t(part.begin + log)] - part.first_token();
    head.length = part.layout.length[size_t(part.begin + log)];
    head.columns = (head.length + kStep<T> - 1) / kStep<T> * kStep<T>;
    head.query = operands.query + log * kWidth + column;
    head.key = operands.key + token * kWidth + column;
    head.value = operands.value + token * kWidth + column;
    head.mask_key = operands.mask_key + column;
    head.mask_value = operands.mask_value + column;
    const uint8_t *flags = dropout.flags(dropout.attention + (log * kHeads + which) * kLength);
    for (int64_t p = 0; p < kLength; ++p) head.kept[p] = flags == nullptr ? T(1) : T(flags[p]) * T(dropout.factor);
}

template <typename T>
OPNILOG_INLINE T product(const T *a, const T *b) {
    typename Lanes<T>::Vector sum{};
    for (int64_t c = 0; c < kHeadWidth; c += kStep<T>) sum += lanes(a + c) * lanes(b + c);
    return sum_of<T>(sum);
}

template <typename T>
OPNILOG_INLINE void add(T *to, const T *what, T factor) {
    for (int64_t c = 0; c < kHeadWidth; c += kStep<T>) lanes(to + c) += lanes(what + c) * factor;
}

/// `vector` · each of the turned columns.
template <typename T>
OPNILOG_INLINE void products(const T *vector, const T *turned, int64_t columns, T *to) {
    for (int64_t p = 0; p < columns; p += kStep<T>) {
        typename Lanes<T>::Vector sum{};
        for (int64_t c = 0; c < kHeadWidth; ++c) sum += lanes(turned + c * kLength + p) * vector[c];
        lanes(to + p) = sum;
    }
}

/// `numbers` becomes its softmax; what stands in columns from `length` on is taken for minus infinity.
template <typename T>
OPNILOG_INLINE void softmax(T *numbers, int64_t length, int64_t columns) {
    for (int64_t p = length; p < columns; ++p) numbers[p] = T(-1e9);
    typename Lanes<T>::Vector largest = lanes(numbers), sum{};
    for (int64_t p = kStep<T>; p < columns; p += kStep<T>)
        largest = lanes(numbers + p) > largest ? lanes(numbers + p) : largest;
    const T most = largest_of<T>(largest);
    for (int64_t p = 0; p < columns; p += kStep<T>) lanes(numbers + p) = exp_of<T>(lanes(numbers + p) - most);
    for (int64_t p = length; p < columns; ++p) numbers[p] = 0;
    for (int64_t p = 0; p < columns; p += kStep<T>) sum += lanes(numbers + p);
    const T factor = 1 / sum_of<T>(sum);
    for (int64_t p = 0; p < columns; p += kStep<T>) lanes(numbers + p) *= factor;
}

template <typename T>
OPNILOG_INLINE void attend_head(Head<T> &head, T *weights, T *attended) {
    T own[kLength], row[kLength];
    turn(head.key, head.length, head.turned);
    products(head.query, head.turned, head.columns, own);
    for (int64_t masked = 1; masked < head.length; ++masked) {
        std::memcpy(row, own, size_t(head.columns) * sizeof(T));
        row[masked] = product(head.query, head.mask_key + masked * kWidth);
        softmax(row, head.length, head.columns);
        std::memcpy(weights + (masked - 1) * head.length, row, size_t(head.length) * sizeof(T));
        T sum[kHeadWidth] = {};
        for (int64_t p = 0; p < head.length; ++p) {
            const T *value = p == masked ? head.mask_value + p * kWidth : head.value + p * kWidth;
            add(sum, value, row[p] * head.kept[p]);
        }
        std::memcpy(attended + (masked - 1) * kWidth, sum, sizeof sum);
    }
}

template <typename T>
OPNILOG_INLINE void attend_head_back(Head<T> &head, const T *weights, const T *attended, T *query, T *key, T *value,
                                     T *mask_key, T *mask_value) {
    T slopes[kLength], own[kLength] = {};  // of the scores of one variant; summed over all
    T of_query[kHeadWidth] = {};
    turn(head.value, head.length, head.turned);
    for (int64_t p = 0; p < head.length; ++p) std::memset(value + p * kWidth, 0, kHeadWidth * sizeof(T));
    for (int64_t masked = 1; masked < head.length; ++masked) {
        const T *given = attended + (masked - 1) * kWidth, *weight = weights + (masked - 1) * head.length;
        products(given, head.turned, head.columns, slopes);
        slopes[masked] = product(given, head.mask_value + masked * kWidth);
        T along = 0;
        for (int64_t p = 0; p < head.length; ++p) {
            slopes[p] *= head.kept[p];
            along += slopes[p] * weight[p];
            add(p == masked ? mask_value + p * kWidth : value + p * kWidth, given, weight[p] * head.kept[p]);
        }
        for (int64_t p = 0; p < head.length; ++p) slopes[p] = weight[p] * (slopes[p] - along);
        const T at_mask = slopes[masked];
        slopes[masked] = 0;
        for (int64_t p = 0; p < head.length; ++p) own[p] += slopes[p];
        add(of_query, head.mask_key + masked * kWidth, at_mask);
        add(mask_key + masked * kWidth, head.query, at_mask);
    }
    for (int64_t p = 0; p < head.length; ++p) {
        add(of_query, head.key + p * kWidth, own[p]);
        for (int64_t c = 0; c < kHeadWidth; c += kStep<T>) lanes(key + p * kWidth + c) = lanes(head.query + c) * own[p];
    }
    std::memcpy(query, of_query, sizeof of_query);
}

template <typename T>
OPNILOG_LEVELS void attend_heads(const Part &part, Range heads, const Operands<T> &operands, const Dropout &dropout,
                                 const Weights<T> &weights, T *attended) {
    Head<T> head{};
    for (int64_t log = 0; log < part.logs(); ++log) {
        const int64_t row = part.layout.first_row[size_t(part.begin + log)] - part.first_row();
        for (int64_t which = heads.begin; which < heads.end; ++which) {
            open(head, part, operands, dropout, log, which);
            attend_head(head, weights.of(log, which), attended + row * kWidth + which * kHeadWidth);
        }
    }
}

template <typename T>
OPNILOG_LEVELS void attend_heads_back(const Part &part, Range heads, const Operands<T> &operands, const Dropout &dropout,
                                      const Weights<T> &weights, const T *attended, const Operands<T> &gradients) {
    Head<T> head{};
    for (int64_t which = heads.begin; which < heads.end; ++which) {
        const int64_t column = which * kHeadWidth;
        for (int64_t p = 0; p < part.longest(); ++p) {
            std::memset(gradients.mask_key + p * kWidth + column, 0, kHeadWidth * sizeof(T));
            std::memset(gradients.mask_value + p * kWidth + column, 0, kHeadWidth * sizeof(T));
        }
        for (int64_t log = 0; log < part.logs(); ++log) {
            const int64_t row = part.layout.first_row[size_t(part.begin + log)] - part.first_row();
            const int64_t token = part.layout.first_token[size_t(part.begin + log)] - part.first_token();
            open(head, part, operands, dropout, log, which);
            attend_head_back(head, weights.of(log, which), attended + row * kWidth + column,
                             gradients.query + log * kWidth + column, gradients.key + token * kWidth + column,
                             gradients.value + token * kWidth + column, gradients.mask_key + column, gradients.mask_value + column);
        }
    }
}

}  // namespace

template <typename T>
Weights<T>::Weights(const Part &part) {
    int64_t numbers = 0;
    for (int64_t log = part.begin; log < part.end; ++log) {
        const int64_t length = part.layout.length[size_t(log)];
        begin_.push_back(numbers);
        size_.push_back((length - 1) * length);
        numbers += kHeads * size_.back();
    }
    numbers_.reset(new T[size_t(numbers)]);
}

template <typename T>
void attend(const Part &part, const Operands<T> &operands, const Dropout &dropout, const Weights<T> &weights, T *attended) {
    in_shares([&](int64_t index, int64_t count) {
        attend_heads(part, Range(kHeads, index, count), operands, dropout, weights, attended);
    });
}

template <typename T>
void attend_back(const Part &part, const Operands<T> &operands, const Dropout &dropout, const Weights<T> &weights,
                 const T *attended_gradient, const Operands<T> &gradients) {
    in_shares([&](int64_t index, int64_t count) {
        attend_heads_back(part, Range(kHeads, index, count), operands, dropout, weights, attended_gradient, gradients);
    });
}

#define OPNILOG_INSTANCES(T)                                                                                        \
    template class Weights<T>;                                                                                      \
    template void attend(const Part &, const Operands<T> &, const Dropout &, const Weights<T> &, T *);              \
    template void attend_back(const Part &, const Operands<T> &, const Dropout &, const Weights<T> &, const T *, const Operands<T> &);
OPNILOG_INSTANCES(float)
OPNILOG_INSTANCES(double)

}  // namespace opnilog::fused
