// Logits and cross-entropy, a chunk of rows at a time: the logits of 10⁴ rows × 10⁴ words (400 MB) never stand whole,
// and no autograd graph keeps them; the gradients are two more matrix products a chunk.

#include "generator.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "fused_loss.h"
#include "gpu_kernels.h"
#include "logit_bounds.h"
#include "simd.h"
#include "upload.h"

namespace opnilog {

namespace {

/// A chunk's logits are at most this many numbers (16 MiB as float32; on a GPU 256 MiB), but at least 32 rows.
int64_t chunk_rows(const opnilog_torch_model &model, int64_t rows) {
    const int64_t numbers = int64_t(1) << (model.options.device().is_cpu() ? 22 : 26);
    return std::min(std::max<int64_t>(32, numbers / model.words), rows);
}

/// A buffer for the logits of all chunks, its rows rounded up to whole vectors.
class Chunks {
  public:
    Chunks(const opnilog_torch_model &model, const at::Tensor &hidden) : Chunks(model, hidden, model[GeneratorWeight]) {}

    /// - hidden, words: Rows of equal width: of hidden states and the words' vectors, or of the leads of both, where the
    ///   words may be padded.
    Chunks(const opnilog_torch_model &model, const at::Tensor &hidden, const at::Tensor &words)
        : model_(model), hidden_(hidden), words_(words.t()), stride_(fused::padded(model.words)),
          logits_(at::empty({chunk_rows(model, hidden.size(0)), stride_}, model.options)) {}

    /// Calls `body(first row, rows of the hidden states, their products with the words' vectors)`.
    template <typename Body>
    void for_each(const Body &body) {
        const int64_t most = logits_.size(0);
        for (int64_t begin = 0; begin < hidden_.size(0); begin += most) {
            const int64_t count = std::min(most, hidden_.size(0) - begin);
            const auto rows = hidden_.narrow(0, begin, count);
            auto products = logits_.narrow(0, 0, count).narrow(1, 0, words_.size(1));
            at::mm_out(products, rows, words_);
            body(begin, rows, products);
        }
    }

    template <typename T>
    fused::Logits<T> fused(const at::Tensor &products, const int64_t *label) const {
        return fused<T>(products, label, model_[GeneratorBias]);
    }

    template <typename T>
    fused::Logits<T> fused(const at::Tensor &products, const int64_t *label, const at::Tensor &bias) const {
        return {products.data_ptr<T>(), products.size(0), model_.words, stride_, bias.data_ptr<T>(), label};
    }

  private:
    const opnilog_torch_model &model_;
    const at::Tensor hidden_, words_;
    const int64_t stride_;
    const at::Tensor logits_;
};

/// Labels and weights on the model's device.
struct Targets {
    at::Tensor label, weight;
    Targets(const opnilog_torch_model &model, const Part &part) {
        const auto upload = [&](const auto &numbers, at::ScalarType type) {
            const auto *first = numbers.data() + part.first_row();
            const auto host = at::from_blob(const_cast<void *>(static_cast<const void *>(first)), {part.rows()}, type);
            return Upload::to_device(host, model.options.device());
        };
        label = upload(part.layout.label, at::kLong);
        weight = upload(part.layout.weight, at::kDouble);
    }
};

at::Tensor ranks_of(const at::Tensor &logits, const at::Tensor &label) {
    const auto column = label.unsqueeze(1);
    const auto own = logits.gather(1, column);
    const auto later = at::arange(logits.size(1), label.options()).unsqueeze(0) > column;
    return (logits > own).logical_or_((logits == own).logical_and_(later)).sum(1);
}

template <typename T>
at::Tensor fused_loss(opnilog_torch_model &model, const Part &part, const at::Tensor &hidden, at::Tensor &hidden_gradient) {
    double sum = 0;
    Chunks chunks(model, hidden);
    chunks.for_each([&](int64_t begin, const at::Tensor &rows, const at::Tensor &products) {
        const size_t first = size_t(part.first_row() + begin);
        sum += fused::slopes<T>(chunks.fused<T>(products, part.layout.label.data() + first), part.layout.weight.data() + first,
                                part.layout.total_weight, model.gradients[GeneratorBias].data_ptr<T>());
        auto gradient = hidden_gradient.narrow(0, begin, rows.size(0));
        at::mm_out(gradient, products, model[GeneratorWeight]);
        model.gradients[GeneratorWeight].addmm_(products.t(), rows);
    });
    return at::scalar_tensor(sum, at::kDouble);
}

at::Tensor composed_loss(opnilog_torch_model &model, const Part &part, const at::Tensor &hidden, at::Tensor &hidden_gradient) {
    const Targets targets(model, part);
    auto sum = at::zeros({}, model.options.dtype(at::kDouble));
    Chunks(model, hidden).for_each([&](int64_t begin, const at::Tensor &rows, const at::Tensor &products) {
        const int64_t count = rows.size(0);
        const auto label = targets.label.narrow(0, begin, count);
        const auto weight = targets.weight.narrow(0, begin, count);
        at::Tensor entropy, slope;
        if (products.is_cpu()) {
            auto logarithms = at::log_softmax(products + model[GeneratorBias], 1);
            entropy = -logarithms.gather(1, label.unsqueeze(1)).squeeze(1) * weight;
            // The gradient of the mean loss, share (softmax - true).
            const auto share = (weight / part.layout.total_weight).to(model.options).unsqueeze(1);
            slope = logarithms.exp_().mul_(share).scatter_add_(1, label.unsqueeze(1), -share);
        } else {
            entropy = gpu::cross_entropy(products, model[GeneratorBias], label, weight, part.layout.total_weight);
            slope = products;
        }
        sum += entropy.sum();
        auto gradient = hidden_gradient.narrow(0, begin, count);
        at::mm_out(gradient, slope, model[GeneratorWeight]);
        model.gradients[GeneratorWeight].addmm_(slope.t(), rows);
        model.gradients[GeneratorBias] += slope.sum(0);
    });
    return sum;
}

/// - label: [rows] of the hidden states.
template <typename T>
void ranks_by_logits(const opnilog_torch_model &model, const at::Tensor &hidden, const int64_t *label, int64_t *to) {
    Chunks chunks(model, hidden);
    chunks.for_each([&](int64_t begin, const at::Tensor &, const at::Tensor &products) {
        fused::rank<T>(chunks.fused<T>(products, label + begin), to + begin);
    });
}

template <typename T>
void ranks_by_bounds(const opnilog_torch_model &model, const at::Tensor &hidden, const int64_t *label, int64_t *to) {
    const auto &bounds = *model.bounds;
    const auto leads = hidden.mm(bounds.directions);
    const auto rests = at::addmm(hidden, leads, bounds.directions.t(), 1, -1).norm(2, 1);
    // Each of a lead's 48 numbers may be wrong as a sum of 256 can be, most of all that follows: √48 · 256 / 2 in all.
    const double rounding = std::numeric_limits<T>::epsilon();
    const auto slacks = hidden.norm(2, 1).mul_(2048 * rounding * bounds.longest).add_(4 * rounding * bounds.largest_bias);
    Chunks chunks(model, leads, bounds.leads);
    chunks.for_each([&](int64_t begin, const at::Tensor &, const at::Tensor &products) {
        fused::rank_by_bounds<T>(
            {chunks.fused<T>(products, label + begin, bounds.biases), rests.data_ptr<T>() + begin, slacks.data_ptr<T>() + begin,
             bounds.rests.data_ptr<T>(), hidden.data_ptr<T>() + begin * kWidth, model[GeneratorWeight].data_ptr<T>()},
            to + begin);
    });
}

/// By bounds where there are any, and what those leave open by all logits.
template <typename T>
void fused_ranks(const opnilog_torch_model &model, const Part &part, const at::Tensor &hidden, at::Tensor &to) {
    const int64_t *label = part.layout.label.data() + part.first_row();
    int64_t *rank = to.data_ptr<int64_t>();
    if (!model.bounds) return ranks_by_logits<T>(model, hidden, label, rank);
    ranks_by_bounds<T>(model, hidden, label, rank);

    std::vector<int64_t> open, open_labels;
    for (int64_t row = 0; row < hidden.size(0); ++row) {
        if (rank[row] != fused::kOpen) continue;
        open.push_back(row);
        open_labels.push_back(label[row]);
    }
    if (open.empty()) return;
    std::vector<int64_t> found(open.size());
    ranks_by_logits<T>(model, hidden.index_select(0, at::tensor(open, at::kLong)), open_labels.data(), found.data());
    for (size_t i = 0; i < open.size(); ++i) rank[open[i]] = found[i];
}

void composed_ranks(const opnilog_torch_model &model, const at::Tensor &hidden, const at::Tensor &labels, at::Tensor &to) {
    for_each_chunk(model, hidden, [&](int64_t begin, const at::Tensor &logits) {
        to.narrow(0, begin, logits.size(0)).copy_(ranks_of(logits, labels.narrow(0, begin, logits.size(0))));
    });
}

template <typename T>
void fused_judge(const opnilog_torch_model &model, const Part &part, const at::Tensor &hidden, const Judgement &to) {
    Chunks chunks(model, hidden);
    chunks.for_each([&](int64_t begin, const at::Tensor &, const at::Tensor &products) {
        const int64_t *label = part.layout.label.data() + part.first_row() + begin;
        fused::judge<T>(chunks.fused<T>(products, label), to.entropy.data_ptr<double>() + begin,
                        to.rank.data_ptr<int64_t>() + begin);
    });
}

void composed_judge(const opnilog_torch_model &model, const at::Tensor &hidden, const at::Tensor &labels, const Judgement &to) {
    Chunks(model, hidden).for_each([&](int64_t begin, const at::Tensor &rows, const at::Tensor &products) {
        const auto logits = products + model[GeneratorBias];
        const auto label = labels.narrow(0, begin, rows.size(0));
        const auto own = logits.gather(1, label.unsqueeze(1)).squeeze(1);
        to.entropy.narrow(0, begin, rows.size(0)).copy_(at::logsumexp(logits, {1}) - own);
        to.rank.narrow(0, begin, rows.size(0)).copy_(ranks_of(logits, label));
    });
}

}  // namespace

void for_each_chunk(const opnilog_torch_model &model, const at::Tensor &hidden,
                    const std::function<void(int64_t, const at::Tensor &)> &body) {
    Chunks(model, hidden).for_each([&](int64_t begin, const at::Tensor &, const at::Tensor &products) {
        body(begin, products + model[GeneratorBias]);
    });
}

at::Tensor loss_and_gradients(opnilog_torch_model &model, const Part &part, const at::Tensor &hidden,
                              at::Tensor &hidden_gradient) {
    hidden_gradient = at::empty_like(hidden);
    if (!model.is_fused) return composed_loss(model, part, hidden, hidden_gradient);
    return model.options.dtype() == at::kDouble ? fused_loss<double>(model, part, hidden, hidden_gradient)
                                                : fused_loss<float>(model, part, hidden, hidden_gradient);
}

Judgement judge(const opnilog_torch_model &model, const Part &part, const at::Tensor &hidden) {
    const Targets targets(model, part);
    const Judgement judgement{at::empty({part.rows()}, targets.weight.options()),
                              at::empty({part.rows()}, targets.label.options()), targets.weight};
    if (!model.is_fused) composed_judge(model, hidden, targets.label, judgement);
    else if (model.options.dtype() == at::kDouble) fused_judge<double>(model, part, hidden, judgement);
    else fused_judge<float>(model, part, hidden, judgement);
    return judgement;
}

at::Tensor ranks_of_labels(const opnilog_torch_model &model, const Part &part, const at::Tensor &hidden) {
    const Targets targets(model, part);
    auto ranks = at::empty({part.rows()}, targets.label.options());
    if (!model.is_fused) composed_ranks(model, hidden, targets.label, ranks);
    else if (model.options.dtype() == at::kDouble) fused_ranks<double>(model, part, hidden, ranks);
    else fused_ranks<float>(model, part, hidden, ranks);
    return ranks.cpu();
}

}  // namespace opnilog
