#pragma once

// The parameters of the model, by the names and in the order of the original's file.

#include <c10/core/Event.h>

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "bridge.h"

namespace opnilog {

constexpr int64_t kWidth = 256;       // d_model and d_ff
constexpr int64_t kHeads = 8;
constexpr int64_t kHeadWidth = kWidth / kHeads;
constexpr int64_t kLength = OPNILOG_TORCH_LENGTH;
constexpr double kEmbeddingScale = 16;                   // √256
constexpr double kQueryScale = 0.17677669529663688110;  // 1 / √32
constexpr int64_t kFullWords = 10000;  // rows that the bound of the initial values is for, whatever V is

// Reserved token ids.
constexpr int64_t kCls = 1, kMask = 2, kUnknown = 3;

/// The parameters that are trained, in the order of the original's `parameters()`.
enum Parameter : int {
    QueryWeight, QueryBias, KeyWeight, KeyBias, ValueWeight, ValueBias, OutputWeight, OutputBias,
    InnerWeight, InnerBias, OuterWeight, OuterBias,
    AttentionScale, AttentionShift, FeedForwardScale, FeedForwardShift, FinalScale, FinalShift,
    Embedding, GeneratorWeight, GeneratorBias,
    kTrained
};

/// A parameter of the file, trained or not.
struct Slot {
    std::string name;
    std::vector<int64_t> shape;
    /// Which trained parameter it is; nothing for the decoder's and the target embedding's.
    std::optional<Parameter> trained;
};

/// All parameters of the original's module for `words` rows, in its order: a slot's place is its number in the
/// optimiser's state.
std::vector<Slot> slots(int64_t words);

/// Initial values of slot number `place`, float64 on the CPU: Xavier-uniform for matrices, the linear layers'
/// uniform law for their biases, ones and zeros for norms. A function of (seed, place) alone.
at::Tensor initial_value(const Slot &slot, uint64_t place, uint64_t seed);

/// Sinusoidal positions, [64, 256].
at::Tensor sinusoids(at::ScalarType type);

/// What logits are bounded by. A vector's lead is what it has in the few directions in which the words' vectors are
/// longest, its rest what remains; and h·w is lead(h)·lead(w) give or take |rest(h)| |rest(w)|.
struct LogitBounds {
    at::Tensor directions;  // [256, 48], at right angles, of length 1
    at::Tensor leads;       // [padded words, 48]
    at::Tensor rests;       // [padded words], lengths
    at::Tensor biases;      // [padded words]
    double longest;         // length of a word's vector
    double largest_bias;    // without its sign
};

/// The loss of a step that was taken, on its way to the host.
struct PendingLoss {
    at::Tensor sum;  // pinned; undefined where the loss is complete
    std::optional<c10::Event> arrived;
    opnilog_torch_loss loss;
};

}  // namespace opnilog

/// The handle of the C contract.
struct opnilog_torch_model {
    int64_t words;
    uint64_t seed;
    at::TensorOptions options;  // device and type of all tensors below
    /// Computed by loops of our own (a CPU), not by libtorch's operators alone.
    bool is_fused;
    /// libtorch's threads for this model: results hang on their number, which is one for the whole process.
    int threads;
    /// Rows that are computed at once; what a batch has more is computed after them.
    int64_t most_rows;
    int64_t halvings = 0;
    std::array<at::Tensor, opnilog::kTrained> values, gradients, first, second, steps;
    at::Tensor positions;  // [64, 256]
    /// Made when ranks are first asked for on a CPU, nothing again once the values change.
    std::optional<opnilog::LogitBounds> bounds;
    std::deque<opnilog::PendingLoss> pending;

    /// All values zero; moments and gradients are allocated by `prepare_training`.
    opnilog_torch_model(int64_t words, uint64_t seed, const opnilog_torch_place &place);
    ~opnilog_torch_model();
    opnilog_torch_model(const opnilog_torch_model &) = delete;
    opnilog_torch_model &operator=(const opnilog_torch_model &) = delete;

    void initialise();
    void prepare_training();
    /// Takes the model's threads up again, whatever others have computed with meanwhile.
    void use_threads() const;
    const at::Tensor &operator[](opnilog::Parameter parameter) const { return values[parameter]; }
};

namespace opnilog {
int64_t live_models();
/// The device that `place` names, checked to be there.
at::TensorOptions options_of(const opnilog_torch_place &place);
}  // namespace opnilog
