#include "fused_rows.h"

#include <array>
#include <cmath>

#include "simd.h"

namespace opnilog::fused {

namespace {

constexpr std::array<uint8_t, kWidth> kAll = [] {
    std::array<uint8_t, kWidth> all{};
    all.fill(1);
    return all;
}();

template <typename T>
constexpr int64_t kStep = Lanes<T>::count;

template <typename T>
OPNILOG_INLINE typename Lanes<T>::Vector factors(const Kept<T> &kept, int64_t row, int64_t column) {
    const auto &flags = *reinterpret_cast<const typename Lanes<T>::Bytes *>(kept.flags + row * kept.stride + column);
    return __builtin_convertvector(flags, typename Lanes<T>::Vector) * kept.factor;
}

/// `row` becomes (row − mean) / (σ + 1e-6), with the unbiased σ, which is returned.
template <typename T>
OPNILOG_INLINE T normalise(T *row) {
    typename Lanes<T>::Vector sum{}, squares{};
    for (int64_t c = 0; c < kWidth; c += kStep<T>) sum += lanes(row + c);
    const T mean = sum_of<T>(sum) / T(kWidth);
    for (int64_t c = 0; c < kWidth; c += kStep<T>) {
        lanes(row + c) -= mean;
        squares += lanes(row + c) * lanes(row + c);
    }
    const T deviation = std::sqrt(sum_of<T>(squares) / T(kWidth - 1));
    const T factor = 1 / (deviation + T(1e-6));
    for (int64_t c = 0; c < kWidth; c += kStep<T>) lanes(row + c) *= factor;
    return deviation;
}

/// The gradient of what `normalise` gave becomes, in place, that of what it was given.
template <typename T>
OPNILOG_INLINE void normalise_back(const T *normed, T deviation, T *gradient) {
    typename Lanes<T>::Vector sum{}, product{};
    for (int64_t c = 0; c < kWidth; c += kStep<T>) {
        sum += lanes(gradient + c);
        product += lanes(gradient + c) * lanes(normed + c);
    }
    const T mean = sum_of<T>(sum) / T(kWidth), factor = 1 / (deviation + T(1e-6));
    // A row of equal numbers has σ = 0 and nothing to lose.
    const T along = deviation > 0 ? sum_of<T>(product) / (T(kWidth - 1) * deviation) : 0;
    for (int64_t c = 0; c < kWidth; c += kStep<T>)
        lanes(gradient + c) = (lanes(gradient + c) - mean) * factor - lanes(normed + c) * along;
}

/// `row` = norm of `row`; what the way back needs goes to `normed`.
template <typename T>
OPNILOG_INLINE void apply_norm(const Norm<T> &norm, const Normed<T> &normed, int64_t index, T *row) {
    T *values = normed.values + index * kWidth;
    for (int64_t c = 0; c < kWidth; c += kStep<T>) lanes(values + c) = lanes(row + c);
    normed.deviations[index] = normalise(values);
    for (int64_t c = 0; c < kWidth; c += kStep<T>)
        lanes(row + c) = lanes(norm.scale + c) * lanes(values + c) + lanes(norm.shift + c);
}

/// Sums over a share's rows, which are added up in the order of the shares.
template <typename T>
struct Sums {
    T *scale, *shift;
};

/// The gradient of a norm's result becomes that of its input.
template <typename T>
OPNILOG_INLINE void apply_norm_back(const Norm<T> &norm, const Normed<T> &normed, int64_t index, const Sums<T> &sums,
                                    T *gradient) {
    const T *values = normed.values + index * kWidth;
    for (int64_t c = 0; c < kWidth; c += kStep<T>) {
        lanes(sums.scale + c) += lanes(gradient + c) * lanes(values + c);
        lanes(sums.shift + c) += lanes(gradient + c);
        lanes(gradient + c) *= lanes(norm.scale + c);
    }
    normalise_back(values, normed.deviations[index], gradient);
}

/// `count` rows of 256 sums a share, zero at first.
template <typename T>
class ShareSums {
  public:
    explicit ShareSums(int64_t count) : count_(count), sums_(size_t(at::get_num_threads() * count * kWidth)) {}

    T *of(int64_t share, int64_t which) { return sums_.data() + (share * count_ + which) * kWidth; }

    void add_to(int64_t which, T *to) {
        for (int64_t share = 0; share < at::get_num_threads(); ++share)
            for (int64_t c = 0; c < kWidth; ++c) to[c] += of(share, which)[c];
    }

  private:
    int64_t count_;
    std::vector<T> sums_;
};

/// Calls `body(log, row of the part)` for the rows of a range of the part's logs.
template <typename Body>
OPNILOG_INLINE void for_rows(const Part &part, Range logs, const Body &body) {
    for (int64_t log = logs.begin; log < logs.end; ++log) {
        const int64_t begin = part.layout.first_row[size_t(part.begin + log)] - part.first_row();
        const int64_t end = part.layout.first_row[size_t(part.begin + log + 1)] - part.first_row();
        for (int64_t row = begin; row < end; ++row) body(log, row);
    }
}

template <typename T>
OPNILOG_LEVELS void embed_logs(const Part &part, Range logs, const T *embedding, const T *positions, const Kept<T> &kept, T *x) {
    const T scale = std::sqrt(T(kWidth));
    for (int64_t log = part.begin + logs.begin; log < part.begin + logs.end; ++log) {
        for (int64_t p = 0; p < part.layout.length[size_t(log)]; ++p) {
            const int64_t token = part.layout.first_token[size_t(log)] + p, row = token - part.first_token();
            const T *word = embedding + part.layout.token[size_t(token)] * kWidth, *position = positions + p * kWidth;
            for (int64_t c = 0; c < kWidth; c += kStep<T>)
                lanes(x + row * kWidth + c) = (lanes(word + c) * scale + lanes(position + c)) * factors(kept, row, c);
        }
    }
}

template <typename T>
OPNILOG_LEVELS void embed_back_columns(const Part &part, Range columns, const T *gradient, const Kept<T> &kept, T *to) {
    const T scale = std::sqrt(T(kWidth));
    for (int64_t row = 0; row < part.tokens(); ++row) {
        T *word = to + part.layout.token[size_t(part.first_token() + row)] * kWidth;
        for (int64_t c = columns.begin * kStep<T>; c < columns.end * kStep<T>; c += kStep<T>)
            lanes(word + c) += lanes(gradient + row * kWidth + c) * factors(kept, row, c) * scale;
    }
}

template <typename T>
OPNILOG_LEVELS void close_attention_logs(const Part &part, Range logs, const T *first, const T *bias, const Kept<T> &kept,
                                         const Norm<T> &norm, const Normed<T> &normed, T *y) {
    for_rows(part, logs, [&](int64_t log, int64_t index) OPNILOG_INLINED {
        T *row = y + index * kWidth;
        for (int64_t c = 0; c < kWidth; c += kStep<T>)
            lanes(row + c) = lanes(first + log * kWidth + c) + (lanes(row + c) + lanes(bias + c)) * factors(kept, log, c);
        apply_norm(norm, normed, index, row);
    });
}

template <typename T>
OPNILOG_LEVELS void close_attention_back_logs(const Part &part, Range logs, const Kept<T> &kept, const Norm<T> &norm,
                                              const Normed<T> &normed, const Sums<T> &sums, T *bias, T *y, T *first) {
    for_rows(part, logs, [&](int64_t log, int64_t index) OPNILOG_INLINED {
        T *row = y + index * kWidth;
        apply_norm_back(norm, normed, index, sums, row);
        for (int64_t c = 0; c < kWidth; c += kStep<T>) {
            lanes(first + log * kWidth + c) += lanes(row + c);
            lanes(row + c) *= factors(kept, log, c);
            lanes(bias + c) += lanes(row + c);
        }
    });
}

template <typename T>
OPNILOG_LEVELS void close_inner_logs(const Part &part, Range logs, const T *bias, const Kept<T> &kept, T *inner) {
    for_rows(part, logs, [&](int64_t log, int64_t index) OPNILOG_INLINED {
        T *row = inner + index * kWidth;
        for (int64_t c = 0; c < kWidth; c += kStep<T>) {
            const auto sum = lanes(row + c) + lanes(bias + c);
            lanes(row + c) = (sum > 0 ? sum : sum * 0) * factors(kept, log, c);
        }
    });
}

template <typename T>
OPNILOG_LEVELS void close_inner_back_logs(const Part &part, Range logs, const T *inner, const Kept<T> &kept, T *bias, T *gradient) {
    for_rows(part, logs, [&](int64_t, int64_t index) OPNILOG_INLINED {
        T *row = gradient + index * kWidth;
        for (int64_t c = 0; c < kWidth; c += kStep<T>) {
            // What is not above zero was cut by relu or dropped.
            const auto slope = lanes(row + c) * kept.factor;
            lanes(row + c) = lanes(inner + index * kWidth + c) > 0 ? slope : slope * 0;
            lanes(bias + c) += lanes(row + c);
        }
    });
}

template <typename T>
OPNILOG_LEVELS void close_layer_logs(const Part &part, Range logs, const T *y, const T *bias, const Kept<T> &kept,
                                     const Norm<T> &norm, const Normed<T> &normed, const Norm<T> &last,
                                     const Normed<T> &last_normed, T *outer) {
    for_rows(part, logs, [&](int64_t log, int64_t index) OPNILOG_INLINED {
        T *row = outer + index * kWidth;
        for (int64_t c = 0; c < kWidth; c += kStep<T>)
            lanes(row + c) = lanes(y + index * kWidth + c) + (lanes(row + c) + lanes(bias + c)) * factors(kept, log, c);
        apply_norm(norm, normed, index, row);
        apply_norm(last, last_normed, index, row);
    });
}

template <typename T>
OPNILOG_LEVELS void close_layer_back_logs(const Part &part, Range logs, const Kept<T> &kept, const Norm<T> &norm,
                                          const Normed<T> &normed, const Sums<T> &sums, const Norm<T> &last,
                                          const Normed<T> &last_normed, const Sums<T> &last_sums, T *bias, T *gradient, T *y) {
    for_rows(part, logs, [&](int64_t log, int64_t index) OPNILOG_INLINED {
        T *row = gradient + index * kWidth;
        apply_norm_back(last, last_normed, index, last_sums, row);
        apply_norm_back(norm, normed, index, sums, row);
        for (int64_t c = 0; c < kWidth; c += kStep<T>) {
            lanes(y + index * kWidth + c) = lanes(row + c);
            lanes(row + c) *= factors(kept, log, c);
            lanes(bias + c) += lanes(row + c);
        }
    });
}

}  // namespace

template <typename T>
Kept<T>::Kept(const Dropout &dropout, int64_t place)
    : flags(dropout.drops() ? dropout.flags(place) : kAll.data()), stride(dropout.drops() ? kWidth : 0),
      factor(T(dropout.factor)) {}

template <typename T>
void embed(const Part &part, const T *embedding, const T *positions, const Kept<T> &kept, T *x) {
    in_shares([&](int64_t index, int64_t count) {
        embed_logs(part, part.share(index, count), embedding, positions, kept, x);
    });
}

template <typename T>
void embed_back(const Part &part, const T *x_gradient, const Kept<T> &kept, T *embedding_gradient) {
    // A share has some columns of all rows: equal words then meet in one order, and in no other thread.
    in_shares([&](int64_t index, int64_t count) {
        embed_back_columns(part, Range(kWidth / kStep<T>, index, count), x_gradient, kept, embedding_gradient);
    });
}

template <typename T>
void close_attention(const Part &part, const T *first, const T *bias, const Kept<T> &kept, const Norm<T> &norm,
                     const Normed<T> &normed, T *y) {
    in_shares([&](int64_t index, int64_t count) {
        close_attention_logs(part, part.share(index, count), first, bias, kept, norm, normed, y);
    });
}

template <typename T>
void close_attention_back(const Part &part, const Kept<T> &kept, const Norm<T> &norm, const Normed<T> &normed, T *y_gradient,
                          T *first_gradient, T *bias_gradient) {
    ShareSums<T> sums(3);
    in_shares([&](int64_t index, int64_t count) {
        close_attention_back_logs(part, part.share(index, count), kept, norm, normed,
                                  Sums<T>{sums.of(index, 0), sums.of(index, 1)}, sums.of(index, 2), y_gradient, first_gradient);
    });
    sums.add_to(0, norm.scale_gradient);
    sums.add_to(1, norm.shift_gradient);
    sums.add_to(2, bias_gradient);
}

template <typename T>
void close_inner(const Part &part, const T *bias, const Kept<T> &kept, T *inner) {
    in_shares([&](int64_t index, int64_t count) {
        close_inner_logs(part, part.share(index, count), bias, kept, inner);
    });
}

template <typename T>
void close_inner_back(const Part &part, const T *inner, const Kept<T> &kept, T *inner_gradient, T *bias_gradient) {
    ShareSums<T> sums(1);
    in_shares([&](int64_t index, int64_t count) {
        close_inner_back_logs(part, part.share(index, count), inner, kept, sums.of(index, 0), inner_gradient);
    });
    sums.add_to(0, bias_gradient);
}

template <typename T>
void close_layer(const Part &part, const T *y, const T *bias, const Kept<T> &kept, const Norm<T> &norm,
                 const Normed<T> &normed, const Norm<T> &last, const Normed<T> &last_normed, T *outer) {
    in_shares([&](int64_t index, int64_t count) {
        close_layer_logs(part, part.share(index, count), y, bias, kept, norm, normed, last, last_normed, outer);
    });
}

template <typename T>
void close_layer_back(const Part &part, const Kept<T> &kept, const Norm<T> &norm, const Normed<T> &normed,
                      const Norm<T> &last, const Normed<T> &last_normed, T *gradient, T *y_gradient, T *bias_gradient) {
    ShareSums<T> sums(5);
    in_shares([&](int64_t index, int64_t count) {
        close_layer_back_logs(part, part.share(index, count), kept, norm, normed,
                              Sums<T>{sums.of(index, 0), sums.of(index, 1)}, last, last_normed,
                              Sums<T>{sums.of(index, 2), sums.of(index, 3)}, sums.of(index, 4), gradient, y_gradient);
    });
    sums.add_to(0, norm.scale_gradient);
    sums.add_to(1, norm.shift_gradient);
    sums.add_to(2, last.scale_gradient);
    sums.add_to(3, last.shift_gradient);
    sums.add_to(4, bias_gradient);
}

#define OPNILOG_INSTANCES(T)                                                                                              \
    template Kept<T>::Kept(const Dropout &, int64_t);                                                                     \
    template void embed(const Part &, const T *, const T *, const Kept<T> &, T *);                                        \
    template void embed_back(const Part &, const T *, const Kept<T> &, T *);                                              \
    template void close_attention(const Part &, const T *, const T *, const Kept<T> &, const Norm<T> &, const Normed<T> &, T *); \
    template void close_attention_back(const Part &, const Kept<T> &, const Norm<T> &, const Normed<T> &, T *, T *, T *); \
    template void close_inner(const Part &, const T *, const Kept<T> &, T *);                                             \
    template void close_inner_back(const Part &, const T *, const Kept<T> &, T *, T *);                                   \
    template void close_layer(const Part &, const T *, const T *, const Kept<T> &, const Norm<T> &, const Normed<T> &,    \
                              const Norm<T> &, const Normed<T> &, T *);                                                   \
    template void close_layer_back(const Part &, const Kept<T> &, const Norm<T> &, const Normed<T> &, const Norm<T> &,    \
                                   const Normed<T> &, T *, T *, T *);
OPNILOG_INSTANCES(float)
OPNILOG_INSTANCES(double)

}  // namespace opnilog::fused
