#include "dropout.h"

#include <cmath>

#include "model.h"
#include "philox.h"
#include "simd.h"

namespace opnilog {

namespace {

/// Numbers that are drawn at once: sixteen bits each from 32 calls of Philox side by side.
constexpr int64_t kUnit = 256, kCalls = 32;

/// Unit `unit` of a stream: 1 for each of 256 numbers that is not below `threshold`.
OPNILOG_INLINE void fill_unit(uint64_t key, uint64_t unit, uint32_t stream, uint32_t threshold, uint8_t *to) {
    uint32_t x0[kCalls], x1[kCalls], x2[kCalls], x3[kCalls];
    for (int64_t i = 0; i < kCalls; ++i) {
        const uint64_t counter = unit * uint64_t(kCalls) + uint64_t(i);
        x0[i] = uint32_t(counter);
        x1[i] = uint32_t(counter >> 32);
        x2[i] = stream;
        x3[i] = 0;
    }
    philox_rounds<kCalls>(uint32_t(key), uint32_t(key >> 32), x0, x1, x2, x3);
    const uint32_t *words[4] = {x0, x1, x2, x3};
    for (int word = 0; word < 4; ++word) {
        for (int64_t i = 0; i < kCalls; ++i) to[2 * word * kCalls + i] = (words[word][i] & 0xFFFF) >= threshold;
        for (int64_t i = 0; i < kCalls; ++i) to[(2 * word + 1) * kCalls + i] = (words[word][i] >> 16) >= threshold;
    }
}

/// Units `begin`..<`end` of a tensor whose first unit has the number `first` in its stream.
OPNILOG_LEVELS void fill_units(uint64_t key, uint64_t first, uint32_t stream, uint32_t threshold, int64_t begin,
                               int64_t end, uint8_t *to) {
    for (int64_t unit = begin; unit < end; ++unit)
        fill_unit(key, first + uint64_t(unit), stream, threshold, to + unit * kUnit);
}

}  // namespace

Dropout draw_dropout(double share, uint64_t seed, uint64_t step, const Part &part, bool on_host) {
    require(share >= 0 && share <= 0.9, "dropout is a share from 0 to 0.9");
    Dropout dropout;
    if (share == 0) return dropout;
    dropout.threshold = uint32_t(std::lround(share * 65536));
    dropout.factor = 65536.0 / (65536.0 - double(dropout.threshold));
    dropout.key = Philox(seed).derive(uint64_t(Purpose::dropout), step);
    if (!on_host || !dropout.drops()) return dropout;

    struct Tensor {
        int64_t *place;
        int64_t first, units;  // rows of 256 numbers
    };
    const int64_t logs = part.logs(), begin = part.begin, attention = kHeads * kLength / kUnit;
    const Tensor tensors[] = {
        {&dropout.token, part.first_token(), part.tokens()}, {&dropout.mask, 0, kLength},
        {&dropout.attention, begin * attention, logs * attention}, {&dropout.attended, begin, logs},
        {&dropout.inner, begin, logs}, {&dropout.outer, begin, logs},
    };
    int64_t units = 0;
    for (const auto &tensor : tensors) {
        *tensor.place = units * kUnit;
        units += tensor.units;
    }
    dropout.kept = at::empty({units * kUnit}, at::kByte);
    uint8_t *to = dropout.kept.data_ptr<uint8_t>();
    in_shares([&](int64_t index, int64_t count) {
        uint32_t stream = 0;
        for (const auto &tensor : tensors) {
            const Range range(tensor.units, index, count);
            fill_units(dropout.key, uint64_t(tensor.first), stream++, dropout.threshold, range.begin, range.end, to + *tensor.place);
        }
    });
    return dropout;
}

}  // namespace opnilog
