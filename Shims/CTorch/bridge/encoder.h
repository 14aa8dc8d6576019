#pragma once

#include "dropout.h"
#include "layout.h"
#include "model.h"

namespace opnilog {

/// What the generator sees: position 0 after the encoder, one row a masked variant, [variants, 256].
///
/// - embedded: rows of the embedding for the packed tokens, [tokens, 256]; of <MASK>, [1, 256]. Given from outside,
///   because their gradient is summed outside autograd.
at::Tensor encode(const opnilog_torch_model &model, const Layout &layout, const Dropout &dropout,
                  const at::Tensor &embedded, const at::Tensor &embedded_mask);

}  // namespace opnilog
