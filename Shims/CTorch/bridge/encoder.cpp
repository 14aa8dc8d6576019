// The encoder layer for all masked variants of each log at once.
//
// Only position 0 of the layer is ever used, and variant j of a log differs from the log in the token at j. So the
// query is one a log; keys and values are computed once a token, and once for <MASK> at each position; and variant
// j's attention is the log's with column j exchanged. Everything after attention is a row a variant.

#include "encoder.h"

#include <cmath>

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

at::Tensor rows_if(const at::Tensor &factors, const at::Tensor &index) {
    return factors.defined() ? factors.index_select(0, index) : factors;
}

/// What attention needs, computed once.
struct Projected {
    at::Tensor query;                  // [logs, 256], scaled by 1 / √32
    at::Tensor key_value;              // [tokens, 512]
    at::Tensor mask_key, mask_value;   // [8, longest, 32] of <MASK> at each position
};

Projected project(const opnilog_torch_model &model, const Layout &layout, const at::Tensor &x,
                  const at::Tensor &first, const at::Tensor &mask) {
    const auto weight = at::cat({model[KeyWeight], model[ValueWeight]});
    const auto bias = at::cat({model[KeyBias], model[ValueBias]});
    Projected p;
    p.query = at::linear(first, model[QueryWeight], model[QueryBias]) / std::sqrt(double(kHeadWidth));
    p.key_value = at::linear(x, weight, bias);
    const auto of_mask = at::linear(mask, weight, bias).view({layout.longest, 2, kHeads, kHeadWidth}).permute({1, 2, 0, 3});
    p.mask_key = of_mask[0];
    p.mask_value = of_mask[1];
    return p;
}

/// Attention of one group's variants, heads side by side: [rows of the group, 256].
at::Tensor attend(const Group &group, const Projected &p, const at::Tensor &attention_dropout) {
    const int64_t logs = group.logs, length = group.length, variants = length - 1;
    const auto query = rows(p.query, group.log).view({logs, kHeads, 1, kHeadWidth});
    const auto key_value = rows(p.key_value, group.packed).view({logs, length, 2, kHeads, kHeadWidth}).permute({2, 0, 3, 1, 4});
    const auto key = key_value[0], value = key_value[1];  // [logs, 8, length, 32]
    const auto mask_key = p.mask_key.narrow(1, 0, length), mask_value = p.mask_value.narrow(1, 0, length);

    const auto own = at::matmul(query, key.transpose(2, 3)).view({logs, kHeads, length})
        .masked_fill(group.padding.unsqueeze(1), -1e9);
    const auto masked = at::matmul(query.squeeze(2).transpose(0, 1), mask_key.transpose(1, 2)).transpose(0, 1);

    // Row j of [variants, length] is for the variant with position j + 1 masked.
    const auto exchanged = at::eye(length, own.options()).to(at::kBool).narrow(0, 1, variants);
    const auto scores = at::where(exchanged, masked.narrow(2, 1, variants).unsqueeze(3), own.unsqueeze(2));
    auto weights = at::softmax(scores, -1);  // [logs, 8, variants, length]
    if (attention_dropout.defined())
        weights = weights * attention_dropout.index_select(0, group.log).narrow(2, 0, length).unsqueeze(2);
    const auto at_mask = weights.diagonal(1, 2, 3).unsqueeze(3);  // [logs, 8, variants, 1]
    const auto exchange = mask_value.unsqueeze(0) - value;
    const auto attended = at::matmul(weights, value) + at_mask * exchange.narrow(2, 1, variants);
    return rows(attended.transpose(1, 2).reshape({logs * variants, kWidth}), group.variant);
}

}  // namespace

at::Tensor encode(const opnilog_torch_model &model, const Layout &layout, const Dropout &dropout,
                  const at::Tensor &embedded, const at::Tensor &embedded_mask) {
    const double scale = std::sqrt(double(kWidth));
    const auto x = dropped(embedded * scale + model.positions.index_select(0, layout.position), dropout.token);
    const auto mask = dropped(embedded_mask * scale + model.positions, dropout.mask).narrow(0, 0, layout.longest);
    const auto first = rows(x, layout.cls);
    const auto projected = project(model, layout, x, first, mask);

    std::vector<at::Tensor> attended;
    for (const auto &group : layout.groups) attended.push_back(attend(group, projected, dropout.attention));
    auto y = at::linear(at::cat(attended), model[OutputWeight], model[OutputBias]);
    y = normed(rows(first, layout.log) + dropped(y, rows_if(dropout.attended, layout.log)),
               model[AttentionScale], model[AttentionShift]);
    auto inner = at::relu(at::linear(y, model[InnerWeight], model[InnerBias]));
    inner = dropped(inner, rows_if(dropout.inner, layout.log));
    const auto outer = at::linear(inner, model[OuterWeight], model[OuterBias]);
    y = normed(y + dropped(outer, rows_if(dropout.outer, layout.log)), model[FeedForwardScale], model[FeedForwardShift]);
    return normed(y, model[FinalScale], model[FinalShift]);
}

}  // namespace opnilog
