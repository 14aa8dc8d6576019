#include "model.h"

#include <ATen/Parallel.h>

#include <malloc.h>

#include <atomic>
#include <cmath>
#include <cstdlib>

#include "philox.h"
#include "runtime.h"

namespace opnilog {

namespace {

std::atomic<int64_t> live_count{0};

void add_linear(std::vector<Slot> &all, const std::string &prefix, int &next, bool trained, int64_t rows = kWidth) {
    for (const char *part : {".weight", ".bias"}) {
        Slot slot{prefix + part, {rows}, std::nullopt};
        if (part[1] == 'w') slot.shape.push_back(kWidth);
        if (trained) slot.trained = Parameter(next++);
        all.push_back(slot);
    }
}

void add_norm(std::vector<Slot> &all, const std::string &prefix, int &next, bool trained) {
    for (const char *part : {".a_2", ".b_2"}) {
        Slot slot{prefix + part, {kWidth}, std::nullopt};
        if (trained) slot.trained = Parameter(next++);
        all.push_back(slot);
    }
}

/// An encoder has one attention and two norms a layer, a decoder two and three.
void add_stack(std::vector<Slot> &all, const std::string &stack, int &next, bool trained) {
    const std::string layer = stack + ".layers.0.";
    std::vector<std::string> attentions{"self_attn"};
    if (!trained) attentions.push_back("src_attn");
    for (const auto &attention : attentions)
        for (int i = 0; i < 4; ++i)
            add_linear(all, layer + attention + ".linears." + std::to_string(i), next, trained);
    for (int i = 1; i <= 2; ++i) add_linear(all, layer + "feed_forward.w_" + std::to_string(i), next, trained);
    for (int i = 0; i < (trained ? 2 : 3); ++i)
        add_norm(all, layer + "sublayer." + std::to_string(i) + ".norm", next, trained);
    add_norm(all, stack + ".norm", next, trained);
}

/// Keeps what a step frees for the next one: glibc would give tens of MiB back to the kernel after each, and the kernel
/// clears every page anew. From the first model on, so that reading logs beforehand takes no more memory than without.
void keep_freed_memory() {
#ifdef __GLIBC__
    static const bool is_set = [] {
        if (std::getenv("MALLOC_TRIM_THRESHOLD_") != nullptr || std::getenv("MALLOC_MMAP_THRESHOLD_") != nullptr) return false;
        return mallopt(M_MMAP_THRESHOLD, 32 << 20) == 1 && mallopt(M_TRIM_THRESHOLD, 64 << 20) == 1;
    }();
    static_cast<void>(is_set);
#endif
}

bool ends_with(const std::string &text, const std::string &end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::vector<Slot> slots(int64_t words) {
    std::vector<Slot> all;
    int next = 0;
    add_stack(all, "encoder", next, true);
    add_stack(all, "decoder", next, false);
    all.push_back({"src_embed.0.lut.weight", {words, kWidth}, Parameter(next++)});
    all.push_back({"tgt_embed.0.lut.weight", {words, kWidth}, std::nullopt});
    add_linear(all, "generator.proj", next, true, words);
    return all;
}

at::Tensor initial_value(const Slot &slot, uint64_t place, uint64_t seed) {
    at::Tensor value = at::zeros(slot.shape, at::kDouble);
    if (ends_with(slot.name, ".a_2")) return value.fill_(1);
    if (ends_with(slot.name, ".b_2")) return value;
    // The bound is that of the full vocabulary: a small one must not start with larger weights.
    const bool by_word = slot.name.find("embed.") != std::string::npos || slot.name == "generator.proj.weight";
    const double outputs = double(by_word ? kFullWords : kWidth);
    const double bound = slot.shape.size() > 1 ? std::sqrt(6.0 / (double(kWidth) + outputs)) : 1 / std::sqrt(double(kWidth));
    const Philox random(Philox(seed).derive(uint64_t(Purpose::parameters), place));
    double *numbers = value.data_ptr<double>();
    for (int64_t i = 0; i < value.numel(); i += 4) {
        const auto four = random(uint64_t(i / 4), 0);
        for (int64_t j = 0; j < 4 && i + j < value.numel(); ++j)
            numbers[i + j] = bound * ((double(four[size_t(j)]) + 0.5) * 0x1p-31 - 1);
    }
    return value;
}

at::Tensor sinusoids(at::ScalarType type) {
    // In float64 whatever the model's type, so that the float32 values do not depend on the CPU's instructions.
    const auto options = at::TensorOptions().dtype(at::kDouble);
    const auto rates = at::exp(at::arange(0, kWidth, 2, options) * -(std::log(10000.0) / double(kWidth)));
    const auto angles = at::arange(0, kLength, options).unsqueeze(1) * rates;
    return at::stack({at::sin(angles), at::cos(angles)}, 2).reshape({kLength, kWidth}).to(type);
}

int64_t live_models() { return live_count.load(); }

at::TensorOptions options_of(const opnilog_torch_place &place) {
    require(place.type == OPNILOG_TORCH_FLOAT32 || place.type == OPNILOG_TORCH_FLOAT64, "no such number type");
    const auto options = at::TensorOptions().dtype(place.type == OPNILOG_TORCH_FLOAT64 ? at::kDouble : at::kFloat);
    if (place.device == OPNILOG_TORCH_CPU) return options.device(at::kCPU);
    require(place.device == OPNILOG_TORCH_CUDA, "no such kind of device");
    const int devices = cuda_devices();
    if (place.index < 0 || place.index >= devices)
        throw Failure(OPNILOG_TORCH_NO_DEVICE, "there is no cuda:" + std::to_string(place.index) +
            ", only " + std::to_string(devices) + " CUDA device(s)");
    return options.device(at::Device(at::kCUDA, at::DeviceIndex(place.index)));
}

}  // namespace opnilog

using namespace opnilog;

opnilog_torch_model::opnilog_torch_model(int64_t words, uint64_t seed, const opnilog_torch_place &place)
    : words(words), seed(seed), options(options_of(place)) {
    require(words >= 5 && words <= kFullWords, "a model has 5 to 10,000 words, not " + std::to_string(words));
    for (const auto &slot : slots(words))
        if (slot.trained) values[*slot.trained] = at::zeros(slot.shape, options);
    threads = place.threads > 0 ? place.threads : at::get_num_threads();
    is_fused = options.device().is_cpu();
    if (is_fused) keep_freed_memory();
    // Large enough for the cores or the GPU to be busy; some 25 MiB of working memory on a CPU, 4 GiB on a GPU.
    most_rows = is_fused ? 2048 : 65536;
    positions = sinusoids(c10::typeMetaToScalarType(options.dtype())).to(options.device());
    live_count.fetch_add(1);
}

opnilog_torch_model::~opnilog_torch_model() { live_count.fetch_sub(1); }

void opnilog_torch_model::initialise() {
    const auto all = slots(words);
    for (size_t place = 0; place < all.size(); ++place)
        if (all[place].trained) values[*all[place].trained].copy_(initial_value(all[place], place, seed));
}

void opnilog_torch_model::use_threads() const {
    if (at::get_num_threads() != threads) at::set_num_threads(threads);
}

void opnilog_torch_model::prepare_training() {
    if (first[0].defined()) return;
    for (size_t i = 0; i < values.size(); ++i) {
        first[i] = at::zeros_like(values[i]);
        second[i] = at::zeros_like(values[i]);
        gradients[i] = at::zeros_like(values[i]);
        steps[i] = at::zeros({}, at::TensorOptions().dtype(at::kFloat).device(options.device()));
    }
}
