#include <cstring>

#include "pickle.h"

namespace opnilog::pickle {

Writer::Writer() : bytes_("\x80\x02") {}

void Writer::little(uint64_t value, int count) {
    for (int i = 0; i < count; ++i) byte(int(value >> (8 * i) & 0xFF));
}

void Writer::text(std::string_view value) {
    byte('X');
    little(value.size(), 4);
    bytes_ += value;
}

void Writer::integer(int64_t value) {
    if (value >= INT32_MIN && value <= INT32_MAX) {
        byte('J');
        little(uint64_t(value), 4);
    } else {
        byte(0x8a);
        byte(8);
        little(uint64_t(value), 8);
    }
}

void Writer::real(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    byte('G');
    for (int i = 7; i >= 0; --i) byte(int(bits >> (8 * i) & 0xFF));
}

void Writer::global(std::string_view module, std::string_view name) {
    byte('c');
    bytes_ += module;
    byte('\n');
    bytes_ += name;
    byte('\n');
}

void Writer::begin_ordered_dictionary() {
    global("collections", "OrderedDict");
    bytes_ += ")R(";
}

void Writer::tensor(const char *storage_type, const std::string &key, const std::vector<int64_t> &sizes) {
    int64_t numbers = 1;
    std::vector<int64_t> strides(sizes.size());
    for (size_t i = sizes.size(); i > 0; --i) {
        strides[i - 1] = numbers;
        numbers *= sizes[i - 1];
    }
    global("torch._utils", "_rebuild_tensor_v2");
    begin_tuple();
    begin_tuple();
    text("storage");
    global("torch", storage_type);
    text(key);
    text("cpu");
    integer(numbers);
    end_tuple();
    byte('Q');
    integer(0);
    for (const auto &shape : {sizes, strides}) {
        begin_tuple();
        for (const int64_t number : shape) integer(number);
        end_tuple();
    }
    boolean(false);
    global("collections", "OrderedDict");
    bytes_ += ")R";  // no hooks
    end_tuple();
    byte('R');
}

std::string Writer::finish() {
    byte('.');
    return std::move(bytes_);
}

}  // namespace opnilog::pickle
