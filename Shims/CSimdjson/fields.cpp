// Looking for fields in an object: by literal name, by dotted path, the last of equal keys.

#include "parser.h"

namespace opnilog {

void Target::set_name(std::string_view text) {
    name = text;
    if (text.find('.') == std::string_view::npos) { return; }
    size_t start = 0;
    while (true) {
        size_t dot = text.find('.', start);
        path.emplace_back(text.substr(start, dot - start));
        if (dot == std::string_view::npos) { return; }
        start = dot + 1;
    }
}

bool is_escaped_key(const char *raw, std::string_view wanted) {
    // Seldom enough for a copy.
    size_t length = 0;
    while (raw[length] != '"') { length += raw[length] == '\\' ? 2 : 1; }
    std::string key(raw, length);
    size_t replaced = 0;
    size_t unescaped = opnilog_json_unescape(key.data(), length, key.data(), &replaced);
    return unescaped == wanted.size() && wanted == std::string_view(key.data(), unescaped);
}

namespace {

error_code step_over(Cursor &value, bool strict) { return strict ? check(value, 0) : value.skip(); }

error_code read_array(opnilog_json_parser &parser, Cursor &array, bool strict, Found &found) {
    found = {Kind::missing, parser.tokens.size(), 0};
    return array.each_element([&](Cursor &element) {
        std::string_view text = element.token();
        if (text.empty()) { return simdjson::TAPE_ERROR; }
        bool nested = text.front() == '{' || text.front() == '[' || text.front() == 'n';
        if (nested) {
            found.kind = Kind::other;
        } else if (found.kind != Kind::other) {
            bool string = is_quoted(text);
            found.kind = string && found.kind != Kind::scalars ? Kind::strings : Kind::scalars;
        }
        parser.tokens.push_back(text);
        found.count++;
        return step_over(element, strict);
    });
}

/// Takes in the value of a field that is looked for, whatever its type, and steps over it.
error_code read_value(opnilog_json_parser &parser, Cursor &value, bool strict, Found &found) {
    std::string_view text = value.token();
    if (text.empty()) { return simdjson::TAPE_ERROR; }
    switch (text.front()) {
    case '[': return read_array(parser, value, strict, found);
    case '{': found = {Kind::other, 0, 0}; break;
    case 'n': found = {Kind::missing, 0, 0}; break;
    case '"':
        if (!is_quoted(text)) { return simdjson::STRING_ERROR; }
        found = {Kind::strings, parser.tokens.size(), 1};
        parser.tokens.push_back(text);
        break;
    default:
        found = {Kind::scalars, parser.tokens.size(), 1};
        parser.tokens.push_back(text);
    }
    return step_over(value, strict);
}

/// What a key means to the targets: a bit a target.
struct Match {
    unsigned by_name = 0, by_path = 0, deeper = 0;
};

Match match(const opnilog_json_parser &parser, const char *key, size_t depth, unsigned active) {
    Match match;
    for (unsigned i = 0; i < 2; i++) {
        unsigned bit = 1u << i;
        if (!(parser.wanted & bit)) { continue; }
        const Target &target = parser.targets[i];
        if (depth == 0 && is_key(key, target.name)) { match.by_name |= bit; }
        if (!(active & bit) || depth >= target.path.size() || !is_key(key, target.path[depth])) { continue; }
        (depth + 1 == target.path.size() ? match.by_path : match.deeper) |= bit;
    }
    return match;
}

error_code walk(opnilog_json_parser &parser, Cursor &object, size_t depth, unsigned active, bool strict) {
    return object.each_field([&](const char *key, Cursor &value) {
        Match hit = match(parser, key, depth, active);
        if (!(hit.by_name | hit.by_path | hit.deeper)) { return step_over(value, strict); }
        Found found;
        for (unsigned i = 0; i < 2; i++) {
            if (hit.deeper >> i & 1) { parser.targets[i].by_path = Found(); }
        }
        // An object on a path has no value of its own, so what else it is looked for as would be "other" anyway.
        if (hit.deeper && value.next() == '{') {
            if (auto error = walk(parser, value, depth + 1, hit.deeper, strict)) { return error; }
            found.kind = Kind::other;
        } else if (auto error = read_value(parser, value, strict, found)) {
            return error;
        }
        for (unsigned i = 0; i < 2; i++) {
            Target &target = parser.targets[i];
            if (hit.by_name >> i & 1) { target.literal_seen = true; target.by_name = found; }
            if (hit.by_path >> i & 1) { target.by_path = found; }
        }
        return SUCCESS;
    });
}

}  // namespace

error_code find_fields(opnilog_json_parser &parser, Cursor &object, bool strict) {
    for (Target &target : parser.targets) { target.clear(); }
    return walk(parser, object, 0, 3, strict);
}

opnilog_json_outcome outcome_of(const Found &found) {
    switch (found.kind) {
    case Kind::missing: return opnilog_json_field_missing;
    case Kind::strings: return opnilog_json_message;
    default: return opnilog_json_other_type;
    }
}

size_t join(const opnilog_json_parser &parser, const Found &found, char *target, size_t &replaced) {
    char *begin = target;
    for (size_t i = 0; i < found.count; i++) {
        std::string_view text = parser.tokens[found.first + i];
        if (i > 0) { *target++ = ' '; }
        size_t length = opnilog_json_unescape(text.data() + 1, text.size() - 2, target, &replaced);
        if (length == SIZE_MAX) { return SIZE_MAX; }
        target += length;
    }
    return size_t(target - begin);
}

}  // namespace opnilog
