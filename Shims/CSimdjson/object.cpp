// Parsers, and the reading of single objects.

#include <new>

#include "parser.h"

using namespace opnilog;

namespace opnilog {

opnilog_json_status status_of(error_code error) {
    switch (error) {
    case simdjson::SUCCESS: return opnilog_json_ok;
    case simdjson::UTF8_ERROR: return opnilog_json_bad_utf8;
    case simdjson::CAPACITY: return opnilog_json_too_large;
    case simdjson::MEMALLOC: return opnilog_json_no_memory;
    default: return opnilog_json_malformed;
    }
}

error_code list(opnilog_json_parser &parser, const char *text, size_t length) {
    if (length == 0) { return simdjson::EMPTY; }
    error_code error = SUCCESS;
    if (!parser.json) {
        // The depth is for the second stage, which is not used.
        error = simdjson::get_active_implementation()->create_dom_parser_implementation(length, 1, parser.json);
    } else if (parser.json->capacity() < length) {
        error = parser.json->set_capacity(length);
    }
    if (error) { return error; }
    return parser.json->stage1(reinterpret_cast<const uint8_t *>(text), length, simdjson::stage1_mode::regular);
}

}  // namespace opnilog

namespace {

error_code read_object(opnilog_json_parser &parser, const char *text, size_t length) {
    if (auto error = list(parser, text, length)) { return error; }
    Cursor object = start(parser, text);
    if (auto error = find_fields(parser, object, true)) { return error; }
    return object.ended() ? SUCCESS : simdjson::TRAILING_CONTENT;
}

opnilog_json_status give_message(opnilog_json_parser &parser, opnilog_json_object &object) {
    const Found &found = parser.targets[0].found();
    object.outcome = outcome_of(found);
    if (object.outcome != opnilog_json_message) { return opnilog_json_ok; }
    std::string_view only = parser.tokens[found.first];
    if (found.count == 1 && only.find('\\') == std::string_view::npos) {
        object.message = {only.data() + 1, only.size() - 2};
        return opnilog_json_ok;
    }
    size_t room = 0;
    for (size_t i = 0; i < found.count; i++) { room += parser.tokens[found.first + i].size(); }
    if (parser.unescaped.size() < room) { parser.unescaped.resize(room); }
    size_t size = join(parser, found, parser.unescaped.data(), object.replaced);
    if (size == SIZE_MAX) { return opnilog_json_malformed; }
    object.message = {parser.unescaped.data(), size};
    return opnilog_json_ok;
}

void give_times(opnilog_json_parser &parser, opnilog_json_object &object) {
    const Found &found = parser.targets[1].found();
    if (found.kind != Kind::strings && found.kind != Kind::scalars) { return; }
    parser.times.clear();
    for (size_t i = 0; i < found.count; i++) {
        std::string_view text = parser.tokens[found.first + i];
        parser.times.push_back({text.data(), text.size()});
    }
    object.times = parser.times.data();
    object.time_count = found.count;
}

}  // namespace

extern "C" opnilog_json_parser *opnilog_json_parser_new(opnilog_json_text field, opnilog_json_text time_field) {
    try {
        auto parser = new opnilog_json_parser();
        parser->raw_source = !field.start;
        parser->targets[0].set_name({field.start ? field.start : "", field.length});
        if (time_field.start) {
            parser->targets[1].set_name({time_field.start, time_field.length});
            parser->wanted = 3;
        }
        return parser;
    } catch (...) { return nullptr; }
}

extern "C" void opnilog_json_parser_free(opnilog_json_parser *parser) { delete parser; }

extern "C" opnilog_json_status opnilog_json_parse_object(
    opnilog_json_parser *parser, const char *text, size_t length, opnilog_json_object *ret_object) try {
    *ret_object = {};
    parser->tokens.clear();
    if (length >= 3 && std::string_view(text, 3) == "\xEF\xBB\xBF") { text += 3; length -= 3; }
    if (auto error = read_object(*parser, text, length)) { return status_of(error); }
    give_times(*parser, *ret_object);
    return give_message(*parser, *ret_object);
} catch (...) { return opnilog_json_no_memory; }
