// The reading of a page, in one walk: a string that is wanted is unescaped where it stands as soon as it is met, while it is
// still in a cache. That moves only bytes of the string itself, so what stands behind it is found as before.

#include <charconv>
#include <cstring>

#include "parser.h"

using namespace opnilog;

namespace {

struct Page {
    opnilog_json_parser &parser;
    char *start;
    opnilog_json_page &page;
    /// Whether the message of the hit is one string as it stands: only then is its shape worth learning.
    bool is_plain = true;

    uint32_t offset(std::string_view text) const { return uint32_t(text.data() - start); }

    error_code unescape(uint32_t offset, uint32_t &length, size_t &replaced) const {
        size_t size = opnilog_json_unescape(start + offset, length, start + offset, &replaced);
        length = uint32_t(size);
        return size == SIZE_MAX ? simdjson::STRING_ERROR : SUCCESS;
    }

    /// Notes the inside of a string; anything else counts as absent.
    error_code note_name(std::string_view text, uint32_t &ret_offset, uint32_t &ret_length) const {
        if (!is_quoted(text)) { return SUCCESS; }
        ret_offset = offset(text) + 1;
        ret_length = uint32_t(text.size() - 2);
        // Hardly ever is anything escaped in a name.
        if (!std::memchr(start + ret_offset, '\\', ret_length)) { return SUCCESS; }
        size_t in_names = 0;
        return unescape(ret_offset, ret_length, in_names);
    }

    error_code read_name(Cursor &value, uint32_t &ret_offset, uint32_t &ret_length) const {
        std::string_view text = value.token();
        if (auto error = value.skip()) { return error; }
        return note_name(text, ret_offset, ret_length);
    }

    static error_code read_count(Cursor &value, int64_t &ret_count) {
        std::string_view text = value.token();
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ret_count);
        if (error != std::errc() || end != text.data() + text.size()) { return simdjson::NUMBER_ERROR; }
        return value.skip();
    }

    error_code read_message(std::string_view text, opnilog_json_hit &hit) const {
        hit.message_offset = offset(text) + 1;
        hit.message_length = uint32_t(text.size() - 2);
        return unescape(hit.message_offset, hit.message_length, page.replaced);
    }

    /// Notes the message: the field that is looked for, or the whole object.
    error_code read_source(Cursor &source, opnilog_json_hit &hit) {
        // Some documents were indexed with a byte order mark in front, and are shown with it.
        if (source.token() == "\xEF\xBB\xBF") {
            is_plain = false;
            source.step();
        }
        if (source.next() != '{') { return simdjson::INCORRECT_TYPE; }
        if (parser.raw_source) {
            is_plain = false;
            std::string_view text;
            if (auto error = source.skip(text)) { return error; }
            hit.message_offset = offset(text);
            hit.message_length = uint32_t(text.size());
            hit.outcome = opnilog_json_message;
            return SUCCESS;
        }
        parser.tokens.clear();
        if (auto error = find_fields(parser, source, false)) { return error; }
        const Found &found = parser.targets[0].found();
        hit.outcome = outcome_of(found);
        if (hit.outcome != opnilog_json_message) { return SUCCESS; }
        std::string_view text = parser.tokens[found.first];
        if (found.count == 1) { return read_message(text, hit); }
        is_plain = false;
        hit.message_offset = offset(text) + 1;
        size_t size = join(parser, found, start + hit.message_offset, page.replaced);
        hit.message_length = uint32_t(size);
        return size == SIZE_MAX ? simdjson::STRING_ERROR : SUCCESS;
    }

    /// A hit like the ones before it: its strings stand where theirs stood.
    error_code read_alike(Cursor &object) {
        const Shape &shape = parser.shape;
        opnilog_json_hit hit = {};
        hit.outcome = opnilog_json_message;
        std::string_view text = object.ahead(shape.index).token();
        if (auto error = note_name(text, hit.index_offset, hit.index_length)) { return error; }
        text = object.ahead(shape.id).token();
        if (auto error = note_name(text, hit.id_offset, hit.id_length)) { return error; }
        text = object.ahead(shape.message).token();
        if (!is_quoted(text)) { return simdjson::STRING_ERROR; }
        if (auto error = read_message(text, hit)) { return error; }
        object.step(shape.size());
        parser.hits.push_back(hit);
        return SUCCESS;
    }

    error_code read_hit(Cursor &object) {
        if (parser.shape.fits(start, object.rest(), object.last())) { return read_alike(object); }
        const uint32_t *first = object.rest();
        opnilog_json_hit hit = {};
        hit.outcome = opnilog_json_field_missing;
        is_plain = true;
        auto error = object.each_field([&](const char *key, Cursor &value) {
            if (is_key(key, "_source")) { return read_source(value, hit); }
            if (is_key(key, "_index")) { return read_name(value, hit.index_offset, hit.index_length); }
            if (is_key(key, "_id")) { return read_name(value, hit.id_offset, hit.id_length); }
            if (is_key(key, "_routing")) { return read_name(value, hit.routing_offset, hit.routing_length); }
            return value.skip();
        });
        if (error) { return error; }
        if (parser.shape.wants_another() && is_plain && hit.outcome == opnilog_json_message) {
            parser.shape.learn(start, first, object.rest(), hit);
        }
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

/// Walks a page that was listed.
error_code walk(Page &state) {
    Cursor object = opnilog::start(state.parser, state.start);
    if (auto error = state.read(object)) { return error; }
    return object.ended() ? SUCCESS : simdjson::TRAILING_CONTENT;
}

}  // namespace

extern "C" opnilog_json_status opnilog_json_parse_page(
    opnilog_json_parser *parser, char *text, size_t length, opnilog_json_page *ret_page) try {
    if (length >= UINT32_MAX) { return opnilog_json_too_large; }
    *ret_page = {};
    ret_page->shards_total = ret_page->shards_successful = ret_page->shards_failed = ret_page->total = -1;
    parser->hits.clear();
    if (auto error = list(*parser, text, length)) { return status_of(error); }
    Page state = {*parser, text, *ret_page};
    if (auto error = walk(state)) { return status_of(error); }
    ret_page->hits = parser->hits.data();
    ret_page->hit_count = parser->hits.size();
    return opnilog_json_ok;
} catch (...) { return opnilog_json_no_memory; }
