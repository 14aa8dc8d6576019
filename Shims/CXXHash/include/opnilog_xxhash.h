#ifndef OPNILOG_XXHASH_H
#define OPNILOG_XXHASH_H

#include <stddef.h>
#include <stdint.h>

/// A 128-bit hash in two halves; `high` holds the most significant byte.
typedef struct {
    uint64_t high;
    uint64_t low;
} opnilog_hash128;

/// XXH3-128 with seed 0 of `length` bytes.
opnilog_hash128 opnilog_xxh3_128(const void *_Nullable bytes, size_t length);

/// Asks for a line of memory that will be looked at soon.
static inline void opnilog_prefetch(const void *_Nullable place) { __builtin_prefetch(place, 1); }

/// XXH3-128 with a seed.
opnilog_hash128 opnilog_xxh3_128_seeded(const void *_Nullable bytes, size_t length, uint64_t seed);

/// XXH3-64 with seed 0 of `length` bytes: the checksum of our blocks on disk.
uint64_t opnilog_xxh3_64(const void *_Nullable bytes, size_t length);

#endif
