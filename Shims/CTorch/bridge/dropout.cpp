#include "dropout.h"

#include <ATen/Parallel.h>

#include <cmath>

#include "model.h"
#include "philox.h"

namespace opnilog {

namespace {

/// Draws factors of any shape from 16 bits a number: eight numbers a call of Philox, and the share is right to 2⁻¹⁶.
class Factors {
  public:
    Factors(double share, uint64_t key, const at::TensorOptions &options)
        : random_(key), dropped_(uint32_t(std::lround(share * 65536))),
          kept_(float(65536.0 / (65536.0 - double(dropped_)))), options_(options) {}

    at::Tensor draw(at::IntArrayRef shape) {
        auto factors = at::empty(shape, at::kFloat);
        float *to = factors.data_ptr<float>();
        const int64_t count = factors.numel();
        const uint64_t stream = stream_++;
        at::parallel_for(0, (count + 7) / 8, 4096, [&](int64_t begin, int64_t end) {
            for (int64_t block = begin; block < end; ++block) fill(to, count, block, stream);
        });
        return factors.to(options_);
    }

  private:
    void fill(float *to, int64_t count, int64_t block, uint64_t stream) const {
        const auto four = random_(uint64_t(block), stream);
        for (int64_t i = 0; i < 8 && block * 8 + i < count; ++i) {
            const uint32_t number = (four[size_t(i / 2)] >> (16 * (i % 2))) & 0xFFFF;
            to[block * 8 + i] = number < dropped_ ? 0 : kept_;
        }
    }

    Philox random_;
    uint32_t dropped_;
    float kept_;
    at::TensorOptions options_;
    uint64_t stream_ = 0;
};

}  // namespace

Dropout draw_dropout(double share, uint64_t seed, uint64_t step, const Layout &layout,
                     const at::TensorOptions &options) {
    require(share >= 0 && share <= 0.9, "dropout is a share from 0 to 0.9");
    Dropout masks;
    if (share == 0) return masks;
    Factors factors(share, Philox(seed).derive(uint64_t(Purpose::dropout), step), options);
    masks.token = factors.draw({layout.tokens, kWidth});
    masks.mask = factors.draw({kLength, kWidth});
    masks.attention = factors.draw({layout.logs, kHeads, kLength});
    masks.attended = factors.draw({layout.logs, kWidth});
    masks.inner = factors.draw({layout.logs, kWidth});
    masks.outer = factors.draw({layout.logs, kWidth});
    return masks;
}

}  // namespace opnilog
