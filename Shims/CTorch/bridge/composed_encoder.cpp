// The encoder composed of libtorch's operators, for a GPU; the tests hold it against the fused one on a CPU. To start a
// kernel takes longer than to run it, so the way back is written out, in as few kernels as it needs.

#include <deque>

#include "composed_attention.h"
#include "encoder.h"
#include "gpu_kernels.h"

namespace opnilog {

namespace {

/// `a (x - mean) / (std + 1e-6) + b` with the unbiased standard deviation.
class Norm {
  public:
    explicit Norm(Parameter scale) : scale_(scale) {}

    at::Tensor forward(const opnilog_torch_model &model, const at::Tensor &x) { return forward(model, x, {}, {}, {}); }

    /// Of `base[index] + x · factors`; all three may be undefined.
    at::Tensor forward(const opnilog_torch_model &model, const at::Tensor &x, const at::Tensor &factors,
                       const at::Tensor &base, const at::Tensor &index) {
        const auto &scale = model[scale_], &shift = model[Parameter(scale_ + 1)];
        if (!x.is_cpu()) return gpu::norm(x, base, index, factors, scale, shift, normed_);
        auto sum = factors.defined() ? x * factors : x;
        if (base.defined()) sum = sum + (index.defined() ? base.index_select(0, index) : base);
        const auto [deviation, mean] = at::std_mean(sum, at::IntArrayRef{-1}, /*unbiased=*/true, /*keepdim=*/true);
        // A row of equal numbers has no deviation, and on the way back nothing is to be divided by it.
        normed_.deviations = deviation.clamp_min(kLeast);
        normed_.values = (sum - mean).div_(normed_.deviations + kBesideDeviation);
        return at::addcmul(shift, normed_.values, scale);
    }

    at::Tensor backward(const opnilog_torch_model &model, const at::Tensor &given, std::vector<at::Tensor> &gradients) const {
        auto &of_scale = gradients[size_t(scale_)], &of_shift = gradients[size_t(scale_) + 1];
        if (!given.is_cpu()) {
            at::Tensor parameters;
            const auto gradient = gpu::norm_back(given, normed_, model[scale_], parameters);
            of_scale = parameters.narrow(0, 0, kWidth);
            of_shift = parameters.narrow(0, kWidth, kWidth);
            return gradient;
        }
        of_scale = (given * normed_.values).sum(0);
        of_shift = given.sum(0);
        auto gradient = given * model[scale_];
        const auto along = (gradient * normed_.values).sum(-1, /*keepdim=*/true).div_(normed_.deviations);
        gradient.sub_(gradient.mean(-1, /*keepdim=*/true)).div_(normed_.deviations + kBesideDeviation);
        return gradient.addcmul_(normed_.values, along, -1.0 / double(kWidth - 1));
    }

  private:
    static constexpr double kLeast = 1e-30, kBesideDeviation = 1e-6;
    Parameter scale_;
    gpu::Normed normed_;
};

/// Sums of rows `begin[i]`..<`begin[i + 1]`, each in order.
at::Tensor sums(const at::Tensor &rows, const at::Tensor &begin) {
    // Not checked (`unsafe`): that would wait for the device.
    return at::segment_reduce(rows, "sum", {}, {}, begin, 0, /*unsafe=*/true, 0);
}

/// Rows of a matrix, or zeros at an index one past its end.
at::Tensor rows_or_zeros(const at::Tensor &matrix, const at::Tensor &index) {
    return at::constant_pad_nd(matrix, {0, 0, 0, 1}).index_select(0, index);
}

class ComposedEncoder final : public Encoder {
  public:
    ComposedEncoder(opnilog_torch_model &model, const Part &part, const Dropout &dropout)
        : model_(model), part_(part), layout_(part, model.options), gradients_(size_t(Embedding)) {
        if (dropout.drops()) spread(dropout);
    }

    at::Tensor forward() override {
        embed_and_project();
        attended_ = at::empty({part_.rows(), kWidth}, model_.options);
        for (const auto &group : layout_.groups)
            attention_.emplace_back(layout_, group, attention_factors_).forward(projections_, attended_);

        y_ = attention_norm_.forward(model_, linear(attended_, OutputWeight), attended_factors_, first_, layout_.log_of);
        inner_ = linear(y_, InnerWeight).relu_();
        if (inner_factors_.defined()) inner_.mul_(inner_factors_);
        const auto y = feed_forward_norm_.forward(model_, linear(inner_, OuterWeight), outer_factors_, y_, {});
        return final_norm_.forward(model_, y);
    }

    void backward(at::Tensor gradient) override {
        auto y = final_norm_.backward(model_, gradient, gradients_);
        y = feed_forward_norm_.backward(model_, y, gradients_);
        const auto outer = outer_factors_.defined() ? y * outer_factors_ : y;
        linear_back(OuterWeight, outer, inner_);
        auto inner = outer.mm(model_[OuterWeight]);
        if (inner_factors_.defined()) inner.mul_(inner_factors_);
        inner = at::threshold_backward(inner, inner_, 0);
        linear_back(InnerWeight, inner, y_);
        y.addmm_(inner, model_[InnerWeight]);

        y = attention_norm_.backward(model_, y, gradients_);
        auto first = sums(y, layout_.log_rows);
        if (attended_factors_.defined()) y.mul_(attended_factors_);
        linear_back(OutputWeight, y, attended_);
        attention_back(y.mm(model_[OutputWeight]), first);

        std::vector<at::Tensor> to(model_.gradients.begin(), model_.gradients.begin() + Embedding);
        at::_foreach_add_(to, gradients_);
    }

  private:
    void spread(const Dropout &dropout) {
        const int64_t vectors = layout_.token.size(0), rows = part_.rows();
        const auto all = model_.options.device().is_cpu()
            ? drawn_here(dropout) : gpu::dropout_factors(dropout, part_, vectors, layout_.log_of, model_.options);
        const auto numbers = at::split_with_sizes(
            all, {vectors * kWidth, part_.logs() * kHeads * kLength, rows * kWidth, rows * kWidth, rows * kWidth});
        vector_factors_ = numbers[0].view({vectors, kWidth});
        attention_factors_ = numbers[1].view({part_.logs(), kHeads, kLength});
        attended_factors_ = numbers[2].view({rows, kWidth});
        inner_factors_ = numbers[3].view({rows, kWidth});
        outer_factors_ = numbers[4].view({rows, kWidth});
    }

    /// The factors of masks that were drawn on the host, as `gpu::dropout_factors` lays them out.
    at::Tensor drawn_here(const Dropout &dropout) const {
        const auto all = dropout.kept.to(model_.options).mul_(dropout.factor);
        const auto of_rows = all.narrow(0, dropout.attended, 3 * part_.logs() * kWidth).view({3, part_.logs(), kWidth});
        // <MASK>'s stand right behind the tokens'.
        return at::cat({all.narrow(0, dropout.token, layout_.token.size(0) * kWidth),
                        all.narrow(0, dropout.attention, part_.logs() * kHeads * kLength),
                        of_rows.index_select(1, layout_.log_of).view(-1)});
    }

    at::Tensor linear(const at::Tensor &x, Parameter weight) const {
        return at::addmm(model_[Parameter(weight + 1)], x, model_[weight].t());
    }

    void linear_back(Parameter weight, const at::Tensor &gradient, const at::Tensor &x) {
        gradients_[size_t(weight)] = gradient.t().mm(x);
        gradients_[size_t(weight) + 1] = gradient.sum(0);
    }

    void embed_and_project() {
        vectors_ = model_.positions.index_select(0, layout_.position);
        vectors_.add_(model_[Embedding].index_select(0, layout_.token), kEmbeddingScale);
        if (vector_factors_.defined()) vectors_.mul_(vector_factors_);
        first_ = vectors_.index_select(0, layout_.start);
        weights_ = at::cat({model_[KeyWeight], model_[ValueWeight]});
        const auto biases = at::cat({model_[KeyBias], model_[ValueBias]});
        projections_ = {at::addmm(model_[QueryBias], first_, model_[QueryWeight].t(), kQueryScale, kQueryScale),
                        at::addmm(biases, vectors_, weights_.t())};
    }

    /// From the gradient of what attention returned, and of the logs' <CLS> by every other way, which is used up.
    void attention_back(const at::Tensor &attended, at::Tensor &first) {
        const Projections to{at::empty_like(projections_.query), at::empty_like(projections_.keys_values)};
        to.keys_values.narrow(0, part_.tokens(), part_.longest()).zero_();
        for (auto &attention : attention_) attention.backward(attended, to);

        const auto query = to.query * kQueryScale;
        linear_back(QueryWeight, query, first_);
        first.addmm_(query, model_[QueryWeight]);
        const auto weights = to.keys_values.t().mm(vectors_), biases = to.keys_values.sum(0);
        for (const auto &[weight, begin] : {std::pair{KeyWeight, int64_t(0)}, std::pair{ValueWeight, kWidth}}) {
            gradients_[size_t(weight)] = weights.narrow(0, begin, kWidth);
            gradients_[size_t(weight) + 1] = biases.narrow(0, begin, kWidth);
        }
        auto vectors = to.keys_values.mm(weights_).add_(rows_or_zeros(first, layout_.log_at));
        if (vector_factors_.defined()) vectors.mul_(vector_factors_);
        const auto of_words = sums(vectors.index_select(0, layout_.sorted), layout_.word_at);
        model_.gradients[Embedding].narrow(0, 0, layout_.word_of.size(0))
            .add_(rows_or_zeros(of_words, layout_.word_of), kEmbeddingScale);
    }

    opnilog_torch_model &model_;
    const Part part_;
    const ComposedLayout layout_;
    std::vector<at::Tensor> gradients_;  // of the parameters before the embedding, in their order
    at::Tensor vector_factors_, attention_factors_, attended_factors_, inner_factors_, outer_factors_;
    at::Tensor vectors_, first_;  // [vectors, 256], and those of <CLS>, [logs, 256]
    at::Tensor weights_;          // keys' and values', [512, 256]
    Projections projections_;
    std::deque<ComposedAttention> attention_;  // of each group
    at::Tensor attended_, y_, inner_;          // operands of the products after it, [rows, 256]
    Norm attention_norm_{AttentionScale}, feed_forward_norm_{FeedForwardScale}, final_norm_{FinalScale};
};

}  // namespace

std::unique_ptr<Encoder> make_composed_encoder(opnilog_torch_model &model, const Part &part, const Dropout &dropout) {
    return std::make_unique<ComposedEncoder>(model, part, dropout);
}

}  // namespace opnilog
