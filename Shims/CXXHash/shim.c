#include "opnilog_xxhash.h"

#include <xxhash.h>

opnilog_hash128 opnilog_xxh3_128(const void *bytes, size_t length) {
    XXH128_hash_t hash = XXH3_128bits(bytes, length);
    return (opnilog_hash128){.high = hash.high64, .low = hash.low64};
}

opnilog_hash128 opnilog_xxh3_128_seeded(const void *bytes, size_t length, uint64_t seed) {
    XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, length, seed);
    return (opnilog_hash128){.high = hash.high64, .low = hash.low64};
}

uint64_t opnilog_xxh3_64(const void *bytes, size_t length) { return XXH3_64bits(bytes, length); }
