#pragma once

// What the files of this shim share: the parser, the fields it looks for, and how simdjson's codes become ours.

#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "opnilog_simdjson.h"

namespace opnilog {

namespace ondemand = simdjson::ondemand;

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
    opnilog::ondemand::parser json;
    opnilog::Target targets[2];  // the message, the time
    unsigned wanted = 1;         // a bit a target
    bool raw_source = false;     // of a hit: its `_source` as it stands instead of a field
    std::vector<std::string_view> tokens;
    std::vector<opnilog_json_text> times;
    std::vector<opnilog_json_hit> hits;
    /// Messages of a page that are arrays, by their hit.
    struct Joined { size_t hit; opnilog::Found found; };
    std::vector<Joined> joined;
    std::string unescaped;
};

namespace opnilog {

/// The token of a value without the blanks that follow it.
std::string_view token(ondemand::value value);
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
simdjson::error_code find_fields(opnilog_json_parser &parser, ondemand::object object, bool strict);
/// Checks that a value is JSON throughout.
simdjson::error_code check(ondemand::value value, unsigned depth);
/// Whether nothing follows what was read. (Version 3.0.1 has no at_end for documents.)
inline bool ended(ondemand::document &document) {
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}
opnilog_json_status status_of(simdjson::error_code error);
/// What a found value is as a message.
opnilog_json_outcome outcome_of(const Found &found);
/// Joins the strings of a found value by one space at `target`; SIZE_MAX if an escape is wrong.
size_t join(const opnilog_json_parser &parser, const Found &found, char *target, size_t &replaced);

}  // namespace opnilog
