#include <caffe2/serialize/inline_container.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "archive.h"
#include "pickle.h"

namespace opnilog {

namespace {

/// Writes all of it, or says why not.
void write_all(int descriptor, const void *bytes, size_t count) {
    auto *at = static_cast<const char *>(bytes);
    while (count > 0) {
        const ssize_t written = ::write(descriptor, at, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) throw Failure(OPNILOG_TORCH_IO, std::string("the model cannot be written: ") + std::strerror(errno));
        at += written;
        count -= size_t(written);
    }
}

/// The document and the tensors that it refers to. Tensors are made when they are written, so that those that are
/// only functions of the seed never stand in memory together.
class Contents {
  public:
    explicit Contents(const opnilog_torch_model &model)
        : storage_(c10::typeMetaToScalarType(model.options.dtype()) == at::kDouble ? "DoubleStorage" : "FloatStorage") {}

    using Make = std::function<at::Tensor()>;

    void tensor(const std::vector<int64_t> &shape, Make make, const char *storage = nullptr) {
        pickle.tensor(storage == nullptr ? storage_ : storage, std::to_string(makers_.size()), shape);
        makers_.push_back(std::move(make));
    }

    void write(caffe2::serialize::PyTorchStreamWriter &writer) {
        const std::string document = pickle.finish();
        writer.writeRecord("data.pkl", document.data(), document.size());
        writer.writeRecord("byteorder", "little", 6);
        for (size_t i = 0; i < makers_.size(); ++i) {
            const auto tensor = makers_[i]().detach().cpu().contiguous();
            writer.writeRecord("data/" + std::to_string(i), tensor.const_data_ptr(), tensor.nbytes());
        }
        writer.writeEndOfFile();
    }

    pickle::Writer pickle;

  private:
    const char *storage_;
    std::vector<Make> makers_;
};

void add_parameters(Contents &contents, const opnilog_torch_model &model, const std::vector<Slot> &all) {
    auto &pickle = contents.pickle;
    pickle.begin_ordered_dictionary();
    for (size_t place = 0; place < all.size(); ++place) {
        const Slot slot = all[place];
        pickle.text(slot.name);
        contents.tensor(slot.shape, [&model, slot, place] {
            return slot.trained ? model[*slot.trained] : initial_value(slot, place, model.seed).to(model.options.dtype());
        });
        const size_t embedding = slot.name.find("_embed.0.");
        if (embedding == std::string::npos) continue;
        pickle.text(slot.name.substr(0, embedding) + "_embed.1.pe");
        contents.tensor({1, kLength, kWidth}, [&model] { return model.positions; });
    }
    pickle.end_dictionary();
}

/// `state` of torch.optim.Adam: only parameters that were ever stepped have one.
void add_moments(Contents &contents, const opnilog_torch_model &model, const std::vector<Slot> &all) {
    auto &pickle = contents.pickle;
    pickle.begin_dictionary();
    for (size_t place = 0; model.first[0].defined() && place < all.size(); ++place) {
        if (!all[place].trained) continue;
        const auto parameter = size_t(*all[place].trained);
        pickle.integer(int64_t(place));
        pickle.begin_dictionary();
        pickle.text("step");
        contents.tensor({}, [&model, parameter] { return model.steps[parameter]; }, "FloatStorage");
        pickle.text("exp_avg");
        contents.tensor(all[place].shape, [&model, parameter] { return model.first[parameter]; });
        pickle.text("exp_avg_sq");
        contents.tensor(all[place].shape, [&model, parameter] { return model.second[parameter]; });
        pickle.end_dictionary();
    }
    pickle.end_dictionary();
}

/// `param_groups` of torch.optim.Adam: one group of all parameters.
void add_settings(pickle::Writer &pickle, const opnilog_torch_write_args &args, size_t parameters) {
    pickle.begin_list();
    pickle.begin_dictionary();
    pickle.text("lr"), pickle.real(args.learning_rate);
    pickle.text("betas"), pickle.begin_tuple(), pickle.real(0.9), pickle.real(0.999), pickle.end_tuple();
    pickle.text("eps"), pickle.real(1e-8);
    pickle.text("weight_decay"), pickle.real(args.weight_decay);
    for (const char *off : {"amsgrad", "maximize", "capturable", "differentiable", "decoupled_weight_decay"})
        pickle.text(off), pickle.boolean(false);
    for (const char *unset : {"foreach", "fused"}) pickle.text(unset), pickle.none();
    pickle.text("params"), pickle.begin_list();
    for (size_t i = 0; i < parameters; ++i) pickle.integer(int64_t(i));
    pickle.end_list();
    pickle.end_dictionary();
    pickle.end_list();
}

/// A step whose own loss was good may all the same have left parameters that are none.
void check_finite(const opnilog_torch_model &model, const std::vector<Slot> &all) {
    for (const auto &slot : all)
        if (slot.trained && !at::isfinite(model[*slot.trained].detach()).all().item<bool>())
            throw Failure(OPNILOG_TORCH_NOT_FINITE, slot.name + " holds what is no finite number");
}

}  // namespace

void write_model(opnilog_torch_model &model, const opnilog_torch_write_args &args) {
    require(args.size >= sizeof args, "write: the arguments are of another version");
    const auto all = slots(model.words);
    check_finite(model, all);
    Contents contents(model);
    auto &pickle = contents.pickle;
    pickle.begin_dictionary();
    pickle.text("epoch"), pickle.integer(args.epoch);
    pickle.text("model_state_dict");
    add_parameters(contents, model, all);
    pickle.text("optimizer_state_dict");
    pickle.begin_dictionary();
    pickle.text("state");
    add_moments(contents, model, all);
    pickle.text("param_groups");
    add_settings(pickle, args, all.size());
    pickle.end_dictionary();
    pickle.text("loss"), pickle.real(args.loss);
    pickle.end_dictionary();

    // Given a function instead of a path, the writer stores a fixed inner name. Its destructor ends the archive, and
    // throws where that fails; so after a failure the rest is taken and dropped, and the failure is thrown after it.
    std::optional<Failure> failure;
    const auto output = [&](const void *bytes, size_t count) -> size_t {
        if (!failure) {
            try {
                write_all(args.descriptor, bytes, count);
            } catch (const Failure &caught) {
                failure = caught;
            }
        }
        return count;
    };
    {
        caffe2::serialize::PyTorchStreamWriter writer(output);
        contents.write(writer);
    }
    if (failure) throw *failure;
}

}  // namespace opnilog
