#include "opnilog_bytes.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { words_per_block = OPNILOG_BYTES_WORDS, not_ascii = OPNILOG_BYTES_NOT_ASCII };

opnilog_bytes_level opnilog_bytes_best(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw")) return opnilog_bytes_avx512;
    if (__builtin_cpu_supports("avx2")) return opnilog_bytes_avx2;
#endif
    return opnilog_bytes_scalar;
}

void opnilog_byte_classes_fill(
    opnilog_byte_classes *classes, const uint16_t *members, uint32_t count, opnilog_bytes_level level) {
    memset(classes, 0, sizeof *classes);
    classes->count = count < not_ascii ? count : not_ascii;
    classes->level = level;
    for (int byte = 0; byte < 128; byte++) {
        classes->low[byte] = (uint8_t)members[byte];
        classes->high[byte] = (uint8_t)(members[byte] >> 8);
        for (uint32_t class = 0; class < classes->count; class++)
            if (members[byte] >> class & 1) classes->rows[class][byte & 15] |= (uint8_t)(1 << (byte >> 4));
    }
}

static uint16_t seen_in(const uint64_t *seen) {
    uint16_t bits = 0;
    for (int word = 0; word < words_per_block; word++) bits |= (uint16_t)((seen[word] != 0) << word);
    return bits;
}

static uint16_t scalar(const opnilog_byte_classes *classes, const uint8_t *text, size_t blocks, uint64_t *words) {
    uint64_t seen[words_per_block] = {0};
    for (size_t block = 0; block < blocks; block++, text += 64, words += words_per_block) {
        memset(words, 0, words_per_block * sizeof *words);
        for (int index = 0; index < 64; index++) {
            uint8_t byte = text[index];
            unsigned bits = byte < 128 ? classes->low[byte] | (unsigned)classes->high[byte] << 8 : 1u << not_ascii;
            for (; bits; bits &= bits - 1) words[__builtin_ctz(bits)] |= (uint64_t)1 << index;
        }
        for (int word = 0; word < words_per_block; word++) seen[word] |= words[word];
    }
    return seen_in(seen);
}

#if defined(__x86_64__)
// A byte is in a class if the row of its lower half has the bit of its upper half. The shuffle itself gives no row for
// bytes from 0x80 on.
__attribute__((target("avx2"))) static uint16_t avx2(
    const opnilog_byte_classes *classes, const uint8_t *text, size_t blocks, uint64_t *words) {
    const __m256i upper_bits = _mm256_setr_epi8(
        1, 2, 4, 8, 16, 32, 64, -128, -1, -1, -1, -1, -1, -1, -1, -1,
        1, 2, 4, 8, 16, 32, 64, -128, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m256i half = _mm256_set1_epi8(15);
    uint64_t seen[words_per_block] = {0};
    for (size_t block = 0; block < blocks; block++, text += 64, words += words_per_block) {
        __m256i first = _mm256_loadu_si256((const __m256i *)text);
        __m256i second = _mm256_loadu_si256((const __m256i *)(text + 32));
        __m256i first_bit = _mm256_shuffle_epi8(upper_bits, _mm256_and_si256(_mm256_srli_epi16(first, 4), half));
        __m256i second_bit = _mm256_shuffle_epi8(upper_bits, _mm256_and_si256(_mm256_srli_epi16(second, 4), half));
        uint32_t class = 0;
        for (; class < classes->count; class++) {
            __m256i row = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)classes->rows[class]));
            __m256i first_row = _mm256_and_si256(_mm256_shuffle_epi8(row, first), first_bit);
            __m256i second_row = _mm256_and_si256(_mm256_shuffle_epi8(row, second), second_bit);
            uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(first_row, first_bit));
            uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(second_row, second_bit));
            words[class] = low | (uint64_t)high << 32;
            seen[class] |= words[class];
        }
        for (; class < not_ascii; class++) words[class] = 0;
        words[not_ascii] = (uint32_t)_mm256_movemask_epi8(first) | (uint64_t)(uint32_t)_mm256_movemask_epi8(second) << 32;
        seen[not_ascii] |= words[not_ascii];
    }
    return seen_in(seen);
}

// A byte looks its classes up in tables of 128 bytes.
__attribute__((target("avx512f,avx512bw,avx512vbmi"))) static uint16_t avx512(
    const opnilog_byte_classes *classes, const uint8_t *text, size_t blocks, uint64_t *words) {
    const __m512i low_0 = _mm512_loadu_si512(classes->low), low_1 = _mm512_loadu_si512(classes->low + 64);
    const __m512i high_0 = _mm512_loadu_si512(classes->high), high_1 = _mm512_loadu_si512(classes->high + 64);
    __m512i all = _mm512_setzero_si512(), all_high = all, all_bytes = all;
    for (size_t block = 0; block < blocks; block++, text += 64, words += words_per_block) {
        __m512i bytes = _mm512_loadu_si512(text);
        __mmask64 other = _mm512_movepi8_mask(bytes);
        __m512i low = _mm512_maskz_permutex2var_epi8(~other, low_0, bytes, low_1);
        __m512i high = _mm512_maskz_permutex2var_epi8(~other, high_0, bytes, high_1);
        all = _mm512_or_si512(all, low);
        all_high = _mm512_or_si512(all_high, high);
        all_bytes = _mm512_or_si512(all_bytes, bytes);
#pragma clang loop unroll(full)
        for (int class = 0; class < 8; class++) {
            __m512i bit = _mm512_set1_epi8((char)(1 << class));
            words[class] = _mm512_test_epi8_mask(low, bit);
            words[class + 8] = class + 8 == not_ascii ? other : _mm512_test_epi8_mask(high, bit);
        }
    }
    uint64_t parts[8];
    _mm512_storeu_si512(parts, all);
    uint64_t low_seen = parts[0] | parts[1] | parts[2] | parts[3] | parts[4] | parts[5] | parts[6] | parts[7];
    _mm512_storeu_si512(parts, all_high);
    uint64_t high_seen = parts[0] | parts[1] | parts[2] | parts[3] | parts[4] | parts[5] | parts[6] | parts[7];
    for (int shift = 32; shift >= 8; shift /= 2) {
        low_seen |= low_seen >> shift;
        high_seen |= high_seen >> shift;
    }
    unsigned seen = (uint8_t)low_seen | (unsigned)(uint8_t)high_seen << 8;
    if (_mm512_movepi8_mask(all_bytes)) seen |= 1u << not_ascii;
    return (uint16_t)seen;
}
#endif

uint16_t opnilog_bytes_classify(
    const opnilog_byte_classes *classes, const uint8_t *text, size_t blocks, uint64_t *words) {
#if defined(__x86_64__)
    if (classes->level == opnilog_bytes_avx512) return avx512(classes, text, blocks, words);
    if (classes->level == opnilog_bytes_avx2) return avx2(classes, text, blocks, words);
#endif
    return scalar(classes, text, blocks, words);
}

void opnilog_bytes_lower(uint8_t *text, size_t count) {
    for (size_t index = 0; index < count; index++) {
        uint8_t byte = text[index];
        text[index] = (uint8_t)(byte + ((uint8_t)(byte - 'A') < 26 ? 'a' - 'A' : 0));
    }
}
