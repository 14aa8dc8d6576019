#pragma once

#include <functional>

#include "layout.h"
#include "model.h"

namespace opnilog {

/// Sum of weight × cross-entropy over the rows of a part, float64, on the model's device. Adds to the generator's
/// gradients of the batch's mean loss, and returns in `hidden_gradient` that of `hidden` ([rows, 256]).
at::Tensor loss_and_gradients(opnilog_torch_model &model, const Part &part, const at::Tensor &hidden,
                              at::Tensor &hidden_gradient);

/// How the model does on each row of a part, on the model's device.
struct Judgement {
    at::Tensor entropy;  // [rows] float64, nats
    at::Tensor rank;     // [rows] int64: logits above the label's (of equal ones the higher id is above)
    at::Tensor weight;   // [rows] float64, multiplicities
};
Judgement judge(const opnilog_torch_model &model, const Part &part, const at::Tensor &hidden);

/// `Judgement::rank` alone, on the host; by the model's bounds where it has any.
at::Tensor ranks_of_labels(const opnilog_torch_model &model, const Part &part, const at::Tensor &hidden);

/// Calls `body(first row, logits [rows, words])` for all rows, a chunk at a time; the logits are lent.
void for_each_chunk(const opnilog_torch_model &model, const at::Tensor &hidden,
                    const std::function<void(int64_t, const at::Tensor &)> &body);

}  // namespace opnilog
