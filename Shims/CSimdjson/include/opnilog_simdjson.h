#pragma once

// simdjson's first stage, and a walk over what it lists, behind a C interface: one field (and a time) out of JSON
// objects, and the hits and the envelope of one page of a scroll. Strings are unescaped here rather than by simdjson,
// which refuses lone surrogates.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes that must be readable after every text given to a parser.
#define OPNILOG_JSON_PADDING 64

/// A parser and its buffers, reused from text to text. One thread at a time.
typedef struct opnilog_json_parser opnilog_json_parser;

/// Bytes that stand somewhere else.
typedef struct {
    const char *_Nullable start;  // borrowed
    size_t length;
} opnilog_json_text;

typedef enum {
    opnilog_json_ok = 0,
    opnilog_json_bad_utf8 = 1,   // repair a copy and parse that
    opnilog_json_malformed = 2,  // no JSON, or not of the shape asked for
    opnilog_json_too_large = 3,  // over 4 GiB
    opnilog_json_no_memory = 4,
} opnilog_json_status;

typedef enum {
    opnilog_json_message = 0,        // a string, or an array of strings joined by one space
    opnilog_json_field_missing = 1,  // absent, null or an empty array
    opnilog_json_other_type = 2,
} opnilog_json_outcome;

/// New parser for `field` (the literal key first, then the path that its dots name), and for `time_field` if its start
/// is not null. Where the start of `field` is null the message of a hit is its `_source` as it stands. The names are
/// copied. Null when there is no memory. Free with opnilog_json_parser_free.
opnilog_json_parser *_Nullable opnilog_json_parser_new(opnilog_json_text field, opnilog_json_text time_field);
void opnilog_json_parser_free(opnilog_json_parser *_Nullable parser);

/// What one object holds. All pointers are borrowed: from the object, or from the parser until its next call.
typedef struct {
    opnilog_json_outcome outcome;
    opnilog_json_text message;                 // unescaped UTF-8
    size_t replaced;                           // lone surrogates in the message, each now U+FFFD
    const opnilog_json_text *_Nullable times;  // tokens as they stand: strings with their quotes, numbers
    size_t time_count;
} opnilog_json_object;

/// Reads one object, checking all of it. The object itself stays as it is.
opnilog_json_status opnilog_json_parse_object(
    opnilog_json_parser *_Nonnull parser, const char *_Nonnull object, size_t length,
    opnilog_json_object *_Nonnull ret_object);

/// Where the strings of one hit stand, as offsets from the start of the page.
typedef struct {
    uint32_t index_offset, index_length;
    uint32_t id_offset, id_length;
    uint32_t message_offset, message_length;
    uint32_t routing_offset, routing_length;  // length 0 when the document has the default routing
    uint32_t outcome;  // opnilog_json_outcome
} opnilog_json_hit;

/// A page without its documents. Counts that the page does not hold are -1.
typedef struct {
    opnilog_json_text scroll_id;  // borrowed from the page; null when there is none
    opnilog_json_text failures;   // the JSON of _shards.failures; null when there is none
    int64_t shards_total, shards_successful, shards_failed;
    int64_t total;                // hits.total.value
    bool total_exact;             // hits.total.relation is "eq"
    int64_t clusters_skipped;     // _clusters.skipped, 0 where there are none
    bool timed_out;
    bool terminated_early;
    bool has_hits;                // hits.hits is there, if perhaps empty
    size_t replaced;              // lone surrogates in the messages, each now U+FFFD
    const opnilog_json_hit *_Nullable hits;  // borrowed from the parser until its next call
    size_t hit_count;
} opnilog_json_page;

/// Reads the answer to a search whole. Strings are unescaped **in place**: after opnilog_json_ok the page is no longer
/// JSON, after opnilog_json_bad_utf8 it is unchanged.
opnilog_json_status opnilog_json_parse_page(
    opnilog_json_parser *_Nonnull parser, char *_Nonnull page, size_t length, opnilog_json_page *_Nonnull ret_page);

/// Unescapes what stands between the quotes of a JSON string. `target` may be `source` itself; at least `length` bytes.
/// Returns the length of the result, or SIZE_MAX when an escape is wrong. Adds the lone surrogates to `replaced`.
size_t opnilog_json_unescape(
    const char *_Nonnull source, size_t length, char *_Nonnull target, size_t *_Nonnull replaced);
/// The same without the vector instructions that the processor may have; for tests.
size_t opnilog_json_unescape_portably(
    const char *_Nonnull source, size_t length, char *_Nonnull target, size_t *_Nonnull replaced);

#ifdef __cplusplus
}
#endif
