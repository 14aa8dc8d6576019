#include <caffe2/serialize/file_adapter.h>
#include <caffe2/serialize/inline_container.h>

#include "model_file.h"
#include "zip_checksums.h"

namespace opnilog {

namespace {

using caffe2::serialize::PyTorchStreamReader;

class ZipFile final : public ModelFile {
  public:
    explicit ZipFile(const std::string &path)
        : reader_(reading("the file is no model archive", [&] {
              return std::make_unique<PyTorchStreamReader>(std::make_shared<caffe2::serialize::FileAdapter>(path));
          })),
          checksums_(read_checksums(path)), document_(pickle_bytes()) {
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
        return record(name, "data/" + key);
    }

    /// The bytes of a record, compared with their checksum.
    at::DataPtr record(const std::string &name, const std::string &record) {
        auto [bytes, size] = reading(name + " cannot be read", [&] { return reader_->getRecord(record); });
        const auto checksum = checksums_.find(record);
        if (checksum == checksums_.end() || checksum->second != crc32_of(bytes.get(), size))
            bad_file(name + " is damaged: its checksum is another");
        return std::move(bytes);
    }

    std::string text_of(const std::string &record, size_t most) {
        const size_t size = reading(record + " is missing", [&] { return reader_->getRecordSize(record); });
        if (size > most) bad_file(record + " has " + std::to_string(size) + " bytes");
        const auto data = this->record(record, record);
        return {static_cast<const char *>(data.get()), size};
    }

    std::string pickle_bytes() {
        if (!reader_->hasRecord("data.pkl")) bad_file("the archive holds no data.pkl, so it is no model");
        return text_of("data.pkl", kMostPickleBytes);
    }

    std::unique_ptr<PyTorchStreamReader> reader_;
    const std::map<std::string, uint32_t> checksums_;
    pickle::Document document_;
};

}  // namespace

std::unique_ptr<ModelFile> open_zip(const std::string &path) { return std::make_unique<ZipFile>(path); }

}  // namespace opnilog
