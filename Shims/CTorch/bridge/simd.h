#pragma once

// What the loops of ours over numbers share: vectors of 32 bytes, code for the CPU that runs it, and a division of work
// among libtorch's threads that depends on their number alone.

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>

#if AT_PARALLEL_OPENMP && !defined(_OPENMP)
#error "compile with -fopenmp, as Scripts/bridge.sh does: at::parallel_for would use one thread"
#endif

namespace opnilog {

/// A function that is compiled for three levels of x86-64 and chosen when the bridge is opened.
#if defined(__x86_64__)
#define OPNILOG_LEVELS __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define OPNILOG_LEVELS
#endif
/// Inlined into a function of those levels, hence compiled for them too.
#define OPNILOG_INLINE __attribute__((always_inline)) inline

/// The same for a lambda, after its parameters.
#define OPNILOG_INLINED __attribute__((always_inline))

/// As many numbers as 32 bytes hold, what a register of AVX2 does: where it has no register of a vector's size, g++ takes
/// vectors apart through memory. Memory need not be aligned beyond the number.
template <typename T>
struct Lanes {
    static constexpr int count = 32 / int(sizeof(T));
    typedef T Vector __attribute__((vector_size(32), aligned(sizeof(T)), may_alias));
    using Integer = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;
    typedef Integer Integers __attribute__((vector_size(32), aligned(sizeof(T)), may_alias));
    /// A byte a number.
    typedef uint8_t Bytes __attribute__((vector_size(32 / sizeof(T)), aligned(1), may_alias));
};

template <typename T>
OPNILOG_INLINE typename Lanes<T>::Vector &lanes(T *at) { return *reinterpret_cast<typename Lanes<T>::Vector *>(at); }

template <typename T>
OPNILOG_INLINE const typename Lanes<T>::Vector &lanes(const T *at) {
    return *reinterpret_cast<const typename Lanes<T>::Vector *>(at);
}

template <typename T>
OPNILOG_INLINE T sum_of(const typename Lanes<T>::Vector &vector) {
    T sum = 0;
    for (int i = 0; i < Lanes<T>::count; ++i) sum += vector[i];
    return sum;
}

template <typename T>
OPNILOG_INLINE T largest_of(const typename Lanes<T>::Vector &vector) {
    T largest = vector[0];
    for (int i = 1; i < Lanes<T>::count; ++i) largest = vector[i] > largest ? vector[i] : largest;
    return largest;
}

/// eˣ for x ≤ 0, to a few units in the last place; what underflows becomes a number near the smallest.
///
/// eˣ = 2ⁿ eʳ with n the whole number nearest to x / ln 2; |r| ≤ ln 2 / 2, where Taylor's series to the power of 7 (13
/// for float64) is exact to the type.
template <typename T>
OPNILOG_INLINE typename Lanes<T>::Vector exp_of(typename Lanes<T>::Vector x) {
    using Vector = typename Lanes<T>::Vector;
    using Integers = typename Lanes<T>::Integers;
    constexpr bool is_float = sizeof(T) == 4;
    constexpr int mantissa = is_float ? 23 : 52, powers = is_float ? 7 : 13;
    constexpr T lowest = is_float ? T(-87) : T(-708);
    constexpr T high = is_float ? T(0x1.62e4p-1) : T(0x1.62e42fefap-1);
    constexpr T low = T(0x1.62e42fefa39efp-1 - double(high)) + (is_float ? T(0) : T(0x1.abc9e3b39803fp-56));
    constexpr T round = T(is_float ? 0x1.8p23 : 0x1.8p52);
    const Vector smallest = Vector{} + lowest;
    x = x < smallest ? smallest : x;
    const Vector shifted = x * T(0x1.71547652b82fep0) + round;
    const Vector whole = shifted - round;
    const Vector r = (x - whole * high) - whole * low;
    Vector sum = Vector{} + T(1);
    for (int power = powers; power >= 1; --power) sum = sum * (r * T(1.0 / power)) + T(1);
    return Vector(Integers(sum) + (Integers(shifted) << mantissa));
}

/// Calls `body(index, count)` once a thread; what an index does must depend on the two numbers alone.
template <typename Body>
void in_shares(const Body &body) {
    const int64_t count = at::get_num_threads();
    at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
        for (int64_t index = begin; index < end; ++index) body(index, count);
    });
}

}  // namespace opnilog
