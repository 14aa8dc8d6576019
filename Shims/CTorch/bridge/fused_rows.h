#pragma once

// The loops of the encoder over rows of 256 numbers that stand between its matrix products, each one pass over memory.
// They add their parameters' gradients to what is there already.

#include "dropout.h"
#include "model.h"

namespace opnilog::fused {

/// Factors of dropout, a row of 256 flags an index; all ones where nothing is dropped.
template <typename T>
struct Kept {
    const uint8_t *flags;
    int64_t stride;
    T factor;
    Kept(const Dropout &dropout, int64_t place);
};

/// A layer's norm: its parameters, and their gradients (null where none are wanted).
template <typename T>
struct Norm {
    const T *scale, *shift;
    T *scale_gradient, *shift_gradient;
};

/// What a norm keeps of its rows for the way back.
template <typename T>
struct Normed {
    T *values;      // [rows, 256] normalised, before scale and shift
    T *deviations;  // [rows] σ
};

/// x = (embedding[token] · 16 + positions[position]) · kept: [tokens, 256] of a part.
template <typename T>
void embed(const Part &part, const T *embedding, const T *positions, const Kept<T> &kept, T *x);

/// Adds the gradient of `embed` to that of the embedding.
template <typename T>
void embed_back(const Part &part, const T *x_gradient, const Kept<T> &kept, T *embedding_gradient);

/// y = norm(first[log] + (y + bias) · kept[log]), in place: the end of the attention's sub-layer.
template <typename T>
void close_attention(const Part &part, const T *first, const T *bias, const Kept<T> &kept, const Norm<T> &norm,
                     const Normed<T> &normed, T *y);

/// The gradient of y becomes that of the output of attention's last matrix product; `first_gradient` is [logs, 256].
template <typename T>
void close_attention_back(const Part &part, const Kept<T> &kept, const Norm<T> &norm, const Normed<T> &normed, T *y_gradient,
                          T *first_gradient, T *bias_gradient);

/// inner = relu(inner + bias) · kept[log], in place.
template <typename T>
void close_inner(const Part &part, const T *bias, const Kept<T> &kept, T *inner);

/// The gradient of `inner` becomes that of the matrix product before it.
template <typename T>
void close_inner_back(const Part &part, const T *inner, const Kept<T> &kept, T *inner_gradient, T *bias_gradient);

/// outer = final norm(norm(y + (outer + bias) · kept[log])), in place: the end of the layer and of the encoder.
template <typename T>
void close_layer(const Part &part, const T *y, const T *bias, const Kept<T> &kept, const Norm<T> &norm,
                 const Normed<T> &normed, const Norm<T> &last, const Normed<T> &last_normed, T *outer);

/// The gradient of what left the encoder becomes that of the feed-forward's last matrix product; `y_gradient` is set.
template <typename T>
void close_layer_back(const Part &part, const Kept<T> &kept, const Norm<T> &norm, const Normed<T> &normed,
                      const Norm<T> &last, const Normed<T> &last_normed, T *gradient, T *y_gradient, T *bias_gradient);

}  // namespace opnilog::fused
