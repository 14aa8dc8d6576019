#pragma once

// As much of Python's pickle as a model file needs: protocol 2, dictionaries, lists, tuples, numbers, texts, and
// tensors by reference to their storage. torch::pickle_load knows no OrderedDict, and what torch::pickle_save
// writes is refused by torch.load's safe mode.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace opnilog::pickle {

/// A tensor as the pickle describes it: a strided view of a storage that is a record of the archive.
struct Tensor {
    std::string storage_type;  // e.g. FloatStorage
    std::string storage_key;
    int64_t storage_numbers = 0;
    int64_t offset = 0;
    std::vector<int64_t> sizes, strides;
};

struct Value {
    enum Kind { nothing, boolean, integer, real, text, tuple, list, dictionary, global, storage, tensor };
    Kind kind = nothing;
    int64_t number = 0;  // boolean, integer
    double fraction = 0;
    std::string string;                             // text, global ("module name")
    std::vector<Value *> items;                     // tuple, list
    std::vector<std::pair<Value *, Value *>> pairs;  // dictionary
    Tensor view;                                    // storage, tensor

    /// The value under a text key of a dictionary; null if there is none.
    const Value *find(std::string_view key) const;
    /// The value under a whole number.
    const Value *find(int64_t key) const;
};

/// What a pickle holds. Values lie side by side and point to each other, so that neither depth nor cycles of a
/// hostile file cost stack.
class Document {
  public:
    /// Throws `Failure` (BAD_FILE) for anything that a model file has no use for. `end`, if given, becomes the place
    /// after the document, which may be followed by others.
    explicit Document(std::string_view bytes, size_t *end = nullptr);
    const Value &root() const { return *root_; }
    const std::deque<Value> &values() const { return values_; }

  private:
    friend class Reader;
    std::deque<Value> values_;
    Value *root_ = nullptr;
};

/// Writes the same subset.
class Writer {
  public:
    Writer();
    void text(std::string_view value);
    void integer(int64_t value);
    void real(double value);
    void boolean(bool value) { byte(value ? 0x88 : 0x89); }
    void none() { byte('N'); }

    void begin_dictionary() { bytes_ += "}("; }
    void begin_ordered_dictionary();
    void end_dictionary() { byte('u'); }
    void begin_list() { bytes_ += "]("; }
    void end_list() { byte('e'); }
    void begin_tuple() { byte('('); }
    void end_tuple() { byte('t'); }
    /// A contiguous tensor that fills its storage.
    void tensor(const char *storage_type, const std::string &key, const std::vector<int64_t> &sizes);

    /// Ends the document.
    std::string finish();

  private:
    void byte(int value) { bytes_.push_back(char(value)); }
    void global(std::string_view module, std::string_view name);
    void little(uint64_t value, int count);

    std::string bytes_;
};

}  // namespace opnilog::pickle
