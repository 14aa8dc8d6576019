#pragma once

// Attention of position 0 for all variants of a group of logs, by libtorch's operators, and its way back.

#include "composed_layout.h"

namespace opnilog {

/// What attention reads, or its gradients.
struct Projections {
    at::Tensor query;        // [logs, 256], scaled by 1 / √32
    at::Tensor keys_values;  // [vectors, 512]: keys, then values, eight heads of 32 each
};

class ComposedAttention {
  public:
    /// - factors: Dropout of the part's weights, [logs, 8, 64]; undefined where nothing is dropped.
    ComposedAttention(const ComposedLayout &layout, const Group &group, const at::Tensor &factors);

    /// Writes the group's rows of `attended`, [rows, 256].
    void forward(const Projections &operands, const at::Tensor &attended);
    /// Sets the gradients of the group's logs and tokens, and adds to those of <MASK>.
    void backward(const at::Tensor &attended_gradient, const Projections &gradients);

  private:
    at::Tensor masks(const at::Tensor &keys_values) const;
    void weigh();
    at::Tensor score_gradients(const at::Tensor &gradient);

    const ComposedLayout &layout_;
    const Group &group_;
    const int64_t logs_, length_, variants_;
    at::Tensor factors_;             // [8, logs, 1, length]
    at::Tensor query_;               // [8, logs, 32]
    at::Tensor keys_, values_;       // [8 × logs, length, 32]
    at::Tensor mask_keys_, mask_values_;  // [8, variants, 32], views
    at::Tensor weights_, dropped_;   // [8, logs, variants, length], before and after dropout
    at::Tensor at_mask_;             // [8, logs, variants, 1], a view: <MASK>'s weight
    at::Tensor exchange_;            // [8, logs, variants, 32]: what <MASK>'s value adds to that of the token it stands for
};

}  // namespace opnilog
