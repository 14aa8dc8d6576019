// The encoder composed of libtorch's operators, for a GPU; the tests hold it against the fused one on a CPU.

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

#include <array>
#include <cmath>

#include "encoder.h"
#include "upload.h"

namespace opnilog {

namespace {

/// `a (x - mean) / (std + 1e-6) + b` with the unbiased standard deviation.
at::Tensor normed(const at::Tensor &x, const at::Tensor &scale, const at::Tensor &shift) {
    const auto centred = x - x.mean(-1, /*keepdim=*/true);
    const auto deviation = (centred * centred).sum(-1, /*keepdim=*/true).div(double(kWidth - 1)).sqrt();
    return scale * centred / (deviation + 1e-6) + shift;
}

/// Rows of a matrix. at::embedding rather than index_select: its backward sums repeated rows in a fixed order.
at::Tensor rows(const at::Tensor &matrix, const at::Tensor &index) { return at::embedding(matrix, index); }

/// `values * factors`, or `values` where nothing is dropped.
at::Tensor dropped(const at::Tensor &values, const at::Tensor &factors) {
    return factors.defined() ? values * factors : values;
}

at::Tensor dropped(const at::Tensor &values, const at::Tensor &factors, const at::Tensor &index) {
    return factors.defined() ? values * factors.index_select(0, index) : values;
}

/// Logs whose attention is computed together, padded to the longest of them: logs `begin`..<`begin + logs` of the part.
struct Group {
    int64_t begin, logs, length;
    size_t packed, variant, lengths;  // places in the upload
};

/// A group's attention weights are at most this many numbers, so that memory does not grow with the batch.
constexpr int64_t kGroupNumbers = int64_t(1) << 24;

class ComposedEncoder final : public Encoder {
  public:
    ComposedEncoder(opnilog_torch_model &model, const Part &part, const Dropout &dropout, bool to_train)
        : model_(model), part_(part), upload_(model.options), to_train_(to_train) {
        lay_out();
        if (dropout.drops()) spread(dropout);
    }

    at::Tensor forward() override {
        embedded_ = model_[Embedding].index_select(0, upload_.get(token_)).set_requires_grad(to_train_);
        embedded_mask_ = model_[Embedding].narrow(0, kMask, 1).clone().set_requires_grad(to_train_);
        c10::AutoGradMode recording(to_train_);
        hidden_ = encode();
        return hidden_.detach();
    }

    void backward(at::Tensor hidden_gradient) override {
        // Autograd adds to what stands in `grad`.
        for (int i = 0; i < Embedding; ++i) model_.values[size_t(i)].mutable_grad() = model_.gradients[size_t(i)];
        torch::autograd::backward({hidden_}, {hidden_gradient});
        auto &gradient = model_.gradients[Embedding];
        gradient += at::embedding_dense_backward(embedded_.grad(), upload_.get(token_), model_.words, -1, false);
        gradient.narrow(0, kMask, 1).add_(embedded_mask_.grad());
    }

  private:
    void lay_out() {
        Layout::Indices position, starts, log_of;
        for (int64_t log = 0; log < part_.logs(); ++log) {
            const int64_t length = part_.layout.length[size_t(part_.begin + log)];
            starts.push_back(int64_t(position.size()));
            for (int64_t p = 0; p < length; ++p) position.push_back(p);
            log_of.insert(log_of.end(), size_t(length - 1), log);
        }
        token_ = upload_.add(part_.layout.token.data() + part_.first_token(), size_t(part_.tokens()));
        position_ = upload_.add(position);
        starts_ = upload_.add(starts);
        log_of_ = upload_.add(log_of);
        for (int64_t begin = 0; begin < part_.logs();) begin = lay_out_group(begin, starts);
        upload_.send();
    }

    /// Lays out the group that begins with log `begin`; returns where the next one does.
    int64_t lay_out_group(int64_t begin, const Layout::Indices &starts) {
        constexpr std::array<int64_t, 5> edges{8, 16, 24, 40, kLength};
        const auto length_of = [&](int64_t log) { return part_.layout.length[size_t(part_.begin + log)]; };
        const int64_t edge = *std::lower_bound(edges.begin(), edges.end(), length_of(begin));
        const int64_t most = std::max<int64_t>(1, kGroupNumbers / (kHeads * edge * edge));
        int64_t end = begin;
        while (end < part_.logs() && length_of(end) <= edge && end - begin < most) ++end;
        const int64_t length = length_of(end - 1);
        Layout::Indices packed, variant, lengths;
        for (int64_t log = begin; log < end; ++log) {
            lengths.push_back(length_of(log));
            for (int64_t p = 0; p < length; ++p) {
                packed.push_back(p < lengths.back() ? starts[size_t(log)] + p : 0);
                if (p > 0 && p < lengths.back()) variant.push_back((log - begin) * (length - 1) + p - 1);
            }
        }
        groups_.push_back({begin, end - begin, length, upload_.add(packed), upload_.add(variant), upload_.add(lengths)});
        return end;
    }

    void spread(const Dropout &dropout) {
        const auto all = Upload::to_device(dropout.kept, model_.options.device()).to(model_.options).mul_(dropout.factor);
        const auto part = [&](int64_t place, at::IntArrayRef shape) {
            return all.narrow(0, place, c10::multiply_integers(shape)).view(shape);
        };
        const int64_t logs = part_.logs();
        dropped_token_ = part(dropout.token, {part_.tokens(), kWidth});
        dropped_mask_ = part(dropout.mask, {kLength, kWidth});
        dropped_attention_ = part(dropout.attention, {logs, kHeads, kLength});
        dropped_attended_ = part(dropout.attended, {logs, kWidth});
        dropped_inner_ = part(dropout.inner, {logs, kWidth});
        dropped_outer_ = part(dropout.outer, {logs, kWidth});
    }

    /// What attention needs, computed once.
    void project(const at::Tensor &x, const at::Tensor &first, const at::Tensor &mask) {
        const auto weight = at::cat({model_[KeyWeight], model_[ValueWeight]});
        const auto bias = at::cat({model_[KeyBias], model_[ValueBias]});
        query_ = at::linear(first, model_[QueryWeight], model_[QueryBias]) / std::sqrt(double(kHeadWidth));
        key_value_ = at::linear(x, weight, bias);
        const auto of_mask = at::linear(mask, weight, bias).view({part_.longest(), 2, kHeads, kHeadWidth}).permute({1, 2, 0, 3});
        mask_key_ = of_mask[0];
        mask_value_ = of_mask[1];
    }

    /// Attention of one group's variants, heads side by side: [rows of the group, 256].
    at::Tensor attend(const Group &group) const {
        const int64_t logs = group.logs, length = group.length, variants = length - 1;
        const auto query = query_.narrow(0, group.begin, logs).view({logs, kHeads, 1, kHeadWidth});
        const auto key_value = rows(key_value_, upload_.get(group.packed))
            .view({logs, length, 2, kHeads, kHeadWidth}).permute({2, 0, 3, 1, 4});
        const auto key = key_value[0], value = key_value[1];  // [logs, 8, length, 32]
        const auto mask_key = mask_key_.narrow(1, 0, length), mask_value = mask_value_.narrow(1, 0, length);
        const auto lengths = upload_.get(group.lengths).unsqueeze(1);
        const auto padding = at::arange(length, lengths.options()).unsqueeze(0) >= lengths;  // [logs, length]

        const auto own = at::matmul(query, key.transpose(2, 3)).view({logs, kHeads, length})
            .masked_fill(padding.unsqueeze(1), -1e9);
        const auto masked = at::matmul(query.squeeze(2).transpose(0, 1), mask_key.transpose(1, 2)).transpose(0, 1);

        // Row j of [variants, length] is for the variant with position j + 1 masked.
        const auto exchanged = at::eye(length, own.options()).to(at::kBool).narrow(0, 1, variants);
        const auto scores = at::where(exchanged, masked.narrow(2, 1, variants).unsqueeze(3), own.unsqueeze(2));
        auto weights = at::softmax(scores, -1);  // [logs, 8, variants, length]
        if (dropped_attention_.defined())
            weights = weights * dropped_attention_.narrow(0, group.begin, logs).narrow(2, 0, length).unsqueeze(2);
        const auto at_mask = weights.diagonal(1, 2, 3).unsqueeze(3);  // [logs, 8, variants, 1]
        const auto exchange = mask_value.unsqueeze(0) - value;
        const auto attended = at::matmul(weights, value) + at_mask * exchange.narrow(2, 1, variants);
        return rows(attended.transpose(1, 2).reshape({logs * variants, kWidth}), upload_.get(group.variant));
    }

    at::Tensor encode() {
        const double scale = std::sqrt(double(kWidth));
        const auto log_of = upload_.get(log_of_);
        const auto positions = model_.positions.index_select(0, upload_.get(position_));
        const auto x = dropped(embedded_ * scale + positions, dropped_token_);
        const auto mask = dropped(embedded_mask_ * scale + model_.positions, dropped_mask_).narrow(0, 0, part_.longest());
        const auto first = rows(x, upload_.get(starts_));
        project(x, first, mask);

        std::vector<at::Tensor> attended;
        for (const auto &group : groups_) attended.push_back(attend(group));
        auto y = at::linear(at::cat(attended), model_[OutputWeight], model_[OutputBias]);
        y = normed(rows(first, log_of) + dropped(y, dropped_attended_, log_of), model_[AttentionScale], model_[AttentionShift]);
        const auto inner = dropped(at::relu(at::linear(y, model_[InnerWeight], model_[InnerBias])), dropped_inner_, log_of);
        const auto outer = at::linear(inner, model_[OuterWeight], model_[OuterBias]);
        y = normed(y + dropped(outer, dropped_outer_, log_of), model_[FeedForwardScale], model_[FeedForwardShift]);
        return normed(y, model_[FinalScale], model_[FinalShift]);
    }

    opnilog_torch_model &model_;
    const Part part_;
    Upload upload_;
    const bool to_train_;
    size_t token_, position_, starts_, log_of_;
    std::vector<Group> groups_;
    at::Tensor dropped_token_, dropped_mask_, dropped_attention_, dropped_attended_, dropped_inner_, dropped_outer_;
    // Rows of the embedding are leaves of autograd, so that the gradient of the table itself is one sum in fixed order.
    at::Tensor embedded_, embedded_mask_, hidden_;
    at::Tensor query_, key_value_, mask_key_, mask_value_;
};

}  // namespace

std::unique_ptr<Encoder> make_composed_encoder(opnilog_torch_model &model, const Part &part, const Dropout &dropout,
                                               bool to_train) {
    return std::make_unique<ComposedEncoder>(model, part, dropout, to_train);
}

}  // namespace opnilog
