#ifndef OPNILOG_COMPRESSION_H
#define OPNILOG_COMPRESSION_H

#include <stddef.h>

/// A running decompression of one gzip (any number of members) or Zstandard (any number of frames) stream.
typedef struct opnilog_decompressor opnilog_decompressor;

typedef enum {
    OPNILOG_FORMAT_GZIP,
    OPNILOG_FORMAT_ZSTD,
} opnilog_compression_format;

typedef enum {
    /// More input is wanted, or more room for output.
    OPNILOG_DECOMPRESS_CONTINUE,
    /// A member or frame ended exactly at the consumed input: the stream may end here.
    OPNILOG_DECOMPRESS_BOUNDARY,
    /// The bytes are damaged; `*ret_error` says how.
    OPNILOG_DECOMPRESS_DAMAGED,
} opnilog_decompress_status;

/// New reference, or null when memory is short; released by `opnilog_decompressor_free`.
opnilog_decompressor *_Nullable opnilog_decompressor_new(opnilog_compression_format format);

/// Decompresses from `input` into `output`; both may be used in part. `*ret_error` is borrowed, static text.
opnilog_decompress_status opnilog_decompressor_step(opnilog_decompressor *_Nonnull decompressor,
                                                    const void *_Nonnull input, size_t input_size,
                                                    size_t *_Nonnull ret_consumed, void *_Nonnull output,
                                                    size_t output_size, size_t *_Nonnull ret_produced,
                                                    const char *_Nullable *_Nonnull ret_error);

void opnilog_decompressor_free(opnilog_decompressor *_Nullable decompressor);

/// The most bytes that a gzip stream of `size` bytes takes.
size_t opnilog_gzip_bound(size_t size);

/// Compresses a whole text into one gzip member, at zlib's level 3 (quick, as HTTP servers do).
/// Returns the bytes written to `output`, 0 where memory or room is short.
size_t opnilog_gzip(const void *_Nonnull input, size_t size, void *_Nonnull output, size_t room);

#endif
