// The encoder on a CPU. Matrix products are libtorch's; what stands between them are the loops of fused_rows.h and
// fused_attention.h. The way back is written out, so that nothing is computed or kept that it does not need.

#include "encoder.h"

#include "fused_attention.h"
#include "fused_rows.h"

namespace opnilog {

namespace {

using namespace fused;

template <typename T>
class FusedEncoder final : public Encoder {
  public:
    FusedEncoder(opnilog_torch_model &model, const Part &part, const Dropout &dropout)
        : model_(model), part_(part), dropout_(dropout), weights_(part) {}

    at::Tensor forward() override {
        embed_tokens();
        project();
        attended_ = rows();
        attend(part_, operands(), dropout_, weights_, data(attended_));

        y_ = attended_.mm(model_[OutputWeight].t());
        close_attention(part_, data(first_), data(model_[OutputBias]), kept(dropout_.attended), norm(AttentionScale),
                        normed_[0].get(*this), data(y_));
        inner_ = y_.mm(model_[InnerWeight].t());
        close_inner(part_, data(model_[InnerBias]), kept(dropout_.inner), data(inner_));
        auto hidden = inner_.mm(model_[OuterWeight].t());
        close_layer(part_, data(y_), data(model_[OuterBias]), kept(dropout_.outer), norm(FeedForwardScale),
                    normed_[1].get(*this), norm(FinalScale), normed_[2].get(*this), data(hidden));
        return hidden;
    }

    void backward(at::Tensor gradient) override {
        auto y_gradient = rows();
        close_layer_back(part_, kept(dropout_.outer), norm(FeedForwardScale), normed_[1].get(*this), norm(FinalScale),
                         normed_[2].get(*this), data(gradient), data(y_gradient), data(model_.gradients[OuterBias]));
        product_back(OuterWeight, gradient, inner_);
        auto inner_gradient = gradient.mm(model_[OuterWeight]);
        close_inner_back(part_, data(inner_), kept(dropout_.inner), data(inner_gradient), data(model_.gradients[InnerBias]));
        product_back(InnerWeight, inner_gradient, y_);
        y_gradient.addmm_(inner_gradient, model_[InnerWeight]);

        auto first_gradient = at::zeros_like(first_);
        close_attention_back(part_, kept(dropout_.attended), norm(AttentionScale), normed_[0].get(*this), data(y_gradient),
                             data(first_gradient), data(model_.gradients[OutputBias]));
        product_back(OutputWeight, y_gradient, attended_);
        attention_back(y_gradient.mm(model_[OutputWeight]), first_gradient);
    }

  private:
    /// What a norm keeps; allocated when it is first used.
    struct NormState {
        at::Tensor values, deviations;
        Normed<T> get(const FusedEncoder &encoder) {
            if (!values.defined()) {
                values = encoder.rows();
                deviations = at::empty({encoder.part_.rows()}, encoder.model_.options);
            }
            return {data(values), data(deviations)};
        }
    };

    static T *data(const at::Tensor &tensor) { return tensor.data_ptr<T>(); }
    at::Tensor rows() const { return at::empty({part_.rows(), kWidth}, model_.options); }
    Kept<T> kept(int64_t place) const { return {dropout_, place}; }

    Norm<T> norm(Parameter scale) const {
        const auto shift = Parameter(scale + 1);
        const bool has = model_.gradients[scale].defined();
        return {data(model_[scale]), data(model_[shift]), has ? data(model_.gradients[scale]) : nullptr,
                has ? data(model_.gradients[shift]) : nullptr};
    }

    Operands<T> operands() const { return {data(query_), data(key_), data(value_), data(mask_key_), data(mask_value_)}; }

    void embed_tokens() {
        x_ = at::empty({part_.tokens(), kWidth}, model_.options);
        embed(part_, data(model_[Embedding]), data(model_.positions), kept(dropout_.token), data(x_));
        mask_factors_ = dropout_.drops()
            ? dropout_.kept.narrow(0, dropout_.mask, kLength * kWidth).view({kLength, kWidth}).to(model_.options).mul_(dropout_.factor)
            : at::ones({kLength, kWidth}, model_.options);
        mask_factors_ = mask_factors_.narrow(0, 0, part_.longest());
        const auto masks = model_[Embedding].narrow(0, kMask, 1) * kEmbeddingScale + model_.positions;
        mask_ = masks.narrow(0, 0, part_.longest()) * mask_factors_;
        Layout::Indices starts;
        for (int64_t log = part_.begin; log < part_.end; ++log)
            starts.push_back(part_.layout.first_token[size_t(log)] - part_.first_token());
        starts_ = at::tensor(starts, at::kLong);
        first_ = x_.index_select(0, starts_);
    }

    void project() {
        query_ = at::linear(first_, model_[QueryWeight], model_[QueryBias]).mul_(kQueryScale);
        key_ = at::linear(x_, model_[KeyWeight], model_[KeyBias]);
        value_ = at::linear(x_, model_[ValueWeight], model_[ValueBias]);
        mask_key_ = at::linear(mask_, model_[KeyWeight], model_[KeyBias]);
        mask_value_ = at::linear(mask_, model_[ValueWeight], model_[ValueBias]);
    }

    /// The gradient of a weight, from those of the product's result and its other operand.
    void product_back(Parameter weight, const at::Tensor &gradient, const at::Tensor &operand) {
        model_.gradients[weight].addmm_(gradient.t(), operand);
    }

    void linear_back(Parameter weight, const at::Tensor &gradient, const at::Tensor &operand) {
        product_back(weight, gradient, operand);
        model_.gradients[weight + 1] += gradient.sum(0);
    }

    void attention_back(const at::Tensor &attended_gradient, at::Tensor &first_gradient) {
        const auto query = at::empty_like(query_), key = at::empty_like(key_), value = at::empty_like(value_),
                   mask_key = at::empty_like(mask_key_), mask_value = at::empty_like(mask_value_);
        attend_back(part_, operands(), dropout_, weights_, data(attended_gradient),
                    {data(query), data(key), data(value), data(mask_key), data(mask_value)});
        query.mul_(kQueryScale);
        linear_back(QueryWeight, query, first_);
        linear_back(KeyWeight, key, x_);
        linear_back(KeyWeight, mask_key, mask_);
        linear_back(ValueWeight, value, x_);
        linear_back(ValueWeight, mask_value, mask_);

        auto x = key.mm(model_[KeyWeight]).addmm_(value, model_[ValueWeight]);
        x.index_add_(0, starts_, first_gradient.addmm_(query, model_[QueryWeight]));
        embed_back(part_, data(x), kept(dropout_.token), data(model_.gradients[Embedding]));
        const auto mask = mask_key.mm(model_[KeyWeight]).addmm_(mask_value, model_[ValueWeight]).mul_(mask_factors_);
        model_.gradients[Embedding].select(0, kMask).add_(mask.sum(0), kEmbeddingScale);
    }

    opnilog_torch_model &model_;
    const Part part_;
    const Dropout dropout_;
    Weights<T> weights_;
    at::Tensor x_, first_, starts_;                               // embedded tokens, and those of <CLS>
    at::Tensor mask_, mask_factors_;                              // embedded <MASK>, [longest, 256]
    at::Tensor query_, key_, value_, mask_key_, mask_value_;      // attention's operands
    at::Tensor attended_, y_, inner_;                             // operands of the products after it, [rows, 256]
    std::array<NormState, 3> normed_;
};

}  // namespace

std::unique_ptr<Encoder> make_fused_encoder(opnilog_torch_model &model, const Part &part, const Dropout &dropout) {
    if (model.options.dtype() == at::kDouble) return std::make_unique<FusedEncoder<double>>(model, part, dropout);
    return std::make_unique<FusedEncoder<float>>(model, part, dropout);
}

}  // namespace opnilog
