#pragma once

#include <memory>

#include "model.h"

namespace opnilog {

/// Reads the parameters of a model file of the original or of ours, and to train on the optimiser's state; throws
/// `Failure` (BAD_FILE) for any other file.
std::unique_ptr<opnilog_torch_model> read_model(const opnilog_torch_read_args &args);

/// Writes parameters and optimiser's state as the original does: the same bytes for the same model. Throws `Failure`
/// (NOT_FINITE) if a parameter is no finite number.
void write_model(opnilog_torch_model &model, const opnilog_torch_write_args &args);

}  // namespace opnilog
