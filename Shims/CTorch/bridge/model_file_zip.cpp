#include <caffe2/serialize/file_adapter.h>
#include <caffe2/serialize/inline_container.h>

#include "model_file.h"

namespace opnilog {

namespace {

using caffe2::serialize::PyTorchStreamReader;

class ZipFile final : public ModelFile {
  public:
    explicit ZipFile(const std::string &path)
        : reader_(reading("the file is no model archive", [&] {
              return std::make_unique<PyTorchStreamReader>(std::make_shared<caffe2::serialize::FileAdapter>(path));
          })),
          document_(pickle_bytes()) {
        if (reader_->hasRecord("byteorder") && text_of("byteorder", 16) != "little")
            bad_file("the model was written on a big-endian machine");
    }

    const pickle::Value &root() const override { return document_.root(); }

  private:
    std::optional<size_t> size_of(const std::string &key) override {
        const std::string record = "data/" + key;
        if (!reader_->hasRecord(record)) return std::nullopt;
        return reader_->getRecordSize(record);
    }

    at::DataPtr bytes_of(const std::string &name, const std::string &key, size_t) override {
        return reading(name + " cannot be read", [&] { return std::get<0>(reader_->getRecord("data/" + key)); });
    }

    std::string text_of(const std::string &record, size_t most) {
        const size_t size = reading(record + " is missing", [&] { return reader_->getRecordSize(record); });
        if (size > most) bad_file(record + " has " + std::to_string(size) + " bytes");
        const auto data = reading(record + " cannot be read", [&] { return std::get<0>(reader_->getRecord(record)); });
        return {static_cast<const char *>(data.get()), size};
    }

    std::string pickle_bytes() {
        if (!reader_->hasRecord("data.pkl")) bad_file("the archive holds no data.pkl, so it is no model");
        return text_of("data.pkl", kMostPickleBytes);
    }

    std::unique_ptr<PyTorchStreamReader> reader_;
    pickle::Document document_;
};

}  // namespace

std::unique_ptr<ModelFile> open_zip(const std::string &path) { return std::make_unique<ZipFile>(path); }

}  // namespace opnilog
