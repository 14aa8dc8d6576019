#pragma once

#include <functional>

#include "layout.h"
#include "model.h"

namespace opnilog {

/// Sum of weight × cross-entropy over the variants; fills the generator's gradients of the mean loss and returns
/// in `hidden_gradient` that of `hidden` ([variants, 256]).
at::Tensor loss_and_gradients(opnilog_torch_model &model, const Layout &layout, const at::Tensor &hidden,
                              at::Tensor &hidden_gradient);

/// Calls `body(first row, logits [rows, words])` for all variants, a chunk at a time; the logits are lent.
void for_each_chunk(const opnilog_torch_model &model, const at::Tensor &hidden,
                    const std::function<void(int64_t, const at::Tensor &)> &body);

/// How many logits of each row stand above its label's (of equal ones the higher id is above).
at::Tensor ranks_of(const at::Tensor &logits, const at::Tensor &label);

}  // namespace opnilog
