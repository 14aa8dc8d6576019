#include "opnilog_crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

opnilog_sha256 *opnilog_sha256_new(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return (opnilog_sha256 *)context;
}

void opnilog_sha256_update(opnilog_sha256 *state, const void *bytes, size_t length) {
    EVP_DigestUpdate((EVP_MD_CTX *)state, bytes, length);
}

void opnilog_sha256_finish(opnilog_sha256 *state, uint8_t *ret_digest) {
    EVP_DigestFinal_ex((EVP_MD_CTX *)state, ret_digest, NULL);
}

void opnilog_sha256_free(opnilog_sha256 *state) { EVP_MD_CTX_free((EVP_MD_CTX *)state); }

bool opnilog_hmac_sha256(
    const void *key, size_t key_length, const void *bytes, size_t length, uint8_t *ret_code) {
    return HMAC(EVP_sha256(), key, (int)key_length, bytes, length, ret_code, NULL) != NULL;
}
