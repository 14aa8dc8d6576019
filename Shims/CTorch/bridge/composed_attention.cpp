#include "composed_attention.h"

#include "model.h"

namespace opnilog {

namespace {

/// Rows of 32 numbers at index[i] of a matrix whose rows are `heads` of those each: [heads × index, 32].
at::Tensor take_heads(const at::Tensor &matrix, const at::Tensor &index, const at::Tensor &heads) {
    const auto places = at::add(heads.unsqueeze(1), index, heads.numel());
    return matrix.view({-1, kHeadWidth}).index_select(0, places.view(-1));
}

/// The other way round: cells index[i] of a [heads × cells, 32], to the rows of `to`, which is contiguous.
void join_heads(const at::Tensor &cells, const at::Tensor &index, const at::Tensor &heads, const at::Tensor &to) {
    const auto places = at::add(index.unsqueeze(1), heads, cells.numel() / kHeadWidth / heads.numel());
    auto rows = to.view({-1, kHeadWidth});
    at::index_select_out(rows, cells.view({-1, kHeadWidth}), 0, places.view(-1));
}

/// Of [8, logs, variants, length], what each variant has at its masked position.
at::Tensor exchanged(const at::Tensor &numbers) { return numbers.diagonal(1, 2, 3); }

}  // namespace

ComposedAttention::ComposedAttention(const ComposedLayout &layout, const Group &group, const at::Tensor &factors)
    : layout_(layout), group_(group), logs_(group.logs), length_(group.length), variants_(group.variants()) {
    if (factors.defined())
        factors_ = factors.narrow(0, group.begin, logs_).narrow(2, 0, length_).transpose(0, 1).unsqueeze(2);
}

/// Keys and values of <MASK> at the positions that can be masked, or their gradients: a view, [16, variants, 32].
at::Tensor ComposedAttention::masks(const at::Tensor &keys_values) const {
    const int64_t tokens = layout_.token.size(0) - layout_.longest;
    return keys_values.narrow(0, tokens + 1, variants_).view({variants_, 2 * kHeads, kHeadWidth}).transpose(0, 1);
}

void ComposedAttention::forward(const Projections &operands, const at::Tensor &attended) {
    query_ = operands.query.narrow(0, group_.begin, logs_).view({logs_, kHeads, kHeadWidth}).transpose(0, 1).contiguous();
    const auto of_tokens = take_heads(operands.keys_values, group_.packed, layout_.counting.narrow(0, 0, 2 * kHeads))
        .view({2, kHeads * logs_, length_, kHeadWidth});
    keys_ = of_tokens[0];
    values_ = of_tokens[1];
    mask_keys_ = masks(operands.keys_values).narrow(0, 0, kHeads);
    mask_values_ = masks(operands.keys_values).narrow(0, kHeads, kHeads);
    weigh();

    auto cells = dropped_.view({kHeads * logs_, variants_, length_}).bmm(values_).view({kHeads, logs_, variants_, kHeadWidth});
    at_mask_ = exchanged(dropped_).unsqueeze(3);
    exchange_ = mask_values_.unsqueeze(1) - values_.view({kHeads, logs_, length_, kHeadWidth}).narrow(2, 1, variants_);
    cells.addcmul_(at_mask_, exchange_);
    join_heads(cells, group_.variant, layout_.counting.narrow(0, 0, kHeads), attended.narrow(0, group_.first_row, group_.rows));
}

/// The weights: row j of a head is that of the log with column j + 1 exchanged.
void ComposedAttention::weigh() {
    const auto position = layout_.counting.narrow(0, 0, length_);
    auto own = keys_.bmm(query_.view({kHeads * logs_, kHeadWidth, 1})).view({kHeads, logs_, 1, length_});
    own.masked_fill_(at::ge(position, group_.lengths).unsqueeze(1), -1e9);
    const auto masked = query_.bmm(mask_keys_.transpose(1, 2)).unsqueeze(3);
    const auto is_masked = at::eq(position.narrow(0, 1, variants_).unsqueeze(1), position);
    weights_ = at::_softmax(at::where(is_masked, masked, own), -1, /*half_to_float=*/false);
    dropped_ = factors_.defined() ? weights_ * factors_ : weights_;
}

/// The gradient of the scores, from that of the cells.
at::Tensor ComposedAttention::score_gradients(const at::Tensor &gradient) {
    auto weights = gradient.view({kHeads * logs_, variants_, kHeadWidth}).bmm(values_.transpose(1, 2)).view_as(weights_);
    exchanged(weights).add_((gradient * exchange_).sum(-1));
    if (factors_.defined()) weights.mul_(factors_);
    return at::_softmax_backward_data(weights, weights_, -1, weights.scalar_type());
}

void ComposedAttention::backward(const at::Tensor &attended_gradient, const Projections &gradients) {
    const auto heads = layout_.counting.narrow(0, 0, kHeads);
    // One row more, of zeros: the gradient of variants that are padding.
    const auto rows = at::constant_pad_nd(attended_gradient.narrow(0, group_.first_row, group_.rows), {0, 0, 0, 1});
    const auto gradient = take_heads(rows, group_.row, heads).view({kHeads, logs_, variants_, kHeadWidth});
    auto of_tokens = at::empty({2, kHeads, logs_, length_, kHeadWidth}, gradient.options());
    auto of_masks = at::empty({2, kHeads, variants_, kHeadWidth}, gradient.options());

    auto values = of_tokens[1].view_as(values_), mask_values = of_masks[1];
    at::bmm_out(values, dropped_.view({kHeads * logs_, variants_, length_}).transpose(1, 2),
                gradient.view({kHeads * logs_, variants_, kHeadWidth}));
    const auto moved = gradient * at_mask_;
    of_tokens[1].narrow(2, 1, variants_).sub_(moved);
    at::sum_out(mask_values, moved, 1);

    const auto scores = score_gradients(gradient);
    const auto masked = exchanged(scores).contiguous();
    exchanged(scores).zero_();
    const auto own = scores.sum(2);  // [8, logs, length]
    auto keys = of_tokens[0], mask_keys = of_masks[0];
    at::mul_out(keys, own.unsqueeze(3), query_.unsqueeze(2));
    at::bmm_out(mask_keys, masked.transpose(1, 2), query_);
    auto query = own.view({kHeads * logs_, 1, length_}).bmm(keys_).view({kHeads, logs_, kHeadWidth});
    query.baddbmm_(masked, mask_keys_);

    gradients.query.narrow(0, group_.begin, logs_).view({logs_, kHeads, kHeadWidth}).copy_(query.transpose(0, 1));
    join_heads(of_tokens, group_.cell, layout_.counting.narrow(0, 0, 2 * kHeads),
               gradients.keys_values.narrow(0, group_.first_token, group_.tokens));
    masks(gradients.keys_values).add_(of_masks.view({2 * kHeads, variants_, kHeadWidth}));
}

}  // namespace opnilog
