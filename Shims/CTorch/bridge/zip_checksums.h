#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace opnilog {

/// The CRC-32 of each record of a zip, as its central directory has them, by the record's name without the archive's own,
/// which is the first part of it. libtorch's reader does not compare them.
std::map<std::string, uint32_t> read_checksums(const std::string &path);

uint32_t crc32_of(const void *bytes, size_t count);

}  // namespace opnilog
