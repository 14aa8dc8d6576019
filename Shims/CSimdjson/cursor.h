#pragma once

// A walk over a text by the list that simdjson's first stage makes of it: where every bracket, colon and comma stands,
// and where each string, number and word begins. Strings are closed, UTF-8 is good and nothing is said yet of the order
// of things: whoever walks says what must follow what.

#include <cstring>
#include <string_view>

#include <simdjson.h>

namespace opnilog {

using simdjson::error_code;
using simdjson::SUCCESS;

/// A place in the list. Copied freely: a copy stays where it is.
class Cursor {
    const char *text;
    const uint32_t *at, *end;  // of the list; `*end` is the length of the text

public:
    Cursor(const char *text, const uint32_t *list, size_t count) : text(text), at(list), end(list + count) {}

    bool ended() const { return at == end; }
    /// The character that is next, 0 at the end.
    char next() const { return ended() ? '\0' : text[*at]; }
    const char *start() const { return text + *at; }
    void step(size_t count = 1) { at += count; }
    /// The cursor so many places further on.
    Cursor ahead(size_t count) const { return {text, at + count, size_t(end - at) - count}; }
    /// The list from here on, and its end.
    const uint32_t *rest() const { return at; }
    const uint32_t *last() const { return end; }
    bool operator==(const Cursor &other) const { return at == other.at; }

    /// Steps over one character if it is the next.
    bool take(char character) {
        if (next() != character) { return false; }
        at++;
        return true;
    }

    /// The next thing up to what follows it: for a string, a number or a word all of it. Empty at the end.
    std::string_view token() const {
        if (ended()) { return {}; }
        const char *last = text + at[1];
        while (last > start() && static_cast<unsigned char>(last[-1]) <= ' ') { last--; }
        return {start(), size_t(last - start())};
    }

    /// Steps over a value, whatever is in it: only its brackets are counted. What begins no value is left.
    error_code skip() {
        switch (next()) {
        case '{':
        case '[': break;
        case '}':
        case ']':
        case ',':
        case ':':
        case '\0': return simdjson::TAPE_ERROR;
        default: at++; return SUCCESS;
        }
        for (size_t depth = 0; at < end; ) {
            char character = text[*at++];
            if (character == '{' || character == '[') { depth++; }
            if ((character == '}' || character == ']') && --depth == 0) { return SUCCESS; }
        }
        return simdjson::INCOMPLETE_ARRAY_OR_OBJECT;
    }

    /// Steps over a value and gives its text, without the blanks around it.
    error_code skip(std::string_view &ret_text) {
        std::string_view scalar = token();
        const char *first = start();
        bool is_scalar = next() != '{' && next() != '[';
        if (auto error = skip()) { return error; }
        ret_text = is_scalar ? scalar : std::string_view(first, size_t(text + at[-1] + 1 - first));
        return SUCCESS;
    }

    /// Steps over an object. `visit(key, value)` gets each key as it stands, behind its opening quote, and the place of
    /// its value, which it may step over or leave.
    template <typename Visit>
    error_code each_field(Visit visit) {
        if (!take('{')) { return simdjson::INCORRECT_TYPE; }
        if (take('}')) { return SUCCESS; }
        do {
            if (next() != '"') { return simdjson::TAPE_ERROR; }
            const char *key = start() + 1;
            at++;
            if (!take(':')) { return simdjson::TAPE_ERROR; }
            Cursor value = *this;
            if (error_code error = visit(key, *this)) { return error; }
            if (*this == value) {
                if (auto error = skip()) { return error; }
            }
        } while (take(','));
        return take('}') ? SUCCESS : simdjson::TAPE_ERROR;
    }

    /// Steps over an array; `visit(value)` gets the place of each element.
    template <typename Visit>
    error_code each_element(Visit visit) {
        if (!take('[')) { return simdjson::INCORRECT_TYPE; }
        if (take(']')) { return SUCCESS; }
        do {
            Cursor value = *this;
            if (error_code error = visit(*this)) { return error; }
            if (*this == value) {
                if (auto error = skip()) { return error; }
            }
        } while (take(','));
        return take(']') ? SUCCESS : simdjson::TAPE_ERROR;
    }
};

}  // namespace opnilog
