#pragma once

#include "model.h"

namespace opnilog {

void take_step(opnilog_torch_model &model, const opnilog_torch_step_args &args);
/// Losses of steps taken, in their order: those that are known, or all.
int64_t take_losses(opnilog_torch_model &model, bool wait, opnilog_torch_loss *losses, int64_t capacity);
void evaluate(opnilog_torch_model &model, const opnilog_torch_batch &batch, opnilog_torch_loss &loss);
void ranks(opnilog_torch_model &model, const opnilog_torch_batch &batch, int32_t *to);
void logits(opnilog_torch_model &model, const opnilog_torch_batch &batch, float *to);

}  // namespace opnilog
