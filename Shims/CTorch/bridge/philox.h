#pragma once

// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): four 32-bit numbers
// as a pure function of a key and a counter, so nothing depends on threads, devices or libtorch's version.

#include <array>
#include <cstdint>

namespace opnilog {

/// The ten rounds on `N` counters side by side, in place.
template <int N>
__attribute__((always_inline)) inline void philox_rounds(
    uint32_t k0, uint32_t k1, uint32_t *x0, uint32_t *x1, uint32_t *x2, uint32_t *x3) {
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < N; ++i) {
            const uint64_t a = uint64_t(0xD2511F53u) * x0[i], b = uint64_t(0xCD9E8D57u) * x2[i];
            x0[i] = uint32_t(b >> 32) ^ x1[i] ^ k0;
            x1[i] = uint32_t(b);
            x2[i] = uint32_t(a >> 32) ^ x3[i] ^ k1;
            x3[i] = uint32_t(a);
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

class Philox {
  public:
    explicit Philox(uint64_t key) : key_{uint32_t(key), uint32_t(key >> 32)} {}

    std::array<uint32_t, 4> operator()(uint64_t low, uint64_t high) const {
        std::array<uint32_t, 4> x{uint32_t(low), uint32_t(low >> 32), uint32_t(high), uint32_t(high >> 32)};
        philox_rounds<1>(key_[0], key_[1], &x[0], &x[1], &x[2], &x[3]);
        return x;
    }

    /// A key of its own for one purpose and position.
    uint64_t derive(uint64_t purpose, uint64_t position) const {
        const auto x = (*this)(position, purpose);
        return uint64_t(x[0]) | uint64_t(x[1]) << 32;
    }

  private:
    uint32_t key_[2];
};

/// What random numbers of the bridge are for; the numbers are part of what a seed means, so they never change.
enum class Purpose : uint64_t { parameters = 1, dropout = 2, unknown_words = 3 };

}  // namespace opnilog
