// Unescaping of JSON strings, forward only, so that a string may be unescaped where it stands.

#include <cstring>

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

/// Reads \uXXXX, with its second half if it is a pair, at `source`; null if it is none. Both pointers move on.
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

}  // namespace

extern "C" size_t opnilog_json_unescape(const char *source, size_t length, char *target, size_t *replaced) {
    const char *end = source + length;
    char *begin = target;
    while (source < end) {
        auto escape = static_cast<const char *>(std::memchr(source, '\\', size_t(end - source)));
        size_t plain = size_t((escape ? escape : end) - source);
        if (target != source) { std::memmove(target, source, plain); }
        target += plain;
        source += plain;
        if (!escape) { break; }
        if (end - source < 2) { return SIZE_MAX; }
        if (source[1] == 'u') {
            if (!unicode_escape(source, end, target, *replaced)) { return SIZE_MAX; }
        } else {
            char character = simple_escape(source[1]);
            if (!character) { return SIZE_MAX; }
            *target++ = character;
            source += 2;
        }
    }
    return size_t(target - begin);
}
