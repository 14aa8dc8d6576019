// Classes of bytes as bitmaps, 64 bytes at a time, by the widest instructions that the processor has.
#ifndef OPNILOG_BYTES_H
#define OPNILOG_BYTES_H

#include <stddef.h>
#include <stdint.h>

/// Bytes of a block, and bits of a word.
#define OPNILOG_BYTES_BLOCK 64
/// Words of a block: one for each of up to 15 classes of ASCII, and in the last the bytes from 0x80 on.
#define OPNILOG_BYTES_WORDS 16
/// Number of the last word, that of the bytes that are not ASCII.
#define OPNILOG_BYTES_NOT_ASCII 15

/// Which instructions are used. All give the same words.
typedef enum {
    opnilog_bytes_scalar = 0,
    opnilog_bytes_avx2 = 1,
    opnilog_bytes_avx512 = 2,
} opnilog_bytes_level;

/// Up to 15 classes of ASCII, laid out for lookups. Plain memory, to be filled once and then only read.
typedef struct {
    /// Classes 0 to 7 and 8 to 14 of each ASCII byte.
    uint8_t low[128], high[128];
    /// By class and lower half of a byte: a bit for each upper half with which the byte is in the class.
    uint8_t rows[OPNILOG_BYTES_WORDS - 1][16];
    uint32_t count;
    opnilog_bytes_level level;
} opnilog_byte_classes;

/// The best level of this processor.
opnilog_bytes_level opnilog_bytes_best(void);

/// Lays out `count` classes. `members` has for each ASCII byte a bit for each class that it is in; `level` is one that
/// the processor has.
void opnilog_byte_classes_fill(
    opnilog_byte_classes *_Nonnull classes, const uint16_t *_Nonnull members, uint32_t count, opnilog_bytes_level level);

/// Writes the words of `blocks` blocks of `text`: bit i of word c of block b says whether byte 64 b + i is in class c.
/// Words between the last class and that of the bytes that are not ASCII become zero.
///
/// Returns a bit for each word number that is not zero in some block. Reads all 64 bytes of each block.
uint16_t opnilog_bytes_classify(
    const opnilog_byte_classes *_Nonnull classes, const uint8_t *_Nonnull text, size_t blocks, uint64_t *_Nonnull words);

/// Lowers the ASCII capitals among `count` bytes.
void opnilog_bytes_lower(uint8_t *_Nonnull text, size_t count);

#endif
