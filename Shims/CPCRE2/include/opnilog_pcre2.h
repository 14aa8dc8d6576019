// Operators' own patterns over PCRE2: UTF-8, Unicode classes, compiled to machine code where the processor allows it.
#ifndef OPNILOG_PCRE2_H
#define OPNILOG_PCRE2_H

#include <stddef.h>
#include <stdint.h>

/// A compiled pattern. Any number of threads may match with it at once.
typedef struct opnilog_pattern opnilog_pattern;

/// What one thread matches with.
typedef struct opnilog_matcher opnilog_matcher;

/// Why a pattern was refused.
typedef struct {
    /// PCRE2's text, ended by NUL.
    char message[256];
    /// Bytes of the pattern before the fault.
    size_t offset;
} opnilog_pattern_fault;

typedef enum {
    opnilog_match_found = 1,
    opnilog_match_none = 0,
    /// The limits were reached first: nobody knows whether there is one.
    opnilog_match_gave_up = -1,
} opnilog_match_result;

/// Compiles `length` bytes of UTF-8; NULL, with `*ret_fault` filled, if they are no pattern. New reference: free it
/// with opnilog_pattern_free.
opnilog_pattern *_Nullable opnilog_pattern_compile(
    const uint8_t *_Nonnull text, size_t length, opnilog_pattern_fault *_Nonnull ret_fault);

/// Frees a pattern; accepts NULL.
void opnilog_pattern_free(opnilog_pattern *_Nullable pattern);

/// A matcher that gives up after `steps` steps from one start of a match; NULL if there is no memory. New reference:
/// free it with opnilog_matcher_free.
opnilog_matcher *_Nullable opnilog_matcher_new(uint32_t steps);

/// Frees a matcher; accepts NULL.
void opnilog_matcher_free(opnilog_matcher *_Nullable matcher);

/// Finds the leftmost match at or after `from`, which begins a character, in `length` bytes of valid UTF-8. A match of
/// no bytes is none.
opnilog_match_result opnilog_matcher_find(
    opnilog_matcher *_Nonnull matcher, const opnilog_pattern *_Nonnull pattern, const uint8_t *_Nonnull text,
    size_t length, size_t from, size_t *_Nonnull ret_start, size_t *_Nonnull ret_end);

#endif
