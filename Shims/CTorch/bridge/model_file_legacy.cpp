#include <c10/core/CPUAllocator.h>

#include <cstring>
#include <fstream>
#include <unordered_map>

#include "model_file.h"

namespace opnilog {

namespace {

/// The pickle of the number 0x1950a86a20f9469cfc6c, which the form begins with.
constexpr std::string_view kMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e", 15);
/// A model of 10,000 words with its optimiser's state has 85 MB.
constexpr std::streamoff kMostBytes = std::streamoff(1) << 30;

std::string head_of(const std::string &path, size_t most) {
    std::ifstream file(path, std::ios::binary);
    std::string bytes(most, '\0');
    file.read(bytes.data(), std::streamsize(most));
    bytes.resize(size_t(file.gcount()));
    return bytes;
}

std::string whole(const std::string &path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    const std::streamoff size = file.tellg();
    if (size < 0) bad_file("the file cannot be read");
    if (size > kMostBytes) bad_file("the file has " + std::to_string(size) + " bytes, more than any model");
    auto bytes = head_of(path, size_t(size));
    if (std::streamoff(bytes.size()) != size) bad_file("the file cannot be read");
    return bytes;
}

/// Magic, version, the machine, what was saved, the keys of its storages in their order; then each storage: how many
/// numbers (8 bytes), and these.
class LegacyFile final : public ModelFile {
  public:
    explicit LegacyFile(const std::string &path) : bytes_(whole(path)), at_(kMagic.size()) {
        if (next().root().number != 1001) bad_file("the file has a form of before torch 1.6 that is not known");
        const auto machine = next();
        const auto *is_little = machine.root().find("little_endian");
        if (is_little == nullptr || is_little->number != 1) bad_file("the model was written on a big-endian machine");
        document_.emplace(next());
        find_storages(next());
    }

    const pickle::Value &root() const override { return document_->root(); }

  private:
    struct Part {
        size_t start, size;
    };

    pickle::Document next() {
        size_t end = 0;
        pickle::Document document(std::string_view(bytes_).substr(at_, kMostPickleBytes), &end);
        at_ += end;
        return document;
    }

    void find_storages(const pickle::Document &keys) {
        std::unordered_map<std::string, std::string> types;
        for (const auto &value : document_->values())
            if (value.kind == pickle::Value::storage) types[value.view.storage_key] = value.view.storage_type;
        for (const auto *key : keys.root().items) {
            const auto type = types.find(key->string);
            if (type == types.end()) bad_file("the file holds numbers that nothing in it refers to");
            const size_t item = c10::elementSize(number_type("the model", type->second));
            const uint64_t numbers = little(take(8));
            if (numbers > bytes_.size() / item) bad_file("the file is cut off");
            parts_[key->string] = {at_, size_t(numbers) * item};
            take(size_t(numbers) * item);
        }
    }

    std::string_view take(size_t count) {
        if (count > bytes_.size() - at_) bad_file("the file is cut off");
        at_ += count;
        return std::string_view(bytes_).substr(at_ - count, count);
    }

    static uint64_t little(std::string_view bytes) {
        uint64_t value = 0;
        for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) value = value << 8 | uint8_t(*byte);
        return value;
    }

    std::optional<size_t> size_of(const std::string &key) override {
        const auto part = parts_.find(key);
        if (part == parts_.end()) return std::nullopt;
        return part->second.size;
    }

    /// A copy, because a storage begins anywhere and numbers do not.
    at::DataPtr bytes_of(const std::string &, const std::string &key, size_t size) override {
        auto data = c10::GetCPUAllocator()->allocate(size);
        std::memcpy(data.get(), bytes_.data() + parts_.at(key).start, size);
        return data;
    }

    const std::string bytes_;
    size_t at_;
    std::optional<pickle::Document> document_;
    std::unordered_map<std::string, Part> parts_;
};

}  // namespace

bool is_legacy(const std::string &path) { return head_of(path, kMagic.size()) == kMagic; }

std::unique_ptr<ModelFile> open_legacy(const std::string &path) { return std::make_unique<LegacyFile>(path); }

}  // namespace opnilog
