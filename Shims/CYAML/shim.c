#include "opnilog_yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct opnilog_yaml_parser {
    yaml_parser_t parser;
    yaml_event_t event;
    bool holds_event;
    bool has_ended;
    opnilog_yaml_event last;
};

opnilog_yaml_parser *opnilog_yaml_open(const char *text, size_t length) {
    opnilog_yaml_parser *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    if (!yaml_parser_initialize(&self->parser)) {
        free(self);
        return NULL;
    }
    yaml_parser_set_input_string(&self->parser, (const unsigned char *)text, length);
    return self;
}

void opnilog_yaml_close(opnilog_yaml_parser *self) {
    if (self == NULL) return;
    if (self->holds_event) yaml_event_delete(&self->event);
    yaml_parser_delete(&self->parser);
    free(self);
}

static opnilog_yaml_event failure(const yaml_parser_t *parser) {
    const char *reason = parser->problem != NULL ? parser->problem : "out of memory";
    // Errors of the reader (bad UTF-8, control characters) carry an offset but no mark: count up to where it stopped.
    opnilog_yaml_event event = {
        .kind = OPNILOG_YAML_ERROR,
        .line = (parser->error == YAML_READER_ERROR ? parser->mark.line : parser->problem_mark.line) + 1,
        .text = reason,
        .length = strlen(reason),
    };
    return event;
}

/// Fills `*event` from libyaml's; false for events that a reader of settings has no use for.
static bool translate(const yaml_event_t *from, opnilog_yaml_event *event) {
    memset(event, 0, sizeof *event);
    event->line = from->start_mark.line + 1;
    switch (from->type) {
    case YAML_SCALAR_EVENT:
        event->kind = OPNILOG_YAML_SCALAR;
        event->text = (const char *)from->data.scalar.value;
        event->length = from->data.scalar.length;
        event->is_plain = from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        return true;
    case YAML_SEQUENCE_START_EVENT: event->kind = OPNILOG_YAML_SEQUENCE_START; return true;
    case YAML_SEQUENCE_END_EVENT: event->kind = OPNILOG_YAML_SEQUENCE_END; return true;
    case YAML_MAPPING_START_EVENT: event->kind = OPNILOG_YAML_MAPPING_START; return true;
    case YAML_MAPPING_END_EVENT: event->kind = OPNILOG_YAML_MAPPING_END; return true;
    case YAML_ALIAS_EVENT: event->kind = OPNILOG_YAML_ALIAS; return true;
    case YAML_DOCUMENT_END_EVENT: event->kind = OPNILOG_YAML_DOCUMENT_END; return true;
    case YAML_STREAM_END_EVENT: event->kind = OPNILOG_YAML_STREAM_END; return true;
    default: return false;
    }
}

void opnilog_yaml_next(opnilog_yaml_parser *self, opnilog_yaml_event *ret_event) {
    while (!self->has_ended) {
        if (self->holds_event) yaml_event_delete(&self->event);
        self->holds_event = yaml_parser_parse(&self->parser, &self->event) != 0;
        if (!self->holds_event) {
            self->last = failure(&self->parser);
            self->has_ended = true;
        } else if (translate(&self->event, &self->last)) {
            self->has_ended = self->last.kind == OPNILOG_YAML_STREAM_END;
            break;
        }
    }
    *ret_event = self->last;
}
