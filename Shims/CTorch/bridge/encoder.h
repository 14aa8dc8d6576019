#pragma once

#include <memory>

#include "dropout.h"
#include "layout.h"
#include "model.h"

namespace opnilog {

/// One pass of a part of a batch through the encoder layer, forwards and, once, back.
///
/// Only position 0 of the layer is ever used, and variant j of a log differs from the log in the token at j. So the
/// query is one a log; keys and values are computed once a token, and once for <MASK> at each position; and variant
/// j's attention is the log's with column j exchanged. Everything after attention is a row a variant.
class Encoder {
  public:
    virtual ~Encoder() = default;
    /// What the generator sees: position 0 after the encoder, [rows, 256].
    virtual at::Tensor forward() = 0;
    /// Adds to the parameters' gradients, given that of what `forward` returned, which is used up.
    virtual void backward(at::Tensor hidden_gradient) = 0;
};

/// By loops of our own between libtorch's matrix products; on a CPU only.
std::unique_ptr<Encoder> make_fused_encoder(opnilog_torch_model &model, const Part &part, const Dropout &dropout);

/// Composed of libtorch's operators; on any device.
std::unique_ptr<Encoder> make_composed_encoder(opnilog_torch_model &model, const Part &part, const Dropout &dropout);

}  // namespace opnilog
