#include "opnilog_crypto.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

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

opnilog_identity opnilog_identity_check(const char *certificate_path, const char *key_path, const char *passphrase) {
    BIO *file = BIO_new_file(certificate_path, "r");
    X509 *certificate = file ? PEM_read_bio_X509(file, NULL, NULL, (void *)passphrase) : NULL;
    BIO_free(file);
    file = BIO_new_file(key_path, "r");
    // Without a callback the last argument is the passphrase.
    EVP_PKEY *key = file ? PEM_read_bio_PrivateKey(file, NULL, NULL, (void *)passphrase) : NULL;
    BIO_free(file);
    opnilog_identity verdict = OPNILOG_IDENTITY_GOOD;
    if (!certificate) {
        verdict = OPNILOG_IDENTITY_NO_CERTIFICATE;
    } else if (!key) {
        verdict = OPNILOG_IDENTITY_NO_KEY;
    } else if (X509_check_private_key(certificate, key) != 1) {
        verdict = OPNILOG_IDENTITY_MISMATCH;
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    // What failed here must not be told of the next call of the thread.
    ERR_clear_error();
    return verdict;
}
