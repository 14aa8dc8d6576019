// One training step, and the passes without gradients.

#include "step.h"

#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

#include <cmath>

#include "dropout.h"
#include "encoder.h"
#include "generator.h"
#include "layout.h"

namespace opnilog {

namespace {

/// Rows of the embedding as leaves of autograd, so that the gradient of the table itself is one sum in fixed order.
struct Embedded {
    at::Tensor tokens, mask;
    Embedded(const opnilog_torch_model &model, const Layout &layout)
        : tokens(model[Embedding].index_select(0, layout.token)), mask(model[Embedding].narrow(0, kMask, 1).clone()) {}
};

double compute_gradients(opnilog_torch_model &model, const Layout &layout, const Dropout &dropout) {
    Embedded embedded(model, layout);
    embedded.tokens.set_requires_grad(true);
    embedded.mask.set_requires_grad(true);
    at::Tensor hidden, hidden_gradient, sum;
    {
        c10::AutoGradMode recording(true);
        hidden = encode(model, layout, dropout, embedded.tokens, embedded.mask);
    }
    {
        c10::NoGradGuard guard;
        sum = loss_and_gradients(model, layout, hidden.detach(), hidden_gradient);
    }
    for (int i = 0; i < Embedding; ++i) model.values[size_t(i)].mutable_grad() = at::Tensor();
    torch::autograd::backward({hidden}, {hidden_gradient});
    for (int i = 0; i < Embedding; ++i) model.gradients[size_t(i)] = model.values[size_t(i)].grad();

    c10::NoGradGuard guard;
    auto gradient = at::embedding_dense_backward(embedded.tokens.grad(), layout.token, model.words, -1, false);
    gradient.narrow(0, kMask, 1).add_(embedded.mask.grad());
    model.gradients[Embedding] = gradient;
    return sum.item<double>();
}

/// Adam with L2 (Kingma & Ba, 2015), as torch.optim.Adam: every row moves, also those without a gradient.
void apply_adam(opnilog_torch_model &model, double learning_rate, double weight_decay) {
    c10::NoGradGuard guard;
    for (auto &step : model.steps) step.add_(1);
    at::_fused_adam_(model.values, model.gradients, model.first, model.second, {}, model.steps, learning_rate,
                     0.9, 0.999, weight_decay, 1e-8, /*amsgrad=*/false, /*maximize=*/false);
}

/// Runs `body(first row, logits)` over the logits of a batch without dropout.
template <typename Body>
Layout without_gradients(opnilog_torch_model &model, const opnilog_torch_batch &batch, const Body &body) {
    c10::NoGradGuard guard;
    const auto layout = lay_out(batch, model.words, model.options, {});
    const Embedded embedded(model, layout);
    const auto hidden = encode(model, layout, {}, embedded.tokens, embedded.mask);
    for_each_chunk(model, hidden, [&](int64_t begin, const at::Tensor &logits) { body(layout, begin, logits); });
    return layout;
}

}  // namespace

void take_step(opnilog_torch_model &model, const opnilog_torch_step_args &args, opnilog_torch_loss &loss) {
    require(args.size >= sizeof args, "step: the arguments are of another version");
    require(loss.size >= sizeof loss, "step: the result is of another version");
    require(args.unknown_share >= 0 && args.unknown_share <= 1, "the share of unknown words is from 0 to 1");
    model.prepare_training();
    const auto layout = lay_out(args.batch, model.words, model.options, {args.unknown_share, args.seed, args.step});
    const auto dropout = draw_dropout(args.dropout, args.seed, args.step, layout, model.options);
    const double sum = compute_gradients(model, layout, dropout);
    // Checked before Adam, so that the parameters stay those of the last good step.
    if (!std::isfinite(sum)) throw Failure(OPNILOG_TORCH_NOT_FINITE, "the loss is no finite number");
    if (args.apply != 0) apply_adam(model, args.learning_rate, args.weight_decay);
    loss = {loss.size, sum, layout.total_weight, 0, 0, layout.variants};
}

void evaluate(opnilog_torch_model &model, const opnilog_torch_batch &batch, opnilog_torch_loss &loss) {
    require(loss.size >= sizeof loss, "evaluate: the result is of another version");
    auto sums = at::zeros({3}, model.options.dtype(at::kDouble));
    const auto layout = without_gradients(model, batch, [&](const Layout &layout, int64_t begin, const at::Tensor &logits) {
        const auto label = layout.label.narrow(0, begin, logits.size(0));
        const auto weight = layout.weight.narrow(0, begin, logits.size(0)).to(at::kDouble);
        const auto entropy = at::logsumexp(logits, {1}) - logits.gather(1, label.unsqueeze(1)).squeeze(1);
        const auto rank = ranks_of(logits, label);
        sums += at::stack({(entropy * weight).sum(), ((rank < 1) * weight).sum(), ((rank < 50) * weight).sum()});
    });
    sums = sums.cpu();
    const double *figure = sums.const_data_ptr<double>();
    if (!std::isfinite(figure[0])) throw Failure(OPNILOG_TORCH_NOT_FINITE, "the held-out loss is no finite number");
    loss = {loss.size, figure[0], layout.total_weight, figure[1], figure[2], layout.variants};
}

void ranks(opnilog_torch_model &model, const opnilog_torch_batch &batch, int32_t *to) {
    std::vector<at::Tensor> parts;
    const auto layout = without_gradients(model, batch, [&](const Layout &layout, int64_t begin, const at::Tensor &logits) {
        parts.push_back(ranks_of(logits, layout.label.narrow(0, begin, logits.size(0))));
    });
    const auto all = at::cat(parts).cpu();
    const int64_t *rank = all.const_data_ptr<int64_t>();
    std::fill(to, to + batch.rows * kLength, -1);
    for (size_t row = 0; row < layout.cell.size(); ++row) to[layout.cell[row]] = int32_t(rank[row]);
}

void logits(opnilog_torch_model &model, const opnilog_torch_batch &batch, float *to) {
    require(batch.size >= sizeof batch && batch.rows == 1, "logits: one log at a time");
    without_gradients(model, batch, [&](const Layout &, int64_t begin, const at::Tensor &logits) {
        const auto part = logits.to(at::kFloat).cpu().contiguous();
        std::copy_n(part.const_data_ptr<float>(), part.numel(), to + begin * model.words);
    });
}

}  // namespace opnilog
