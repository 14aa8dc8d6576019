// The encoder composed of libtorch's operators, for a GPU; the tests hold it against the fused one on a CPU.

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/variable.h>

#include <cmath>

#include "encoder.h"
#include "upload.h"

namespace opnilog {

namespace {

/// `a (x - mean) / (std + 1e-6) + b` with the unbiased standard deviation, its way back written out: a third of the
/// kernels that autograd would start, and to start one takes longer than to run it.
struct Norm : torch::autograd::Function<Norm> {
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &scale,
                              const at::Tensor &shift) {
        auto [deviation, mean] = at::std_mean(x, at::IntArrayRef{-1}, /*unbiased=*/true, /*keepdim=*/true);
        const auto values = (x - mean).div_(deviation + 1e-6);
        context->save_for_backward({values, deviation, scale});
        return at::addcmul(shift, values, scale);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto &values = saved[0], &deviation = saved[1], &scale = saved[2];
        const auto &given = gradients[0];
        const auto gradient = given * scale;
        const auto along = (gradient * values).sum(-1, /*keepdim=*/true).div_(deviation * double(kWidth - 1));
        // A row of equal numbers has no deviation and nothing to lose.
        const auto x = (gradient - gradient.mean(-1, /*keepdim=*/true)).div_(deviation + 1e-6)
            .addcmul_(values, along.masked_fill_(deviation == 0, 0), -1);
        return {x, (given * values).sum(0), given.sum(0)};
    }
};

/// Rows of a matrix, in whose way back no row is met twice: row r of the gradient is row `back[r]` of what is given, or
/// zero where that is one past its end.
struct Gather : torch::autograd::Function<Gather> {
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &matrix, const at::Tensor &index,
                              const at::Tensor &back) {
        context->save_for_backward({back});
        return matrix.index_select(0, index);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        const auto padded = at::constant_pad_nd(gradients[0], {0, 0, 0, 1});
        return {padded.index_select(0, context->get_saved_variables()[0]), at::Tensor(), at::Tensor()};
    }
};

/// The first `length` along `dimension`; a view of all would cost a copy on the way back.
at::Tensor first_of(const at::Tensor &tensor, int64_t dimension, int64_t length) {
    return tensor.size(dimension) == length ? tensor : tensor.narrow(dimension, 0, length);
}

/// `values * factors`, or `values` where nothing is dropped.
at::Tensor dropped(const at::Tensor &values, const at::Tensor &factors) {
    return factors.defined() ? values * factors : values;
}

/// `a + b * factors`, or `a + b` where nothing is dropped.
at::Tensor sum(const at::Tensor &a, const at::Tensor &b, const at::Tensor &factors) {
    return factors.defined() ? at::addcmul(a, b, factors) : a + b;
}

/// Logs whose attention is computed together, padded to the longest of them: logs `begin`..<`begin + logs` of the part.
struct Group {
    int64_t begin, logs, length;
    // Places in the upload.
    size_t packed;    // [logs × length] row of the packed tokens; 0 where there is padding
    size_t cell;      // [tokens] where each packed token stands in [logs × length]; one past it for other groups' tokens
    size_t variant;   // [rows of the group] where each variant stands in [logs × (length - 1)]
    size_t row;       // [logs × (length - 1)] the other way round; one past the rows where there is none
    size_t lengths;   // [logs]
};

/// A group's attention weights are at most this many numbers, so that memory does not grow with the batch; but as many
/// as that, since few large kernels cost less than many small ones, padding and all.
constexpr int64_t kGroupNumbers = int64_t(1) << 25;

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
        torch::autograd::backward({hidden_}, {hidden_gradient});
        // Taken away from autograd, which would add the next part's one by one.
        std::vector<at::Tensor> all(model_.gradients.begin(), model_.gradients.begin() + Embedding), grads;
        for (int i = 0; i < Embedding; ++i) {
            auto &grad = model_.values[size_t(i)].mutable_grad();
            grads.push_back(grad);
            grad = at::Tensor();
        }
        at::_foreach_add_(all, grads);
        auto &gradient = model_.gradients[Embedding];
        gradient += at::embedding_dense_backward(embedded_.grad(), upload_.get(token_), model_.words, -1, false);
        gradient.narrow(0, kMask, 1).add_(embedded_mask_.grad());
    }

  private:
    void lay_out() {
        Layout::Indices position, starts, log_of, log_at;
        for (int64_t log = 0; log < part_.logs(); ++log) {
            const int64_t length = part_.layout.length[size_t(part_.begin + log)];
            starts.push_back(int64_t(position.size()));
            for (int64_t p = 0; p < length; ++p) {
                position.push_back(p);
                log_at.push_back(p == 0 ? log : part_.logs());
            }
            log_of.insert(log_of.end(), size_t(length - 1), log);
        }
        token_ = upload_.add(part_.layout.token.data() + part_.first_token(), size_t(part_.tokens()));
        position_ = upload_.add(position);
        starts_ = upload_.add(starts);
        log_at_ = upload_.add(log_at);
        log_of_ = upload_.add(log_of);
        for (int64_t begin = 0; begin < part_.logs();) begin = lay_out_group(begin, starts);
        upload_.send();
    }

    /// Lays out the group that begins with log `begin`; returns where the next one does.
    int64_t lay_out_group(int64_t begin, const Layout::Indices &starts) {
        const auto length_of = [&](int64_t log) { return part_.layout.length[size_t(part_.begin + log)]; };
        const auto numbers = [&](int64_t logs, int64_t length) { return logs * kHeads * length * length; };
        int64_t end = begin + 1;
        while (end < part_.logs() && numbers(end + 1 - begin, length_of(end)) <= kGroupNumbers) ++end;
        const int64_t length = length_of(end - 1);
        const int64_t logs = end - begin, cells = logs * length, variants = logs * (length - 1);
        Layout::Indices packed(size_t(cells), 0), cell(size_t(part_.tokens()), cells), variant, row, lengths;
        for (int64_t log = 0; log < logs; ++log) {
            lengths.push_back(length_of(begin + log));
            for (int64_t p = 0; p < lengths.back(); ++p) {
                const int64_t token = starts[size_t(begin + log)] + p;
                packed[size_t(log * length + p)] = token;
                cell[size_t(token)] = log * length + p;
                if (p > 0) variant.push_back(log * (length - 1) + p - 1);
            }
        }
        row.assign(size_t(variants), int64_t(variant.size()));
        for (size_t i = 0; i < variant.size(); ++i) row[size_t(variant[i])] = int64_t(i);
        groups_.push_back({begin, logs, length, upload_.add(packed), upload_.add(cell), upload_.add(variant),
                           upload_.add(row), upload_.add(lengths)});
        return end;
    }

    void spread(const Dropout &dropout) {
        const auto all = Upload::to_device(dropout.kept, model_.options.device()).to(model_.options).mul_(dropout.factor);
        const auto part = [&](int64_t place, at::IntArrayRef shape) {
            return all.narrow(0, place, c10::multiply_integers(shape)).view(shape);
        };
        const int64_t logs = part_.logs();
        dropped_token_ = part(dropout.token, {part_.tokens(), kWidth});
        dropped_mask_ = part(dropout.mask, {kLength, kWidth}).narrow(0, 1, part_.longest() - 1);
        dropped_attention_ = part(dropout.attention, {logs, kHeads, kLength});
        // What belongs to a log's rows stands side by side in the buffer: one gather serves all.
        const auto of_rows = part(dropout.attended, {3, logs, kWidth}).index_select(1, upload_.get(log_of_));
        dropped_attended_ = of_rows[0];
        dropped_inner_ = of_rows[1];
        dropped_outer_ = of_rows[2];
    }

    /// What attention needs, computed once.
    void project(const at::Tensor &x, const at::Tensor &first, const at::Tensor &mask) {
        const auto of_mask = [&](Parameter weight) {
            return at::linear(mask, model_[weight], model_[Parameter(weight + 1)])
                .view({part_.longest() - 1, kHeads, kHeadWidth}).transpose(0, 1);
        };
        query_ = at::linear(first, model_[QueryWeight], model_[QueryBias]) / std::sqrt(double(kHeadWidth));
        key_ = at::linear(x, model_[KeyWeight], model_[KeyBias]);
        value_ = at::linear(x, model_[ValueWeight], model_[ValueBias]);
        mask_key_ = of_mask(KeyWeight);
        mask_value_ = of_mask(ValueWeight);
    }

    /// A group's rows of packed keys or values, with padding: [logs, 8, length, 32].
    at::Tensor spread_tokens(const Group &group, const at::Tensor &packed) const {
        return Gather::apply(packed, upload_.get(group.packed), upload_.get(group.cell))
            .view({group.logs, group.length, kHeads, kHeadWidth}).transpose(1, 2);
    }

    /// Attention of one group's variants, heads side by side: [rows of the group, 256].
    at::Tensor attend(const Group &group) const {
        const int64_t logs = group.logs, length = group.length, variants = length - 1;
        const bool is_all = logs == part_.logs();
        const auto query = (is_all ? query_ : query_.narrow(0, group.begin, logs)).view({logs, kHeads, 1, kHeadWidth});
        const auto key = spread_tokens(group, key_), value = spread_tokens(group, value_);
        const auto mask_key = first_of(mask_key_, 1, variants), mask_value = first_of(mask_value_, 1, variants);
        const auto lengths = upload_.get(group.lengths).unsqueeze(1);
        const auto padding = at::arange(length, lengths.options()).unsqueeze(0) >= lengths;  // [logs, length]

        const auto own = at::matmul(query, key.transpose(2, 3)).view({logs, kHeads, length})
            .masked_fill(padding.unsqueeze(1), -1e9);
        const auto masked = at::matmul(query.squeeze(2).transpose(0, 1), mask_key.transpose(1, 2)).transpose(0, 1);

        // Row j of [variants, length] is for the variant with position j + 1 masked.
        const auto exchanged = at::eye(length, own.options().dtype(at::kBool)).narrow(0, 1, variants);
        const auto scores = at::where(exchanged, masked.unsqueeze(3), own.unsqueeze(2));
        auto weights = at::softmax(scores, -1);  // [logs, 8, variants, length]
        if (dropped_attention_.defined())
            weights = weights * dropped_attention_.narrow(0, group.begin, logs).narrow(2, 0, length).unsqueeze(2);
        const auto at_mask = weights.diagonal(1, 2, 3).unsqueeze(3);  // [logs, 8, variants, 1]
        const auto exchange = mask_value.unsqueeze(0) - value.narrow(2, 1, variants);
        const auto attended = at::addcmul(at::matmul(weights, value), at_mask, exchange);
        return Gather::apply(attended.transpose(1, 2).reshape({logs * variants, kWidth}), upload_.get(group.variant),
                             upload_.get(group.row));
    }

    at::Tensor encode() {
        const double scale = std::sqrt(double(kWidth));
        const auto log_of = upload_.get(log_of_);
        const auto positions = model_.positions.index_select(0, upload_.get(position_));
        const auto x = dropped(at::add(positions, embedded_, scale), dropped_token_);
        const int64_t masks = part_.longest() - 1;  // at the positions from 1 on
        const auto mask = dropped(at::add(model_.positions.narrow(0, 1, masks), embedded_mask_, scale), dropped_mask_);
        const auto first = Gather::apply(x, upload_.get(starts_), upload_.get(log_at_));
        project(x, first, mask);

        std::vector<at::Tensor> attended;
        for (const auto &group : groups_) attended.push_back(attend(group));
        const auto joined = attended.size() == 1 ? attended[0] : at::cat(attended);
        // at::embedding, whose way back sums repeated rows in a fixed order.
        auto y = sum(at::embedding(first, log_of), at::linear(joined, model_[OutputWeight], model_[OutputBias]), dropped_attended_);
        y = Norm::apply(y, model_[AttentionScale], model_[AttentionShift]);
        const auto inner = dropped(at::relu(at::linear(y, model_[InnerWeight], model_[InnerBias])), dropped_inner_);
        y = sum(y, at::linear(inner, model_[OuterWeight], model_[OuterBias]), dropped_outer_);
        y = Norm::apply(y, model_[FeedForwardScale], model_[FeedForwardShift]);
        return Norm::apply(y, model_[FinalScale], model_[FinalShift]);
    }

    opnilog_torch_model &model_;
    const Part part_;
    Upload upload_;
    const bool to_train_;
    size_t token_, position_, starts_, log_at_, log_of_;
    std::vector<Group> groups_;
    at::Tensor dropped_token_, dropped_mask_, dropped_attention_, dropped_attended_, dropped_inner_, dropped_outer_;
    // Rows of the embedding are leaves of autograd, so that the gradient of the table itself is one sum in fixed order.
    at::Tensor embedded_, embedded_mask_, hidden_;
    at::Tensor query_, key_, value_, mask_key_, mask_value_;
};

}  // namespace

std::unique_ptr<Encoder> make_composed_encoder(opnilog_torch_model &model, const Part &part, const Dropout &dropout,
                                               bool to_train) {
    return std::make_unique<ComposedEncoder>(model, part, dropout, to_train);
}

}  // namespace opnilog
