// The reading of a page: first all of it is walked and only noted where things stand, then strings are unescaped in
// place. So a page that turns out to be unreadable half-way is still what the server sent.

#include "parser.h"

using namespace opnilog;
using simdjson::error_code;
using simdjson::SUCCESS;

namespace {

/// Where the walk met a byte order mark in front of a document, as some were indexed.
constexpr error_code mark_met = simdjson::UNEXPECTED_ERROR;

struct Page {
    opnilog_json_parser &parser;
    const char *start;
    opnilog_json_page &page;

    uint32_t offset(std::string_view text) const { return uint32_t(text.data() - start); }

    /// Notes the inside of a string; anything else counts as absent.
    void note(ondemand::value value, uint32_t &offset_out, uint32_t &length_out) const {
        std::string_view text = token(value);
        if (text.size() < 2 || text.front() != '"' || text.back() != '"') { return; }
        offset_out = offset(text) + 1;
        length_out = uint32_t(text.size() - 2);
    }

    /// Notes where the message stands: the field that is looked for, or the whole object. Nearly always that is one
    /// token; the tokens of an array stay in the parser's list until they are joined.
    error_code read_source(ondemand::object source, opnilog_json_hit &hit) {
        if (parser.raw_source) {
            std::string_view text;
            if (auto error = source.raw_json().get(text)) { return error; }
            while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') { text.remove_suffix(1); }
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

    error_code read_hit(ondemand::object object) {
        opnilog_json_hit hit = {};
        hit.outcome = opnilog_json_field_missing;
        for (auto item : object) {
            ondemand::field field;
            if (auto error = std::move(item).get(field)) { return error; }
            const char *key = field.key().raw();
            if (is_key(key, "_source")) {
                if (token(field.value()).substr(0, 3) == "\xEF\xBB\xBF") { return mark_met; }
                ondemand::object source;
                if (auto error = field.value().get_object().get(source)) { return error; }
                if (auto error = read_source(source, hit)) { return error; }
            } else if (is_key(key, "_index")) {
                note(field.value(), hit.index_offset, hit.index_length);
            } else if (is_key(key, "_id")) {
                note(field.value(), hit.id_offset, hit.id_length);
            } else if (is_key(key, "_routing")) {
                note(field.value(), hit.routing_offset, hit.routing_length);
            }
        }
        parser.hits.push_back(hit);
        return SUCCESS;
    }

    error_code read_total(ondemand::value value) {
        ondemand::object total;
        if (auto error = value.get_object().get(total)) { return error; }
        for (auto item : total) {
            ondemand::field field;
            if (auto error = std::move(item).get(field)) { return error; }
            if (is_key(field.key().raw(), "value")) {
                if (auto error = field.value().get_int64().get(page.total)) { return error; }
            } else if (is_key(field.key().raw(), "relation")) {
                page.total_exact = token(field.value()) == "\"eq\"";
            }
        }
        return SUCCESS;
    }

    error_code read_hits(ondemand::value value) {
        ondemand::object hits;
        if (auto error = value.get_object().get(hits)) { return error; }
        for (auto item : hits) {
            ondemand::field field;
            if (auto error = std::move(item).get(field)) { return error; }
            const char *key = field.key().raw();
            if (is_key(key, "total")) {
                if (auto error = read_total(field.value())) { return error; }
            } else if (is_key(key, "hits")) {
                page.has_hits = true;
                ondemand::array array;
                if (auto error = field.value().get_array().get(array)) { return error; }
                for (auto element : array) {
                    ondemand::object hit;
                    if (auto error = element.get_object().get(hit)) { return error; }
                    if (auto error = read_hit(hit)) { return error; }
                }
            }
        }
        return SUCCESS;
    }

    error_code read_shards(ondemand::value value) {
        ondemand::object shards;
        if (auto error = value.get_object().get(shards)) { return error; }
        for (auto item : shards) {
            ondemand::field field;
            if (auto error = std::move(item).get(field)) { return error; }
            const char *key = field.key().raw();
            int64_t *count = is_key(key, "total") ? &page.shards_total
                : is_key(key, "successful") ? &page.shards_successful
                : is_key(key, "failed") ? &page.shards_failed : nullptr;
            if (count) {
                if (auto error = field.value().get_int64().get(*count)) { return error; }
            } else if (is_key(key, "failures")) {
                std::string_view text;
                ondemand::array failures;
                if (auto error = field.value().get_array().get(failures)) { return error; }
                if (auto error = failures.raw_json().get(text)) { return error; }
                page.failures = {text.data(), text.size()};
            }
        }
        return SUCCESS;
    }

    /// Of a search over remote clusters.
    error_code read_clusters(ondemand::value value) {
        ondemand::object clusters;
        if (auto error = value.get_object().get(clusters)) { return error; }
        for (auto item : clusters) {
            ondemand::field field;
            if (auto error = std::move(item).get(field)) { return error; }
            if (!is_key(field.key().raw(), "skipped")) { continue; }
            if (auto error = field.value().get_int64().get(page.clusters_skipped)) { return error; }
        }
        return SUCCESS;
    }

    error_code read(ondemand::object object) {
        for (auto item : object) {
            ondemand::field field;
            if (auto error = std::move(item).get(field)) { return error; }
            const char *key = field.key().raw();
            if (is_key(key, "_scroll_id")) {
                std::string_view text = token(field.value());
                if (text.size() > 2 && text.front() == '"') { page.scroll_id = {text.data() + 1, text.size() - 2}; }
            } else if (is_key(key, "timed_out")) {
                page.timed_out = token(field.value()) != "false";
            } else if (is_key(key, "terminated_early")) {
                page.terminated_early = token(field.value()) != "false";
            } else if (is_key(key, "_shards")) {
                if (auto error = read_shards(field.value())) { return error; }
            } else if (is_key(key, "_clusters")) {
                if (auto error = read_clusters(field.value())) { return error; }
            } else if (is_key(key, "hits")) {
                if (auto error = read_hits(field.value())) { return error; }
            }
        }
        return SUCCESS;
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
    ondemand::document document;
    if (auto error = parser.json.iterate(state.start, length, length + OPNILOG_JSON_PADDING).get(document)) {
        return error;
    }
    ondemand::object object;
    if (auto error = document.get_object().get(object)) { return error; }
    if (auto error = state.read(object)) { return error; }
    return ended(document) ? SUCCESS : simdjson::TRAILING_CONTENT;
}

bool unescape_in_place(char *page, uint32_t offset, uint32_t &length, size_t &replaced) {
    size_t size = opnilog_json_unescape(page + offset, length, page + offset, &replaced);
    length = uint32_t(size);
    return size != SIZE_MAX;
}

bool unescape_all(Page &state, char *page) {
    opnilog_json_parser &parser = state.parser;
    size_t in_names = 0;
    auto joined = parser.joined.begin();
    for (size_t i = 0; i < parser.hits.size(); i++) {
        opnilog_json_hit &hit = parser.hits[i];
        if (!unescape_in_place(page, hit.index_offset, hit.index_length, in_names)) { return false; }
        if (!unescape_in_place(page, hit.id_offset, hit.id_length, in_names)) { return false; }
        if (hit.routing_length > 0 && !unescape_in_place(page, hit.routing_offset, hit.routing_length, in_names)) {
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
