#include "opnilog_pcre2.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct opnilog_pattern {
    pcre2_code *code;
};

struct opnilog_matcher {
    pcre2_match_data *data;
    pcre2_match_context *context;
};

/// Kibibytes of heap that one match may take.
enum { heap_limit = 4096 };

opnilog_pattern *opnilog_pattern_compile(const uint8_t *text, size_t length, opnilog_pattern_fault *ret_fault) {
    opnilog_pattern *self = calloc(1, sizeof *self);
    int error = 0;
    PCRE2_SIZE offset = 0;
    // \C would match a part of a character.
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
    if (self) self->code = pcre2_compile(text, length, options, &error, &offset, NULL);
    if (!self || !self->code) {
        ret_fault->message[0] = 0;
        pcre2_get_error_message(error ? error : PCRE2_ERROR_NOMEMORY, (PCRE2_UCHAR *)ret_fault->message, sizeof ret_fault->message);
        ret_fault->offset = offset;
        free(self);
        return NULL;
    }
    // Where it fails, the interpreter serves.
    pcre2_jit_compile(self->code, PCRE2_JIT_COMPLETE);
    return self;
}

void opnilog_pattern_free(opnilog_pattern *self) {
    if (!self) return;
    pcre2_code_free(self->code);
    free(self);
}

opnilog_matcher *opnilog_matcher_new(uint32_t steps) {
    opnilog_matcher *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->data = pcre2_match_data_create(1, NULL);
    self->context = pcre2_match_context_create(NULL);
    if (!self->data || !self->context) {
        opnilog_matcher_free(self);
        return NULL;
    }
    pcre2_set_match_limit(self->context, steps);
    pcre2_set_heap_limit(self->context, heap_limit);
    return self;
}

void opnilog_matcher_free(opnilog_matcher *self) {
    if (!self) return;
    pcre2_match_data_free(self->data);
    pcre2_match_context_free(self->context);
    free(self);
}

opnilog_match_result opnilog_matcher_find(
    opnilog_matcher *self, const opnilog_pattern *pattern, const uint8_t *text, size_t length, size_t from,
    size_t *ret_start, size_t *ret_end) {
    uint32_t options = PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY;
    int result = pcre2_match(pattern->code, text, length, from, options, self->data, self->context);
    if (result == PCRE2_ERROR_NOMATCH) return opnilog_match_none;
    if (result < 0) return opnilog_match_gave_up;
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(self->data);
    *ret_start = ends[0];
    *ret_end = ends[1];
    // \K can put the start of a match behind its end.
    return ends[0] < from || ends[0] >= ends[1] ? opnilog_match_none : opnilog_match_found;
}
