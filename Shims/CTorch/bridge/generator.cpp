// Logits and cross-entropy, a chunk of rows at a time: the logits of 10⁴ rows × 10⁴ words (400 MB) never stand whole,
// and no autograd graph keeps them; the gradients are two more matrix products a chunk.

#include "generator.h"

#include <algorithm>

namespace opnilog {

namespace {

/// A chunk's logits are at most this many numbers (8 MiB as float32), but at least 32 rows.
constexpr int64_t kChunkNumbers = int64_t(1) << 21;

/// Two buffers for the logits of all chunks, contiguous: in place, or on rows with a gap, `_log_softmax_out` is wrong.
class Chunks {
  public:
    Chunks(const opnilog_torch_model &model, const at::Tensor &hidden)
        : model_(model), hidden_(hidden),
          rows_(std::min(std::max<int64_t>(32, kChunkNumbers / model.words), hidden.size(0))),
          logits_(at::empty({rows_, model.words}, model.options)) {}

    /// Calls `body(first row, rows of the hidden states, logits)`.
    template <typename Body>
    void for_each(const Body &body) {
        for (int64_t begin = 0; begin < hidden_.size(0); begin += rows_) {
            const int64_t count = std::min(rows_, hidden_.size(0) - begin);
            const auto rows = hidden_.narrow(0, begin, count);
            auto logits = logits_.narrow(0, 0, count);
            at::addmm_out(logits, model_[GeneratorBias], rows, model_[GeneratorWeight].t());
            body(begin, rows, logits);
        }
    }

    /// Log-probabilities of a chunk's logits, in the second buffer.
    at::Tensor log_softmax(const at::Tensor &logits) {
        if (!second_.defined()) second_ = at::empty_like(logits_);
        auto to = second_.narrow(0, 0, logits.size(0));
        at::_log_softmax_out(to, logits, 1, false);
        return to;
    }

  private:
    const opnilog_torch_model &model_;
    const at::Tensor &hidden_;
    int64_t rows_;
    at::Tensor logits_, second_;
};

}  // namespace

void for_each_chunk(const opnilog_torch_model &model, const at::Tensor &hidden,
                    const std::function<void(int64_t, const at::Tensor &)> &body) {
    Chunks(model, hidden).for_each([&](int64_t begin, const at::Tensor &, const at::Tensor &logits) { body(begin, logits); });
}

at::Tensor loss_and_gradients(opnilog_torch_model &model, const Layout &layout, const at::Tensor &hidden,
                              at::Tensor &hidden_gradient) {
    auto weight_gradient = at::zeros_like(model[GeneratorWeight]);
    auto bias_gradient = at::zeros_like(model[GeneratorBias]);
    hidden_gradient = at::empty_like(hidden);
    auto sum = at::zeros({}, model.options.dtype(at::kDouble));
    Chunks chunks(model, hidden);
    chunks.for_each([&](int64_t begin, const at::Tensor &rows, const at::Tensor &logits) {
        const int64_t count = rows.size(0);
        const auto label = layout.label.narrow(0, begin, count).unsqueeze(1);
        const auto weight = layout.weight.narrow(0, begin, count).unsqueeze(1);
        auto slope = chunks.log_softmax(logits);
        const auto picked = slope.gather(1, label);
        sum -= (picked * weight).sum(at::kDouble);
        // The log-probabilities become the gradient of the mean loss: weight (softmax - true) / total weight.
        const auto share = weight / layout.total_weight;
        slope.exp_().mul_(share);
        slope.scatter_(1, label, (picked.exp() - 1) * share);
        auto gradient = hidden_gradient.narrow(0, begin, count);
        at::mm_out(gradient, slope, model[GeneratorWeight]);
        weight_gradient.addmm_(slope.t(), rows);
        bias_gradient += slope.sum(0);
    });
    model.gradients[GeneratorWeight] = weight_gradient;
    model.gradients[GeneratorBias] = bias_gradient;
    return sum;
}

at::Tensor ranks_of(const at::Tensor &logits, const at::Tensor &label) {
    const auto column = label.unsqueeze(1);
    const auto own = logits.gather(1, column);
    const auto later = at::arange(logits.size(1), label.options()).unsqueeze(0) > column;
    return (logits > own).logical_or_((logits == own).logical_and_(later)).sum(1);
}

}  // namespace opnilog
