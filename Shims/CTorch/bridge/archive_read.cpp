#include <ATen/ops/from_blob.h>
#include <caffe2/serialize/file_adapter.h>
#include <caffe2/serialize/inline_container.h>

#include "archive.h"
#include "pickle.h"

namespace opnilog {

namespace {

using caffe2::serialize::PyTorchStreamReader;

constexpr size_t kMostPickleBytes = 16 << 20;
/// Of one tensor's data: twelve times the largest that a model has, so that a false size allocates nothing absurd.
constexpr size_t kMostTensorBytes = 256 << 20;

[[noreturn]] void bad(const std::string &what) { throw Failure(OPNILOG_TORCH_BAD_FILE, what); }

/// Runs `body`, whose exceptions mean that the archive is damaged.
template <typename Body>
auto reading(const std::string &what, const Body &body) {
    try {
        return body();
    } catch (const c10::Error &error) {
        bad(what + ": " + error.what_without_backtrace());
    }
}

struct NumberType {
    const char *storage;
    at::ScalarType type;
};
constexpr NumberType kNumberTypes[] = {
    {"FloatStorage", at::kFloat}, {"DoubleStorage", at::kDouble}, {"HalfStorage", at::kHalf},
    {"BFloat16Storage", at::kBFloat16},
};

at::ScalarType number_type(const std::string &name, const std::string &storage) {
    for (const auto &known : kNumberTypes)
        if (storage == known.storage) return known.type;
    bad(name + " holds " + storage + ", not floating-point numbers");
}

class Archive {
  public:
    explicit Archive(const std::string &path)
        : reader_(reading("the file is no model archive", [&] {
              return std::make_unique<PyTorchStreamReader>(std::make_shared<caffe2::serialize::FileAdapter>(path));
          })),
          document_(pickle_bytes()) {
        if (reader_->hasRecord("byteorder") && bytes_of("byteorder", 16) != "little")
            bad("the model was written on a big-endian machine");
    }

    const pickle::Value &root() const { return document_.root(); }

    /// The numbers of a view, contiguous, on the CPU, in the file's type.
    at::Tensor tensor(const std::string &name, const pickle::Tensor &view) {
        const auto type = number_type(name, view.storage_type);
        const std::string record = "data/" + view.storage_key;
        const size_t item = c10::elementSize(type);
        if (!reader_->hasRecord(record)) bad(name + " has no data in the file");
        // Checked before anything of that size is allocated.
        const size_t size = reader_->getRecordSize(record);
        if (size > kMostTensorBytes) bad(name + " has " + std::to_string(size) + " bytes of data");
        if (size % item != 0 || view.storage_numbers != int64_t(size / item))
            bad(name + " has " + std::to_string(size) + " bytes of data for " + std::to_string(view.storage_numbers) + " numbers");
        check_inside(name, view);
        const auto data = reading(name + " cannot be read", [&] { return std::get<0>(reader_->getRecord(record)); });
        auto *start = static_cast<char *>(data.get()) + size_t(view.offset) * item;
        return at::from_blob(start, view.sizes, view.strides, at::TensorOptions().dtype(type)).clone(at::MemoryFormat::Contiguous);
    }

  private:
    /// Sizes are those that the model wants (checked before), so nothing here can overflow but the strides.
    static void check_inside(const std::string &name, const pickle::Tensor &view) {
        int64_t last = view.offset;
        bool inside = view.offset >= 0 && view.offset < view.storage_numbers;
        for (size_t i = 0; inside && i < view.sizes.size(); ++i) {
            inside = view.strides[i] >= 0 && view.strides[i] <= view.storage_numbers;
            if (inside) last += (view.sizes[i] - 1) * view.strides[i];
            inside = inside && last < view.storage_numbers;
        }
        if (!inside) bad(name + " reaches beyond its data");
    }

    std::string bytes_of(const std::string &record, size_t most) {
        const size_t size = reading(record + " is missing", [&] { return reader_->getRecordSize(record); });
        if (size > most) bad(record + " has " + std::to_string(size) + " bytes");
        const auto data = reading(record + " cannot be read", [&] { return std::get<0>(reader_->getRecord(record)); });
        return {static_cast<const char *>(data.get()), size};
    }

    std::string pickle_bytes() {
        if (!reader_->hasRecord("data.pkl")) bad("the archive holds no data.pkl, so it is no model");
        return bytes_of("data.pkl", kMostPickleBytes);
    }

    std::unique_ptr<PyTorchStreamReader> reader_;
    pickle::Document document_;
};

std::string shape_text(const std::vector<int64_t> &shape) {
    std::string text = "[";
    for (const int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
    return text + "]";
}

const pickle::Tensor &find_tensor(const pickle::Value &state, const std::string &name) {
    const auto *value = state.find(name);
    if (value == nullptr) bad("the model lacks " + name);
    if (value->kind != pickle::Value::tensor || value->view.strides.size() != value->view.sizes.size())
        bad(name + " is no tensor");
    return value->view;
}

const pickle::Tensor &find_tensor(const pickle::Value &state, const std::string &name, const std::vector<int64_t> &shape) {
    const auto &view = find_tensor(state, name);
    if (view.sizes != shape) bad(name + " has the shape " + shape_text(view.sizes) + ", not " + shape_text(shape));
    return view;
}

const pickle::Value &find_dictionary(const pickle::Value &in, const std::string &name) {
    const auto *value = in.find(name);
    if (value == nullptr || value->kind != pickle::Value::dictionary) bad("the file holds no " + name);
    return *value;
}

/// The state of torch.optim.Adam: all trained parameters have one, or none has, before the first step.
void read_moments(Archive &archive, opnilog_torch_model &model) {
    const auto &state = find_dictionary(find_dictionary(archive.root(), "optimizer_state_dict"), "state");
    if (state.pairs.empty()) return;
    model.prepare_training();
    const auto all = slots(model.words);
    for (size_t place = 0; place < all.size(); ++place) {
        if (!all[place].trained) continue;
        const auto &name = all[place].name;
        const auto *moments = state.find(int64_t(place));
        if (moments == nullptr || moments->kind != pickle::Value::dictionary) bad("the optimiser has no state of " + name);
        const auto copy = [&](at::Tensor &to, const std::string &key, const std::vector<int64_t> &shape) {
            to.copy_(archive.tensor(key + " of " + name, find_tensor(*moments, key, shape)));
        };
        const auto parameter = size_t(*all[place].trained);
        copy(model.steps[parameter], "step", {});
        copy(model.first[parameter], "exp_avg", all[place].shape);
        copy(model.second[parameter], "exp_avg_sq", all[place].shape);
    }
}

}  // namespace

std::unique_ptr<opnilog_torch_model> read_model(const opnilog_torch_read_args &args) {
    Archive archive(args.path);
    const auto &state = find_dictionary(archive.root(), "model_state_dict");
    const auto &generator = find_tensor(state, "generator.proj.bias");
    if (generator.sizes.size() != 1 || generator.sizes[0] < 5 || generator.sizes[0] > kFullWords)
        bad("generator.proj.bias has the shape " + shape_text(generator.sizes) + ", so the model's words are not 5 to 10,000");

    auto model = std::make_unique<opnilog_torch_model>(
        generator.sizes[0], args.to_train != 0 ? args.seed : 0, args.place);
    for (const auto &slot : slots(model->words))
        if (slot.trained)
            model->values[*slot.trained].copy_(archive.tensor(slot.name, find_tensor(state, slot.name, slot.shape)));
    const std::string positions = "src_embed.1.pe";
    model->positions.copy_(archive.tensor(positions, find_tensor(state, positions, {1, kLength, kWidth})).squeeze(0));
    if (args.to_train != 0) read_moments(archive, *model);
    return model;
}

}  // namespace opnilog
