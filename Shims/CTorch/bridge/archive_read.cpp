#include "archive.h"
#include "model_file.h"

namespace opnilog {

namespace {

std::string shape_text(const std::vector<int64_t> &shape) {
    std::string text = "[";
    for (const int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
    return text + "]";
}

const pickle::Tensor &find_tensor(const pickle::Value &state, const std::string &name) {
    const auto *value = state.find(name);
    if (value == nullptr) bad_file("the model lacks " + name);
    if (value->kind != pickle::Value::tensor || value->view.strides.size() != value->view.sizes.size())
        bad_file(name + " is no tensor");
    return value->view;
}

const pickle::Tensor &find_tensor(const pickle::Value &state, const std::string &name, const std::vector<int64_t> &shape) {
    const auto &view = find_tensor(state, name);
    if (view.sizes != shape) bad_file(name + " has the shape " + shape_text(view.sizes) + ", not " + shape_text(shape));
    return view;
}

const pickle::Value &find_dictionary(const pickle::Value &in, const std::string &name) {
    const auto *value = in.find(name);
    if (value == nullptr || value->kind != pickle::Value::dictionary) bad_file("the file holds no " + name);
    return *value;
}

/// Whether the parameter has a row for each word.
bool has_row_a_word(const Slot &slot) { return slot.trained && *slot.trained >= Embedding; }

/// The words of a model that is trained on whose rows do not come from the file. None: first = end.
struct NewWords {
    int64_t first = 0, end = 0;
};

/// The parameters: in a dictionary beside other things, or in older files alone.
const pickle::Value &find_parameters(const ModelFile &file) {
    const auto &root = file.root();
    const bool is_bare = root.find("model_state_dict") == nullptr && root.find("generator.proj.bias") != nullptr;
    return is_bare ? root : find_dictionary(root, "model_state_dict");
}

/// Copies what the file has of a parameter or its moments; rows of new words stay as they are.
void copy_known(at::Tensor &to, const at::Tensor &from, const Slot &slot, const NewWords &words) {
    if (!has_row_a_word(slot)) {
        to.copy_(from);
        return;
    }
    const int64_t rows = from.size(0);
    const int64_t first = std::min(words.first, rows), end = std::min(std::max(words.end, first), rows);
    to.narrow(0, 0, first).copy_(from.narrow(0, 0, first));
    to.narrow(0, end, rows - end).copy_(from.narrow(0, end, rows - end));
}

void check_finite(const at::Tensor &values, const std::string &name) {
    if (!values.isfinite().all().item<bool>()) bad_file(name + " holds a number that is not finite");
}

/// How often a parameter was stepped: a tensor, or before torch 1.12 a number.
at::Tensor read_steps(ModelFile &file, const pickle::Value &moments, const std::string &name) {
    const auto *steps = moments.find("step");
    if (steps != nullptr && steps->kind == pickle::Value::integer) return at::scalar_tensor(steps->number);
    return file.tensor("step of " + name, find_tensor(moments, "step", {}));
}

/// The state of torch.optim.Adam: all trained parameters have one, or none has, before the first step.
void read_moments(ModelFile &file, opnilog_torch_model &model, const std::vector<Slot> &in_file, const NewWords &words) {
    const auto &state = find_dictionary(find_dictionary(file.root(), "optimizer_state_dict"), "state");
    if (state.pairs.empty()) return;
    model.prepare_training();
    for (size_t place = 0; place < in_file.size(); ++place) {
        const auto &slot = in_file[place];
        if (!slot.trained) continue;
        const auto *moments = state.find(int64_t(place));
        if (moments == nullptr || moments->kind != pickle::Value::dictionary)
            bad_file("the optimiser has no state of " + slot.name);
        const auto copy = [&](at::Tensor &to, const std::string &key) {
            copy_known(to, file.tensor(key + " of " + slot.name, find_tensor(*moments, key, slot.shape)), slot, words);
        };
        const auto parameter = size_t(*slot.trained);
        const double steps = read_steps(file, *moments, slot.name).item<double>();
        // Adam counts in float32; from a negative count it would divide by zero.
        if (!(steps >= 0 && steps <= 0x1p24)) bad_file("the optimiser's state of " + slot.name + " has no possible number of steps");
        model.steps[parameter].fill_(steps);
        copy(model.first[parameter], "exp_avg");
        copy(model.second[parameter], "exp_avg_sq");
        check_finite(model.first[parameter], "exp_avg of " + slot.name);
        check_finite(model.second[parameter], "exp_avg_sq of " + slot.name);
        // Adam divides by its root.
        if (!model.second[parameter].ge(0).all().item<bool>()) bad_file("exp_avg_sq of " + slot.name + " holds a negative number");
    }
}

/// The same where it need not be there: whatever does not fit is as if it were not.
void try_moments(ModelFile &file, opnilog_torch_model &model, const std::vector<Slot> &in_file, const NewWords &words) {
    try {
        read_moments(file, model, in_file, words);
    } catch (const Failure &failure) {
        if (failure.status != OPNILOG_TORCH_BAD_FILE) throw;
        for (auto *of_kind : {&model.first, &model.second, &model.steps})
            for (auto &tensor : *of_kind)
                if (tensor.defined()) tensor.zero_();
    }
}

int64_t words_of(const pickle::Value &parameters) {
    const auto &generator = find_tensor(parameters, "generator.proj.bias");
    if (generator.sizes.size() != 1 || generator.sizes[0] < 5 || generator.sizes[0] > kFullWords)
        bad_file("generator.proj.bias has the shape " + shape_text(generator.sizes) + ", so the model's words are not 5 to 10,000");
    return generator.sizes[0];
}

/// Which words are new, checked against those that the file has.
NewWords new_words(const opnilog_torch_read_args &args, int64_t in_file) {
    if (args.purpose != OPNILOG_TORCH_TO_CONTINUE) return {in_file, in_file};
    if (in_file != args.file_words)
        bad_file("The model has " + std::to_string(in_file) + " words and its vocabulary " + std::to_string(args.file_words) +
            ", so they are not of one training");
    require(args.first_new <= args.end_new && args.first_new <= in_file, "read: words would be missing between the known and the new");
    return {args.first_new, args.end_new};
}

}  // namespace

std::unique_ptr<opnilog_torch_model> read_model(const opnilog_torch_read_args &args) {
    const auto file = is_legacy(args.path) ? open_legacy(args.path) : open_zip(args.path);
    const auto &parameters = find_parameters(*file);
    const int64_t in_file = words_of(parameters);
    const auto words = new_words(args, in_file);
    const bool scores = args.purpose == OPNILOG_TORCH_TO_SCORE;

    auto model = std::make_unique<opnilog_torch_model>(std::max(in_file, words.end), scores ? 0 : args.seed, args.place);
    if (words.end > words.first) model->initialise();
    const auto slots_in_file = slots(in_file);
    for (const auto &slot : slots_in_file)
        if (slot.trained)
            copy_known(
                model->values[*slot.trained], file->tensor(slot.name, find_tensor(parameters, slot.name, slot.shape)), slot, words);
    // Nothing stands above a logit that is no number: such a model would call every log normal.
    for (const auto &slot : slots_in_file)
        if (slot.trained) check_finite(model->values[*slot.trained], slot.name);
    const std::string positions = "src_embed.1.pe";
    model->positions.copy_(file->tensor(positions, find_tensor(parameters, positions, {1, kLength, kWidth})).squeeze(0));
    check_finite(model->positions, positions);
    if (args.purpose == OPNILOG_TORCH_TO_RESUME) read_moments(*file, *model, slots_in_file, words);
    if (args.purpose == OPNILOG_TORCH_TO_CONTINUE) {
        try_moments(*file, *model, slots_in_file, words);
        if (args.ret_optimiser_steps != nullptr)
            *args.ret_optimiser_steps = model->first[0].defined() ? model->steps[0].item<int64_t>() : 0;
    }
    return model;
}

}  // namespace opnilog
