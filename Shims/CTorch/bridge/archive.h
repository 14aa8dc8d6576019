#pragma once

#include <memory>

#include "model.h"

namespace opnilog {

/// Reads the parameters of a model file of the original or of ours; throws `Failure` (BAD_FILE) for any other file.
std::unique_ptr<opnilog_torch_model> read_model(const std::string &path, const opnilog_torch_place &place);

/// Writes parameters and optimiser's state as the original does: the same bytes for the same model.
void write_model(opnilog_torch_model &model, const opnilog_torch_write_args &args);

}  // namespace opnilog
