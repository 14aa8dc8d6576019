// Whether a value that nobody looks at is JSON: skipping such values counts their brackets alone.

#include "parser.h"

namespace opnilog {

namespace {

/// Deeper values are skipped by their brackets, so that a hostile line cannot exhaust the stack.
constexpr unsigned deepest = 500;

bool digit(char c) { return c >= '0' && c <= '9'; }

bool digits(std::string_view text, size_t &at) {
    size_t start = at;
    while (at < text.size() && digit(text[at])) { at++; }
    return at > start;
}

bool is_number(std::string_view text) {
    size_t at = text.substr(0, 1) == "-" ? 1 : 0;
    size_t start = at;
    if (!digits(text, at) || (text[start] == '0' && at > start + 1)) { return false; }
    if (at < text.size() && text[at] == '.') {
        at++;
        if (!digits(text, at)) { return false; }
    }
    if (at < text.size() && (text[at] | 0x20) == 'e') {
        at++;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) { at++; }
        if (!digits(text, at)) { return false; }
    }
    return at == text.size();
}

bool is_string(std::string_view text) {
    if (text.size() < 2 || text.back() != '"') { return false; }
    for (size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at)) {
        if (text[at + 1] != 'u') {
            if (std::string_view("\"\\/bfnrt").find(text[at + 1]) == std::string_view::npos) { return false; }
            at += 2;
            continue;
        }
        // The text is padded, so four bytes may be looked at wherever it ends.
        for (size_t i = at + 2; i < at + 6; i++) {
            char lower = char(text.data()[i] | 0x20);
            if (!digit(text.data()[i]) && (lower < 'a' || lower > 'f')) { return false; }
        }
        at += 6;
    }
    return true;
}

}  // namespace

error_code check(Cursor &value, unsigned depth) {
    std::string_view text = value.token();
    if (text.empty()) { return simdjson::TAPE_ERROR; }
    bool is_good = true;
    switch (text.front()) {
    case '{':
        if (depth == deepest) { return value.skip(); }
        return value.each_field([&](const char *, Cursor &inner) { return check(inner, depth + 1); });
    case '[':
        if (depth == deepest) { return value.skip(); }
        return value.each_element([&](Cursor &inner) { return check(inner, depth + 1); });
    case '"': is_good = is_string(text); break;
    case 't': is_good = text == "true"; break;
    case 'f': is_good = text == "false"; break;
    case 'n': is_good = text == "null"; break;
    default: is_good = is_number(text);
    }
    value.step();
    return is_good ? SUCCESS : simdjson::TAPE_ERROR;
}

}  // namespace opnilog
