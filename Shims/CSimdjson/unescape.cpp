// Unescaping of JSON strings, forward only, so that a string may be unescaped where it stands.

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "opnilog_simdjson.h"

namespace {

constexpr uint32_t not_hex = UINT32_MAX;

uint32_t hex4(const char *text) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char digit = text[i];
        uint32_t nibble;
        if (digit >= '0' && digit <= '9') {
            nibble = uint32_t(digit - '0');
        } else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f') {
            nibble = uint32_t((digit | 0x20) - 'a') + 10;
        } else {
            return not_hex;
        }
        value = value << 4 | nibble;
    }
    return value;
}

char *put_utf8(char *target, uint32_t code) {
    if (code < 0x80) {
        *target++ = char(code);
    } else if (code < 0x800) {
        *target++ = char(0xC0 | code >> 6);
        *target++ = char(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *target++ = char(0xE0 | code >> 12);
        *target++ = char(0x80 | (code >> 6 & 0x3F));
        *target++ = char(0x80 | (code & 0x3F));
    } else {
        *target++ = char(0xF0 | code >> 18);
        *target++ = char(0x80 | (code >> 12 & 0x3F));
        *target++ = char(0x80 | (code >> 6 & 0x3F));
        *target++ = char(0x80 | (code & 0x3F));
    }
    return target;
}

/// The character that a one-letter escape stands for, 0 if there is none.
char simple_escape(char letter) {
    switch (letter) {
    case '"': case '\\': case '/': return letter;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
    }
}

/// Reads \uXXXX, with its second half if it is a pair, at `source`; false if it is none. Both pointers move on.
bool unicode_escape(const char *&source, const char *end, char *&target, size_t &replaced) {
    if (end - source < 6) { return false; }
    uint32_t code = hex4(source + 2);
    if (code == not_hex) { return false; }
    source += 6;
    if (code >= 0xD800 && code < 0xE000) {
        uint32_t low = not_hex;
        if (code < 0xDC00 && end - source >= 6 && source[0] == '\\' && source[1] == 'u') { low = hex4(source + 2); }
        if (low >= 0xDC00 && low < 0xE000) {
            source += 6;
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        } else {
            code = 0xFFFD;
            replaced++;
        }
    }
    target = put_utf8(target, code);
    return true;
}

/// Reads the escape at `source`; false if it is wrong. Both pointers move on.
bool escape(const char *&source, const char *end, char *&target, size_t &replaced) {
    if (end - source < 2) { return false; }
    if (source[1] == 'u') { return unicode_escape(source, end, target, replaced); }
    char character = simple_escape(source[1]);
    if (!character) { return false; }
    *target++ = character;
    source += 2;
    return true;
}

size_t unescape(const char *source, size_t length, char *target, size_t &replaced) {
    const char *end = source + length;
    char *begin = target;
    while (source < end) {
        auto next = static_cast<const char *>(std::memchr(source, '\\', size_t(end - source)));
        size_t plain = size_t((next ? next : end) - source);
        if (target != source) { std::memmove(target, source, plain); }
        target += plain;
        source += plain;
        if (next && !escape(source, end, target, replaced)) { return SIZE_MAX; }
    }
    return size_t(target - begin);
}

#if defined(__x86_64__)
#define OPNILOG_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi2")))

/// What the letter of an escape becomes, by its low seven bits; 0 for what needs a closer look.
struct Letters {
    char becomes[128] = {};
    constexpr Letters() {
        becomes['"'] = '"';
        becomes['\\'] = '\\';
        becomes['/'] = '/';
        becomes['b'] = '\b';
        becomes['f'] = '\f';
        becomes['n'] = '\n';
        becomes['r'] = '\r';
        becomes['t'] = '\t';
    }
};
alignas(64) constexpr Letters letters;

/// The bits of `backslashes` that begin an escape, where the first byte is not itself escaped: every other one of a run.
inline uint64_t escape_starts(uint64_t backslashes) {
    if ((backslashes & backslashes << 1) == 0) { return backslashes; }
    uint64_t starts = 0;
    while (backslashes) {
        uint64_t first = backslashes & -backslashes;
        starts |= first;
        backslashes &= ~(first | first << 1);
    }
    return starts;
}

/// 64 bytes at a time: the letters of all escapes are exchanged at once, then the backslashes squeezed out, also where there
/// are none, since whether there are any can hardly be foreseen. Every block is in a register before anything of it is
/// written, so the target may be the source.
OPNILOG_AVX512 size_t unescape_avx512(const char *source, size_t length, char *target, size_t &replaced) {
    const __m512i low = _mm512_load_si512(letters.becomes), high = _mm512_load_si512(letters.becomes + 64);
    const char *end = source + length;
    char *begin = target;
    uint64_t is_letter_first = 0;  // 1: the block before ended with the backslash of an escape
    while (source < end) {
        size_t room = size_t(end - source) < 64 ? size_t(end - source) : 64;
        uint64_t inside = ~uint64_t(0) >> (64 - room);
        __m512i block = _mm512_maskz_loadu_epi8(inside, source);
        uint64_t backslashes = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\\'));
        uint64_t starts = escape_starts(backslashes & ~is_letter_first);
        uint64_t escaped = starts << 1 | is_letter_first;
        // Of a last block that ends with a backslash the letter is missing, which shows below.
        is_letter_first = starts >> 63;
        __m512i exchanged = _mm512_permutex2var_epi8(low, block, high);
        uint64_t unknown = _mm512_mask_testn_epi8_mask(escaped, exchanged, exchanged)
            | (_mm512_movepi8_mask(block) & escaped);
        uint64_t kept = inside & ~starts;
        if (unknown) {
            // What stands before that escape first.
            room = size_t(__builtin_ctzll(unknown));
            kept &= (uint64_t(1) << room) - 1;
        }
        block = _mm512_maskz_compress_epi8(kept, _mm512_mask_mov_epi8(block, escaped, exchanged));
        size_t count = size_t(__builtin_popcountll(kept));
        _mm512_mask_storeu_epi8(target, _bzhi_u64(~uint64_t(0), unsigned(count)), block);
        source += room;
        target += count;
        if (unknown) {
            source--;
            is_letter_first = 0;
            if (!escape(source, end, target, replaced)) { return SIZE_MAX; }
        }
    }
    return is_letter_first ? SIZE_MAX : size_t(target - begin);
}

const bool has_avx512 = __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512vbmi")
    && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#endif

}  // namespace

extern "C" size_t opnilog_json_unescape(const char *source, size_t length, char *target, size_t *replaced) {
#if defined(__x86_64__)
    if (has_avx512) { return unescape_avx512(source, length, target, *replaced); }
#endif
    return unescape(source, length, target, *replaced);
}

extern "C" size_t opnilog_json_unescape_portably(
    const char *source, size_t length, char *target, size_t *replaced) {
    return unescape(source, length, target, *replaced);
}
