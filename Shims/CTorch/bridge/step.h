#pragma once

#include "model.h"

namespace opnilog {

void take_step(opnilog_torch_model &model, const opnilog_torch_step_args &args, opnilog_torch_loss &loss);
void evaluate(opnilog_torch_model &model, const opnilog_torch_batch &batch, opnilog_torch_loss &loss);
void ranks(opnilog_torch_model &model, const opnilog_torch_batch &batch, int32_t *to);
void logits(opnilog_torch_model &model, const opnilog_torch_batch &batch, float *to);

}  // namespace opnilog
