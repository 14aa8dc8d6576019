#pragma once

// The loops over logits: each row is read from memory once and then stays in the cache.

#include <cstdint>

namespace opnilog::fused {

/// `words` rounded up to whole vectors.
constexpr int64_t padded(int64_t words) { return (words + 15) / 16 * 16; }

/// Rows of logits that still lack the bias, each `stride` numbers from the next, the padded words.
template <typename T>
struct Logits {
    T *numbers;
    int64_t rows, words, stride;
    const T *bias;
    const int64_t *label;  // [rows]
};

/// Each row becomes the gradient of the mean loss, weight (softmax − true) / `total`; its sum over the rows is added to
/// `bias_gradient`. Returns the sum of weight × cross-entropy.
template <typename T>
double slopes(const Logits<T> &logits, const double *weight, double total, T *bias_gradient);

/// Of each row how many logits stand above the label's (of equal ones the higher id is above).
template <typename T>
void rank(const Logits<T> &logits, int64_t *rank);

/// The same, and of each row the cross-entropy.
template <typename T>
void judge(const Logits<T> &logits, double *entropy, int64_t *rank);

}  // namespace opnilog::fused
