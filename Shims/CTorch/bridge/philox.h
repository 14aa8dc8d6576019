#pragma once

// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): four 32-bit numbers
// as a pure function of a key and a counter, so nothing depends on threads, devices or libtorch's version.

#include <array>
#include <cstdint>

namespace opnilog {

class Philox {
  public:
    explicit Philox(uint64_t key) : key_{uint32_t(key), uint32_t(key >> 32)} {}

    std::array<uint32_t, 4> operator()(uint64_t low, uint64_t high) const {
        std::array<uint32_t, 4> x{uint32_t(low), uint32_t(low >> 32), uint32_t(high), uint32_t(high >> 32)};
        uint32_t k0 = key_[0], k1 = key_[1];
        for (int round = 0; round < 10; ++round) {
            const uint64_t a = uint64_t(0xD2511F53u) * x[0], b = uint64_t(0xCD9E8D57u) * x[2];
            x = {uint32_t(b >> 32) ^ x[1] ^ k0, uint32_t(b), uint32_t(a >> 32) ^ x[3] ^ k1, uint32_t(a)};
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
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
