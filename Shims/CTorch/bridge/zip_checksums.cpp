// The central directory of a zip (APPNOTE.TXT 4.3): what libtorch's reader leaves out.

#include "zip_checksums.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

#include "model_file.h"

namespace opnilog {

namespace {

constexpr uint32_t kEntry = 0x02014B50, kEnd = 0x06054B50, kEnd64 = 0x06064B50;
constexpr size_t kEntryBytes = 46, kEndBytes = 22, kEnd64Bytes = 56, kLocatorBytes = 20, kLongestComment = 0xFFFF;

[[noreturn]] void bad_directory() { bad_file("the file's directory is damaged"); }

/// A part of a file, read by little-endian numbers.
class Bytes {
  public:
    Bytes(std::ifstream &file, uint64_t from, uint64_t count) : bytes_(size_t(count)) {
        file.seekg(std::streamoff(from));
        if (!file.read(bytes_.data(), std::streamsize(count))) bad_directory();
    }

    size_t size() const { return bytes_.size(); }

    uint64_t number(size_t at, size_t width) const {
        if (at > size() || width > size() - at) bad_directory();
        uint64_t number = 0;
        for (size_t i = width; i > 0; --i) number = number << 8 | uint8_t(bytes_[at + i - 1]);
        return number;
    }

    std::string text(size_t at, size_t count) const {
        if (at > size() || count > size() - at) bad_directory();
        return {bytes_.data() + at, count};
    }

  private:
    std::vector<char> bytes_;
};

/// Where the directory lies.
struct Place {
    uint64_t from, count;
};

Place find_directory(std::ifstream &file, uint64_t size) {
    const uint64_t tail = std::min<uint64_t>(size, kLongestComment + kEndBytes + kLocatorBytes);
    const Bytes bytes(file, size - tail, tail);
    if (tail < kEndBytes) bad_directory();
    for (size_t at = size_t(tail - kEndBytes) + 1; at > 0; --at) {
        const size_t end = at - 1;
        if (bytes.number(end, 4) != kEnd) continue;
        const Place place{bytes.number(end + 16, 4), bytes.number(end + 12, 4)};
        if (place.from != 0xFFFFFFFF && place.count != 0xFFFFFFFF) return place;
        // A zip64, as torch writes them always: 20 bytes before stands where its own end is.
        if (end < kLocatorBytes) bad_directory();
        const Bytes end64(file, bytes.number(end - kLocatorBytes + 8, 8), kEnd64Bytes);
        if (end64.number(0, 4) != kEnd64) bad_directory();
        return {end64.number(48, 8), end64.number(40, 8)};
    }
    bad_directory();
}

}  // namespace

std::map<std::string, uint32_t> read_checksums(const std::string &path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) bad_file("the file cannot be read");
    const auto size = uint64_t(file.tellg());
    const auto place = find_directory(file, size);
    if (place.from > size || place.count > size - place.from) bad_directory();
    const Bytes directory(file, place.from, place.count);
    std::map<std::string, uint32_t> checksums;
    for (size_t at = 0; at < directory.size();) {
        if (directory.number(at, 4) != kEntry) bad_directory();
        const size_t name = size_t(directory.number(at + 28, 2));
        const std::string whole = directory.text(at + kEntryBytes, name);
        checksums[whole.substr(whole.find('/') + 1)] = uint32_t(directory.number(at + 16, 4));
        at += kEntryBytes + name + size_t(directory.number(at + 30, 2)) + size_t(directory.number(at + 32, 2));
    }
    return checksums;
}

uint32_t crc32_of(const void *bytes, size_t count) {
    static const auto table = [] {
        std::array<std::array<uint32_t, 256>, 8> table{};
        for (uint32_t i = 0; i < 256; ++i) {
            uint32_t value = i;
            for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xEDB88320 : 0);
            table[0][i] = value;
        }
        for (uint32_t i = 0; i < 256; ++i)
            for (size_t step = 1; step < 8; ++step) table[step][i] = table[step - 1][i] >> 8 ^ table[0][table[step - 1][i] & 0xFF];
        return table;
    }();
    const auto *at = static_cast<const uint8_t *>(bytes);
    uint32_t crc = ~uint32_t(0);
    // Eight bytes at a time ("slicing by 8"): a model has a hundred million.
    for (; count >= 8; count -= 8, at += 8) {
        crc ^= uint32_t(at[0]) | uint32_t(at[1]) << 8 | uint32_t(at[2]) << 16 | uint32_t(at[3]) << 24;
        crc = table[7][crc & 0xFF] ^ table[6][crc >> 8 & 0xFF] ^ table[5][crc >> 16 & 0xFF] ^ table[4][crc >> 24] ^
            table[3][at[4]] ^ table[2][at[5]] ^ table[1][at[6]] ^ table[0][at[7]];
    }
    for (; count > 0; --count, ++at) crc = crc >> 8 ^ table[0][(crc ^ *at) & 0xFF];
    return ~crc;
}

}  // namespace opnilog
