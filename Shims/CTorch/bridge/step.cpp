// One training step, and the passes without gradients.

#include "step.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <cmath>

#include "dropout.h"
#include "encoder.h"
#include "generator.h"
#include "layout.h"
#include "logit_bounds.h"

namespace opnilog {

namespace {

std::unique_ptr<Encoder> make_encoder(opnilog_torch_model &model, const Part &part, const Dropout &dropout) {
    return model.is_fused ? make_fused_encoder(model, part, dropout) : make_composed_encoder(model, part, dropout);
}

int64_t largest_part(const std::vector<Part> &parts) {
    int64_t rows = 0;
    for (const auto &part : parts) rows = std::max(rows, part.rows());
    return rows;
}

/// Calls `attempt` with the parts of a batch; begins again with parts half as large where memory runs out.
template <typename Attempt>
void in_parts(opnilog_torch_model &model, const Layout &layout, const Attempt &attempt) {
    for (;;) {
        const auto parts = cut(layout, model.most_rows);
        try {
            return attempt(parts);
        } catch (const std::exception &failure) {
            if (!lacks_memory(failure) || int64_t(parts.size()) == layout.logs) throw;
            // Falls each time: at 1 every log is a part of its own.
            model.most_rows = std::max<int64_t>(1, std::min(model.most_rows, largest_part(parts)) / 2);
            ++model.halvings;
        }
    }
}

/// Fills the gradients of the batch's mean loss; returns the sum of the losses, on the model's device.
at::Tensor compute_gradients(opnilog_torch_model &model, const std::vector<Part> &parts, const opnilog_torch_step_args &args) {
    at::_foreach_zero_(model.gradients);
    auto sum = at::zeros({}, model.options.dtype(at::kDouble));
    for (const auto &part : parts) {
        const auto dropout = draw_dropout(args.dropout, args.seed, args.step, part, model.options.device().is_cpu());
        const auto encoder = make_encoder(model, part, dropout);
        const auto hidden = encoder->forward();
        at::Tensor hidden_gradient;
        sum += loss_and_gradients(model, part, hidden, hidden_gradient);
        encoder->backward(hidden_gradient);
    }
    return sum;
}

/// By what the gradient, as one vector of all parameters, is divided so that it is no longer than the limit.
std::optional<at::Tensor> excess(const opnilog_torch_model &model, double limit) {
    if (limit == 0) return std::nullopt;
    const auto norm = at::stack(at::_foreach_norm(model.gradients)).norm();
    return (norm / limit).clamp_min_(1).to(at::kFloat);
}

/// Adam with L2 (Kingma & Ba, 2015), as torch.optim.Adam: every row moves, also those without a gradient.
///
/// - skip: On a GPU, 1 where nothing may move.
void apply_adam(opnilog_torch_model &model, const opnilog_torch_step_args &args, const std::optional<at::Tensor> &skip) {
    model.bounds.reset();
    at::_foreach_add_(model.steps, 1);
    at::_fused_adam_(model.values, model.gradients, model.first, model.second, {}, model.steps, args.learning_rate, 0.9,
                     0.999, args.weight_decay, 1e-8, /*amsgrad=*/false, /*maximize=*/false,
                     excess(model, args.gradient_norm_limit), skip);
}

/// 1 on the sum's device if it is no finite number.
at::Tensor not_finite(const at::Tensor &sum) { return at::ne(sum - sum, 0).to(at::kFloat); }

/// Starts to bring a sum to the host.
PendingLoss bring(const at::Tensor &sum, opnilog_torch_loss loss) {
    PendingLoss pending{at::empty({}, at::TensorOptions().dtype(at::kDouble).pinned_memory(true)), std::nullopt, loss};
    pending.sum.copy_(sum, /*non_blocking=*/true);
    pending.arrived.emplace(sum.device().type());
    pending.arrived->record(c10::impl::getDeviceGuardImpl(sum.device().type())->getStream(sum.device()));
    return pending;
}

/// Calls `body(part, hidden)` for the parts of a batch without dropout.
template <typename Begin, typename Body>
Layout without_gradients(opnilog_torch_model &model, const opnilog_torch_batch &batch, const Begin &begin, const Body &body) {
    const at::AutoDispatchBelowADInplaceOrView no_autograd;
    model.use_threads();
    const auto layout = lay_out(batch, model.words, {});
    in_parts(model, layout, [&](const std::vector<Part> &parts) {
        begin();
        for (const auto &part : parts) {
            // The encoder, with all that it keeps for a way back, is gone before the body begins.
            const auto hidden = make_encoder(model, part, {})->forward();
            body(part, hidden);
        }
    });
    return layout;
}

}  // namespace

void take_step(opnilog_torch_model &model, const opnilog_torch_step_args &args) {
    require(args.size >= sizeof args, "step: the arguments are of another version");
    require(args.unknown_share >= 0 && args.unknown_share <= 1, "the share of unknown words is from 0 to 1");
    require(args.gradient_norm_limit >= 0, "a gradient is not shortened to less than nothing");
    const at::AutoDispatchBelowADInplaceOrView no_autograd;
    model.use_threads();
    model.prepare_training();
    const auto layout = lay_out(args.batch, model.words, {args.unknown_share, args.seed, args.step});
    opnilog_torch_loss loss{sizeof loss, 0, layout.total_weight, 0, 0, layout.rows(), 0, 0};
    at::Tensor sum;
    in_parts(model, layout, [&](const std::vector<Part> &parts) {
        sum = compute_gradients(model, parts, args);
        loss.most_variants = model.most_rows;
        loss.halvings = model.halvings;
    });
    // With a loss that is no number nothing moves, so that the parameters stay those of the last good step.
    if (model.options.device().is_cpu()) {
        loss.sum = sum.item<double>();
        if (args.apply != 0 && std::isfinite(loss.sum)) apply_adam(model, args, std::nullopt);
        model.pending.push_back({{}, std::nullopt, loss});
    } else {
        if (args.apply != 0)
            apply_adam(model, args, not_finite(sum));
        model.pending.push_back(bring(sum, loss));
    }
}

int64_t take_losses(opnilog_torch_model &model, bool wait, opnilog_torch_loss *losses, int64_t capacity) {
    int64_t count = 0;
    for (; count < capacity && !model.pending.empty(); ++count) {
        auto &pending = model.pending.front();
        if (pending.arrived) {
            if (!wait && !pending.arrived->query()) break;
            pending.arrived->synchronize();
            pending.loss.sum = pending.sum.item<double>();
        }
        if (!std::isfinite(pending.loss.sum) && count > 0) break;
        if (!std::isfinite(pending.loss.sum)) throw Failure(OPNILOG_TORCH_NOT_FINITE, "the loss is no finite number");
        losses[count] = pending.loss;
        model.pending.pop_front();
    }
    return count;
}

void evaluate(opnilog_torch_model &model, const opnilog_torch_batch &batch, opnilog_torch_loss &loss) {
    require(loss.size >= sizeof loss, "evaluate: the result is of another version");
    at::Tensor sums;
    const auto begin = [&] { sums = at::zeros({3}, model.options.dtype(at::kDouble)); };
    const auto layout = without_gradients(model, batch, begin, [&](const Part &part, const at::Tensor &hidden) {
        const auto [entropy, rank, weight] = judge(model, part, hidden);
        sums += at::stack({(entropy * weight).sum(), ((rank < 1) * weight).sum(), ((rank < 50) * weight).sum()});
    });
    sums = sums.cpu();
    const double *figure = sums.const_data_ptr<double>();
    if (!std::isfinite(figure[0])) throw Failure(OPNILOG_TORCH_NOT_FINITE, "the held-out loss is no finite number");
    loss = {loss.size, figure[0], layout.total_weight, figure[1], figure[2], layout.rows(), model.most_rows, model.halvings};
}

void ranks(opnilog_torch_model &model, const opnilog_torch_batch &batch, int32_t *to) {
    const at::AutoDispatchBelowADInplaceOrView no_autograd;
    model.use_threads();
    // Before the parts: where memory is lacking for bounds, smaller parts are no help.
    if (model.is_fused && !model.bounds) model.bounds = bound_logits(model);
    const auto begin = [&] { std::fill(to, to + batch.rows * kLength, -1); };
    without_gradients(model, batch, begin, [&](const Part &part, const at::Tensor &hidden) {
        const auto ranks = ranks_of_labels(model, part, hidden);
        const int64_t *rank = ranks.const_data_ptr<int64_t>();
        for (int64_t log = part.begin; log < part.end; ++log)
            for (int64_t p = 1; p < part.layout.length[size_t(log)]; ++p)
                to[part.layout.source[size_t(log)] * kLength + p] = int32_t(*rank++);
    });
}

void logits(opnilog_torch_model &model, const opnilog_torch_batch &batch, float *to) {
    require(batch.size >= sizeof batch && batch.rows == 1, "logits: one log at a time");
    without_gradients(model, batch, [] {}, [&](const Part &, const at::Tensor &hidden) {
        for_each_chunk(model, hidden, [&](int64_t begin, const at::Tensor &logits) {
            const auto part = logits.to(at::kFloat).cpu().contiguous();
            std::copy_n(part.const_data_ptr<float>(), part.numel(), to + begin * model.words);
        });
    });
}

}  // namespace opnilog
