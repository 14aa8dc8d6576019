#pragma once

#include <stdbool.h>
#include <stddef.h>

/// A parse of one YAML text, event by event, over libyaml.
typedef struct opnilog_yaml_parser opnilog_yaml_parser;

/// What an event is. Events of no use to a reader of settings (start of the stream, start of a document) are left out.
typedef enum {
    OPNILOG_YAML_SCALAR,
    OPNILOG_YAML_SEQUENCE_START,
    OPNILOG_YAML_SEQUENCE_END,
    OPNILOG_YAML_MAPPING_START,
    OPNILOG_YAML_MAPPING_END,
    OPNILOG_YAML_ALIAS,
    OPNILOG_YAML_DOCUMENT_END,
    OPNILOG_YAML_STREAM_END,
    /// The text is no YAML: `text` says why, `line` where.
    OPNILOG_YAML_ERROR
} opnilog_yaml_kind;

typedef struct {
    opnilog_yaml_kind kind;
    /// Where the event begins, from 1.
    size_t line;
    /// A scalar's value or an error's reason. Borrowed until the next call with the same parser.
    const char *_Nullable text;
    /// Bytes of `text`.
    size_t length;
    /// Whether a scalar stands without quotes and without a block mark, so that `~` and `null` mean nothing.
    bool is_plain;
} opnilog_yaml_event;

/// New parser over `length` bytes, which must outlive it; NULL if there is no memory. Free with opnilog_yaml_close.
opnilog_yaml_parser *_Nullable opnilog_yaml_open(const char *_Nonnull text, size_t length);

/// Writes the next event to `*ret_event`. After an error or the end of the stream, that event comes again.
void opnilog_yaml_next(opnilog_yaml_parser *_Nonnull parser, opnilog_yaml_event *_Nonnull ret_event);

/// Frees the parser; accepts NULL.
void opnilog_yaml_close(opnilog_yaml_parser *_Nullable parser);
