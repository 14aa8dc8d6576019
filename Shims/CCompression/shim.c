#include "opnilog_compression.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

struct opnilog_decompressor {
    opnilog_compression_format format;
    /// A gzip member has ended and what follows, if anything, is another one.
    bool between_members;
    z_stream gzip;
    ZSTD_DStream *zstd;
};

opnilog_decompressor *opnilog_decompressor_new(opnilog_compression_format format) {
    opnilog_decompressor *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->format = format;
    bool ready;
    if (format == OPNILOG_FORMAT_GZIP) {
        ready = inflateInit2(&self->gzip, 16 + MAX_WBITS) == Z_OK;
    } else {
        self->zstd = ZSTD_createDStream();
        ready = self->zstd && !ZSTD_isError(ZSTD_initDStream(self->zstd));
    }
    if (!ready) {
        opnilog_decompressor_free(self);
        return NULL;
    }
    return self;
}

static uInt clamp(size_t size) { return size > UINT_MAX ? UINT_MAX : (uInt)size; }

static opnilog_decompress_status step_gzip(opnilog_decompressor *self, const void *input, size_t input_size,
                                           size_t *ret_consumed, void *output, size_t output_size,
                                           size_t *ret_produced, const char **ret_error) {
    if (self->between_members) {
        inflateReset(&self->gzip);
        self->between_members = false;
    }
    self->gzip.next_in = (Bytef *)input;
    self->gzip.avail_in = clamp(input_size);
    self->gzip.next_out = output;
    self->gzip.avail_out = clamp(output_size);
    int status = inflate(&self->gzip, Z_NO_FLUSH);
    *ret_consumed = (size_t)(self->gzip.next_in - (const Bytef *)input);
    *ret_produced = (size_t)(self->gzip.next_out - (Bytef *)output);
    if (status == Z_STREAM_END) {
        self->between_members = true;
        return OPNILOG_DECOMPRESS_BOUNDARY;
    }
    // Z_BUF_ERROR only says that nothing more could be done with this input and room.
    if (status == Z_OK || status == Z_BUF_ERROR) return OPNILOG_DECOMPRESS_CONTINUE;
    *ret_error = self->gzip.msg ? self->gzip.msg : zError(status);
    return OPNILOG_DECOMPRESS_DAMAGED;
}

static opnilog_decompress_status step_zstd(opnilog_decompressor *self, const void *input, size_t input_size,
                                           size_t *ret_consumed, void *output, size_t output_size,
                                           size_t *ret_produced, const char **ret_error) {
    ZSTD_inBuffer in = {.src = input, .size = input_size, .pos = 0};
    ZSTD_outBuffer out = {.dst = output, .size = output_size, .pos = 0};
    size_t status = ZSTD_decompressStream(self->zstd, &out, &in);
    *ret_consumed = in.pos;
    *ret_produced = out.pos;
    if (ZSTD_isError(status)) {
        *ret_error = ZSTD_getErrorName(status);
        return OPNILOG_DECOMPRESS_DAMAGED;
    }
    return status == 0 ? OPNILOG_DECOMPRESS_BOUNDARY : OPNILOG_DECOMPRESS_CONTINUE;
}

opnilog_decompress_status opnilog_decompressor_step(opnilog_decompressor *self, const void *input, size_t input_size,
                                                    size_t *ret_consumed, void *output, size_t output_size,
                                                    size_t *ret_produced, const char **ret_error) {
    *ret_error = NULL;
    return self->format == OPNILOG_FORMAT_GZIP
               ? step_gzip(self, input, input_size, ret_consumed, output, output_size, ret_produced, ret_error)
               : step_zstd(self, input, input_size, ret_consumed, output, output_size, ret_produced, ret_error);
}

void opnilog_decompressor_free(opnilog_decompressor *self) {
    if (!self) return;
    if (self->format == OPNILOG_FORMAT_GZIP) inflateEnd(&self->gzip);
    ZSTD_freeDStream(self->zstd);
    free(self);
}

// Deflate never takes more than this, plus gzip's header and trailer, at any level.
size_t opnilog_gzip_bound(size_t size) { return compressBound(size) + 32; }

size_t opnilog_gzip(const void *input, size_t size, void *output, size_t room) {
    z_stream stream = {0};
    if (deflateInit2(&stream, 3, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    size_t taken = 0, written = 0;
    int status = Z_OK;
    while (status == Z_OK) {
        stream.next_in = (Bytef *)input + taken;
        stream.avail_in = clamp(size - taken);
        stream.next_out = (Bytef *)output + written;
        stream.avail_out = clamp(room - written);
        uInt offered = stream.avail_in, space = stream.avail_out;
        status = deflate(&stream, taken + offered == size ? Z_FINISH : Z_NO_FLUSH);
        taken += offered - stream.avail_in;
        written += space - stream.avail_out;
    }
    deflateEnd(&stream);
    return status == Z_STREAM_END ? written : 0;
}
