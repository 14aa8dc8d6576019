#ifndef OPNILOG_CRYPTO_H
#define OPNILOG_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A running SHA-256.
typedef struct opnilog_sha256 opnilog_sha256;

/// New reference, or null when memory is short; released by `opnilog_sha256_free`.
opnilog_sha256 *_Nullable opnilog_sha256_new(void);
void opnilog_sha256_update(opnilog_sha256 *_Nonnull state, const void *_Nullable bytes, size_t length);
/// Writes the 32 bytes of the digest; the state takes no more updates.
void opnilog_sha256_finish(opnilog_sha256 *_Nonnull state, uint8_t *_Nonnull ret_digest);
/// Writes the 32 bytes of HMAC-SHA-256 of `bytes` under `key`; false when libcrypto refuses.
bool opnilog_hmac_sha256(
    const void *_Nonnull key, size_t key_length, const void *_Nonnull bytes, size_t length,
    uint8_t *_Nonnull ret_code);
void opnilog_sha256_free(opnilog_sha256 *_Nullable state);

/// What a certificate and its key are good for together.
typedef enum {
    OPNILOG_IDENTITY_GOOD,
    /// The first file holds no certificate in PEM.
    OPNILOG_IDENTITY_NO_CERTIFICATE,
    /// The second holds no key in PEM, or one under another passphrase.
    OPNILOG_IDENTITY_NO_KEY,
    /// The key is not the certificate's.
    OPNILOG_IDENTITY_MISMATCH,
} opnilog_identity;

/// Reads two PEM files, which may be the same. `passphrase` is used only if the key is encrypted; nothing is asked.
opnilog_identity opnilog_identity_check(
    const char *_Nonnull certificate_path, const char *_Nonnull key_path, const char *_Nonnull passphrase);

#endif
