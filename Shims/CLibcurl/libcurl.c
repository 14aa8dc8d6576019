#include "opnilog_libcurl.h"

CURLcode opnilog_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

CURLcode opnilog_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

CURLcode opnilog_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

CURLcode opnilog_curl_set_body(CURL *handle, const void *bytes, size_t count) {
    // The size must be known before the bytes are copied.
    CURLcode code = curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, bytes);
}

CURLcode opnilog_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(handle, option, list);
}

CURLcode opnilog_curl_set_pointer(CURL *handle, CURLoption option, void *pointer) {
    return curl_easy_setopt(handle, option, pointer);
}

CURLcode opnilog_curl_set_write(CURL *handle, opnilog_curl_write callback, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, callback);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
}

CURLcode opnilog_curl_set_head(CURL *handle, opnilog_curl_write callback, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, callback);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
}

CURLcode opnilog_curl_set_before(CURL *handle, opnilog_curl_before callback, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, callback);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_PREREQDATA, context);
}

CURLcode opnilog_curl_set_open(CURL *handle, opnilog_curl_open callback, void *context) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, callback);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, context);
}

CURLcode opnilog_curl_get_long(CURL *handle, CURLINFO info, long *ret_value) {
    return curl_easy_getinfo(handle, info, ret_value);
}

CURLcode opnilog_curl_get_offset(CURL *handle, CURLINFO info, curl_off_t *ret_value) {
    return curl_easy_getinfo(handle, info, ret_value);
}

CURLcode opnilog_curl_get_private(CURL *handle, void **ret_pointer) {
    return curl_easy_getinfo(handle, CURLINFO_PRIVATE, ret_pointer);
}

const char *opnilog_curl_header(CURL *handle, const char *name) {
    struct curl_header *header = NULL;
    return curl_easy_header(handle, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : NULL;
}

CURLcode opnilog_curl_message_result(const CURLMsg *message) { return message->data.result; }
