// Whether a value that nobody looks at is JSON: On-Demand skips such values by their brackets alone.

#include "parser.h"

namespace opnilog {

using simdjson::error_code;
using simdjson::SUCCESS;

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

error_code check(ondemand::value value, unsigned depth) {
    std::string_view text = token(value);
    if (text.empty()) { return simdjson::TAPE_ERROR; }
    switch (text.front()) {
    case '"': return is_string(text) ? SUCCESS : simdjson::STRING_ERROR;
    case 't': return text == "true" ? SUCCESS : simdjson::T_ATOM_ERROR;
    case 'f': return text == "false" ? SUCCESS : simdjson::F_ATOM_ERROR;
    case 'n': return text == "null" ? SUCCESS : simdjson::N_ATOM_ERROR;
    case '{':
    case '[': break;
    default: return is_number(text) ? SUCCESS : simdjson::NUMBER_ERROR;
    }
    if (depth == deepest) { return SUCCESS; }
    if (text.front() == '[') {
        ondemand::array array;
        if (auto error = value.get_array().get(array)) { return error; }
        for (auto item : array) {
            ondemand::value element;
            if (auto error = std::move(item).get(element)) { return error; }
            if (auto error = check(element, depth + 1)) { return error; }
        }
        return SUCCESS;
    }
    ondemand::object object;
    if (auto error = value.get_object().get(object)) { return error; }
    for (auto item : object) {
        ondemand::field field;
        if (auto error = std::move(item).get(field)) { return error; }
        if (auto error = check(field.value(), depth + 1)) { return error; }
    }
    return SUCCESS;
}

}  // namespace opnilog
