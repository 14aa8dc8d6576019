#pragma once

// What the files of this shim share: the parser, the fields it looks for, and how simdjson's codes become ours.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cursor.h"
#include "opnilog_simdjson.h"
#include "shape.h"

namespace opnilog {

enum class Kind { missing, strings, scalars, other };

/// A value found: its tokens stand in the parser's list. A string is one token, an array of scalars several.
struct Found {
    Kind kind = Kind::missing;
    size_t first = 0, count = 0;
};

/// A field that is looked for, by its literal name at the top level and by the path that its dots name.
struct Target {
    std::string name;
    std::vector<std::string> path;  // empty when the name has no dot
    bool literal_seen = false;
    Found by_name, by_path;

    void set_name(std::string_view text);
    void clear() { literal_seen = false; by_name = Found(); by_path = Found(); }
    const Found &found() const { return literal_seen ? by_name : by_path; }
};

}  // namespace opnilog

struct opnilog_json_parser {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> json;  // the first stage alone is used
    opnilog::Target targets[2];  // the message, the time
    unsigned wanted = 1;         // a bit a target
    bool raw_source = false;     // of a hit: its `_source` as it stands instead of a field
    std::vector<std::string_view> tokens;
    std::vector<opnilog_json_text> times;
    std::vector<opnilog_json_hit> hits;
    opnilog::Shape shape;
    std::string unescaped;
};

namespace opnilog {

/// Lists what stands where in a text, which must not be empty.
simdjson::error_code list(opnilog_json_parser &parser, const char *text, size_t length);
/// The start of a text that was listed.
inline Cursor start(const opnilog_json_parser &parser, const char *text) {
    return {text, parser.json->structural_indexes.get(), parser.json->n_structural_indexes};
}
/// The rest of is_key, where the key has an escape.
bool is_escaped_key(const char *raw, std::string_view wanted);
/// Whether a key as it stands in the text, up to its closing quote, is `wanted`.
inline bool is_key(const char *raw, std::string_view wanted) {
    size_t i = 0;
    while (i < wanted.size() && raw[i] == wanted[i]) { i++; }
    if (raw[i] == '"') { return i == wanted.size(); }
    return raw[i] == '\\' && is_escaped_key(raw, wanted);
}
/// Looks for the targets in an object. `strict`: everything else in it is checked to be JSON, too.
simdjson::error_code find_fields(opnilog_json_parser &parser, Cursor &object, bool strict);
/// Steps over a value and checks that it is JSON throughout.
simdjson::error_code check(Cursor &value, unsigned depth);
opnilog_json_status status_of(simdjson::error_code error);
/// Whether a token is a string: nothing but blanks may stand behind it.
inline bool is_quoted(std::string_view text) { return text.size() >= 2 && text.front() == '"' && text.back() == '"'; }
/// What a found value is as a message.
opnilog_json_outcome outcome_of(const Found &found);
/// Joins the strings of a found value by one space at `target`; SIZE_MAX if an escape is wrong.
size_t join(const opnilog_json_parser &parser, const Found &found, char *target, size_t &replaced);

}  // namespace opnilog
