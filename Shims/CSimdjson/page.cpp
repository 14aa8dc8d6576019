// The reading of a page: first all of it is walked and only noted where things stand, then strings are unescaped in
// place. So a page that turns out to be unreadable half-way is still what the server sent.

#include <charconv>
#include <cstring>

#include "parser.h"

using namespace opnilog;

namespace {

/// Where the walk met a byte order mark in front of a document, as some were indexed.
constexpr error_code mark_met = simdjson::UNEXPECTED_ERROR;

struct Page {
    opnilog_json_parser &parser;
    const char *start;
    opnilog_json_page &page;

    uint32_t offset(std::string_view text) const { return uint32_t(text.data() - start); }

    /// Notes the inside of a string; anything else counts as absent.
    error_code note(Cursor &value, uint32_t &ret_offset, uint32_t &ret_length) const {
        std::string_view text = value.token();
        if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
            ret_offset = offset(text) + 1;
            ret_length = uint32_t(text.size() - 2);
        }
        return value.skip();
    }

    static error_code read_count(Cursor &value, int64_t &ret_count) {
        std::string_view text = value.token();
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ret_count);
        if (error != std::errc() || end != text.data() + text.size()) { return simdjson::NUMBER_ERROR; }
        return value.skip();
    }

    /// Notes where the message stands: the field that is looked for, or the whole object. Nearly always that is one
    /// token; the tokens of an array stay in the parser's list until they are joined.
    error_code read_source(Cursor &source, opnilog_json_hit &hit) {
        if (source.next() != '{') {
            return source.token().substr(0, 3) == "\xEF\xBB\xBF" ? mark_met : simdjson::INCORRECT_TYPE;
        }
        if (parser.raw_source) {
            std::string_view text;
            if (auto error = source.skip(text)) { return error; }
            hit.message_offset = offset(text);
            hit.message_length = uint32_t(text.size());
            hit.outcome = opnilog_json_message;
            return SUCCESS;
        }
        size_t mark = parser.tokens.size();
        if (auto error = find_fields(parser, source, false)) { return error; }
        const Found &found = parser.targets[0].found();
        hit.outcome = outcome_of(found);
        if (hit.outcome == opnilog_json_message) {
            std::string_view text = parser.tokens[found.first];
            hit.message_offset = offset(text) + 1;
            hit.message_length = uint32_t(text.size() - 2);
            if (found.count > 1) {
                parser.joined.push_back({parser.hits.size(), found});
                return SUCCESS;
            }
        }
        parser.tokens.resize(mark);
        return SUCCESS;
    }

    error_code read_hit(Cursor &object) {
        opnilog_json_hit hit = {};
        hit.outcome = opnilog_json_field_missing;
        auto error = object.each_field([&](const char *key, Cursor &value) {
            if (is_key(key, "_source")) { return read_source(value, hit); }
            if (is_key(key, "_index")) { return note(value, hit.index_offset, hit.index_length); }
            if (is_key(key, "_id")) { return note(value, hit.id_offset, hit.id_length); }
            if (is_key(key, "_routing")) { return note(value, hit.routing_offset, hit.routing_length); }
            return value.skip();
        });
        if (error) { return error; }
        parser.hits.push_back(hit);
        return SUCCESS;
    }

    error_code read_total(Cursor &total) {
        return total.each_field([&](const char *key, Cursor &value) {
            if (is_key(key, "value")) { return read_count(value, page.total); }
            if (is_key(key, "relation")) { page.total_exact = value.token() == "\"eq\""; }
            return SUCCESS;
        });
    }

    error_code read_hits(Cursor &hits) {
        return hits.each_field([&](const char *key, Cursor &value) {
            if (is_key(key, "total")) { return read_total(value); }
            if (!is_key(key, "hits")) { return SUCCESS; }
            page.has_hits = true;
            return value.each_element([&](Cursor &hit) { return read_hit(hit); });
        });
    }

    error_code read_shards(Cursor &shards) {
        return shards.each_field([&](const char *key, Cursor &value) {
            if (is_key(key, "total")) { return read_count(value, page.shards_total); }
            if (is_key(key, "successful")) { return read_count(value, page.shards_successful); }
            if (is_key(key, "failed")) { return read_count(value, page.shards_failed); }
            if (!is_key(key, "failures")) { return SUCCESS; }
            if (value.next() != '[') { return simdjson::INCORRECT_TYPE; }
            std::string_view text;
            if (auto error = value.skip(text)) { return error; }
            page.failures = {text.data(), text.size()};
            return SUCCESS;
        });
    }

    /// Of a search over remote clusters.
    error_code read_clusters(Cursor &clusters) {
        return clusters.each_field([&](const char *key, Cursor &value) {
            return is_key(key, "skipped") ? read_count(value, page.clusters_skipped) : SUCCESS;
        });
    }

    error_code read(Cursor &object) {
        return object.each_field([&](const char *key, Cursor &value) {
            if (is_key(key, "_shards")) { return read_shards(value); }
            if (is_key(key, "_clusters")) { return read_clusters(value); }
            if (is_key(key, "hits")) { return read_hits(value); }
            std::string_view text = value.token();
            if (is_key(key, "_scroll_id")) {
                if (text.size() > 2 && text.front() == '"') { page.scroll_id = {text.data() + 1, text.size() - 2}; }
            } else if (is_key(key, "timed_out")) {
                page.timed_out = text != "false";
            } else if (is_key(key, "terminated_early")) {
                page.terminated_early = text != "false";
            }
            return SUCCESS;
        });
    }
};

/// Blanks every byte order mark that stands outside of strings. Only a page that has one pays for the scan.
void blank_marks(char *page, size_t length) {
    bool inside = false;
    for (size_t i = 0; i < length; i++) {
        if (page[i] == '"') { inside = !inside; }
        if (inside && page[i] == '\\') { i++; }
        if (!inside && length - i >= 3 && std::string_view(page + i, 3) == "\xEF\xBB\xBF") {
            page[i] = page[i + 1] = page[i + 2] = ' ';
        }
    }
}

/// Walks the page, noting where everything stands.
error_code walk(Page &state, size_t length) {
    opnilog_json_parser &parser = state.parser;
    parser.tokens.clear();
    parser.hits.clear();
    parser.joined.clear();
    state.page = {};
    state.page.shards_total = state.page.shards_successful = state.page.shards_failed = state.page.total = -1;
    if (auto error = list(parser, state.start, length)) { return error; }
    Cursor object = opnilog::start(parser, state.start);
    if (auto error = state.read(object)) { return error; }
    return object.ended() ? SUCCESS : simdjson::TRAILING_CONTENT;
}

bool unescape_in_place(char *page, uint32_t offset, uint32_t &length, size_t &replaced) {
    size_t size = opnilog_json_unescape(page + offset, length, page + offset, &replaced);
    length = uint32_t(size);
    return size != SIZE_MAX;
}

/// For names, in which hardly ever anything is escaped.
bool unescape_name(char *page, uint32_t offset, uint32_t &length, size_t &replaced) {
    return !std::memchr(page + offset, '\\', length) || unescape_in_place(page, offset, length, replaced);
}

bool unescape_all(Page &state, char *page) {
    opnilog_json_parser &parser = state.parser;
    size_t in_names = 0;
    auto joined = parser.joined.begin();
    for (size_t i = 0; i < parser.hits.size(); i++) {
        opnilog_json_hit &hit = parser.hits[i];
        if (!unescape_name(page, hit.index_offset, hit.index_length, in_names)
            || !unescape_name(page, hit.id_offset, hit.id_length, in_names)
            || !unescape_name(page, hit.routing_offset, hit.routing_length, in_names)) {
            return false;
        }
        if (hit.outcome != opnilog_json_message || parser.raw_source) { continue; }
        if (joined != parser.joined.end() && joined->hit == i) {
            size_t size = join(parser, joined->found, page + hit.message_offset, state.page.replaced);
            if (size == SIZE_MAX) { return false; }
            hit.message_length = uint32_t(size);
            joined++;
        } else if (!unescape_in_place(page, hit.message_offset, hit.message_length, state.page.replaced)) {
            return false;
        }
    }
    return true;
}

}  // namespace

extern "C" opnilog_json_status opnilog_json_parse_page(
    opnilog_json_parser *parser, char *text, size_t length, opnilog_json_page *ret_page) try {
    if (length >= UINT32_MAX) { return opnilog_json_too_large; }
    Page state = {*parser, text, *ret_page};
    error_code error = walk(state, length);
    if (error == mark_met) {
        blank_marks(text, length);
        error = walk(state, length);
    }
    if (error) { return status_of(error); }
    if (!unescape_all(state, text)) { return opnilog_json_malformed; }
    ret_page->hits = parser->hits.data();
    ret_page->hit_count = parser->hits.size();
    return opnilog_json_ok;
} catch (...) { return opnilog_json_no_memory; }
