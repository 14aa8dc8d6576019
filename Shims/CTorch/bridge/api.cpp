// The table that the bridge exports.

#include "archive.h"
#include "bridge.h"
#include "driver.h"
#include "model.h"
#include "runtime.h"
#include "step.h"

using namespace opnilog;

namespace {

opnilog_torch_status api_start(const opnilog_torch_start_args *args, opnilog_torch_error *error) {
    OPNILOG_BODY(error, { start(*args); });
}

opnilog_torch_status api_facts(opnilog_torch_facts *facts, opnilog_torch_error *error) {
    OPNILOG_BODY(error, { fill_facts(*facts); });
}

opnilog_torch_status api_create(
    const opnilog_torch_create_args *args, opnilog_torch_model **ret_model, opnilog_torch_error *error) {
    OPNILOG_BODY(error, {
        require(args->size >= sizeof *args, "create: the arguments are of another version");
        auto model = std::make_unique<opnilog_torch_model>(args->words, args->seed, args->place);
        model->is_fused = model->is_fused && args->composed == 0;
        if (args->most_variants > 0) model->most_rows = args->most_variants;
        model->initialise();
        *ret_model = model.release();
    });
}

opnilog_torch_status api_read(
    const opnilog_torch_read_args *args, opnilog_torch_model **ret_model, opnilog_torch_error *error) {
    OPNILOG_BODY(error, {
        require(args->size >= sizeof *args, "read: the arguments are of another version");
        *ret_model = read_model(*args).release();
    });
}

opnilog_torch_status api_write(
    opnilog_torch_model *model, const opnilog_torch_write_args *args, opnilog_torch_error *error) {
    OPNILOG_BODY(error, { write_model(*model, *args); });
}

void api_free(opnilog_torch_model *model) { delete model; }

int64_t api_live() { return live_models(); }

int64_t api_words(const opnilog_torch_model *model) { return model->words; }

opnilog_torch_status api_step(
    opnilog_torch_model *model, const opnilog_torch_step_args *args, opnilog_torch_error *error) {
    OPNILOG_BODY(error, { take_step(*model, *args); });
}

opnilog_torch_status api_losses(
    opnilog_torch_model *model, int32_t wait, opnilog_torch_loss *ret_losses, int64_t capacity, int64_t *ret_count,
    opnilog_torch_error *error) {
    OPNILOG_BODY(error, { *ret_count = take_losses(*model, wait != 0, ret_losses, capacity); });
}

opnilog_torch_status api_evaluate(
    opnilog_torch_model *model, const opnilog_torch_batch *batch, opnilog_torch_loss *ret_loss,
    opnilog_torch_error *error) {
    OPNILOG_BODY(error, { evaluate(*model, *batch, *ret_loss); });
}

opnilog_torch_status api_ranks(
    opnilog_torch_model *model, const opnilog_torch_batch *batch, int32_t *ret_ranks, opnilog_torch_error *error) {
    OPNILOG_BODY(error, { ranks(*model, *batch, ret_ranks); });
}

opnilog_torch_status api_logits(
    opnilog_torch_model *model, const opnilog_torch_batch *batch, float *ret_logits, opnilog_torch_error *error) {
    OPNILOG_BODY(error, { logits(*model, *batch, ret_logits); });
}

int32_t api_tensor_count() { return kTrained; }

void check_index(int32_t index) {
    require(index >= 0 && index < kTrained, "there is no parameter " + std::to_string(index));
}

opnilog_torch_status api_describe_tensor(
    const opnilog_torch_model *model, int32_t index, opnilog_torch_tensor *ret_tensor, opnilog_torch_error *error) {
    OPNILOG_BODY(error, {
        require(ret_tensor->size >= sizeof *ret_tensor, "describe_tensor: the result is of another version");
        check_index(index);
        // Names do not depend on the words, so one list lives as long as the bridge.
        static const auto all = slots(kFullWords);
        for (const auto &slot : all)
            if (slot.trained && *slot.trained == index) ret_tensor->name = slot.name.c_str();
        const auto shape = model->values[size_t(index)].sizes();
        ret_tensor->rank = int32_t(shape.size());
        for (size_t i = 0; i < 2; ++i) ret_tensor->shape[i] = i < shape.size() ? shape[i] : 1;
    });
}

opnilog_torch_status api_read_tensor(
    opnilog_torch_model *model, int32_t index, int32_t kind, double *ret_values, int64_t count,
    opnilog_torch_error *error) {
    OPNILOG_BODY(error, {
        check_index(index);
        require(kind >= OPNILOG_TORCH_VALUE && kind <= OPNILOG_TORCH_SECOND_MOMENT, "there is no such kind of tensor");
        const auto &of_kind = kind == OPNILOG_TORCH_VALUE ? model->values
            : kind == OPNILOG_TORCH_GRADIENT              ? model->gradients
            : kind == OPNILOG_TORCH_FIRST_MOMENT          ? model->first
                                                          : model->second;
        const auto &tensor = of_kind[size_t(index)];
        require(tensor.defined(), "the model has not been trained yet");
        require(tensor.numel() == count, "read_tensor: the buffer is of another size");
        const auto values = tensor.detach().to(at::kCPU, at::kDouble).contiguous();
        std::copy_n(values.const_data_ptr<double>(), count, ret_values);
    });
}

opnilog_torch_status api_describe_device(
    int32_t index, opnilog_torch_device *ret_device, opnilog_torch_error *error) {
    OPNILOG_BODY(error, { describe_device(index, *ret_device); });
}

constexpr opnilog_torch_api kApi = {
    OPNILOG_TORCH_ABI_VERSION, sizeof(opnilog_torch_api),
    api_start, api_facts, api_create, api_read, api_write, api_free, api_live, api_words,
    api_step, api_losses, api_evaluate, api_ranks, api_logits, api_tensor_count, api_describe_tensor, api_read_tensor,
    api_describe_device,
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const opnilog_torch_api *opnilog_torch_bridge(void) { return &kApi; }
