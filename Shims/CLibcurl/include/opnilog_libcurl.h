#pragma once

// libcurl for Swift: what it declares as variadic, once for each type that an option takes. All else is called as it is.

#include <curl/curl.h>
#include <stddef.h>

/// libcurl's write callback: `size` is 1, `count` the bytes; whatever else than `count` is returned ends the transfer.
typedef size_t (*opnilog_curl_write)(
    char *_Nonnull bytes, size_t size, size_t count, void *_Nullable context);

/// libcurl's callback before each time that it sends a request: `CURL_PREREQFUNC_OK` or `CURL_PREREQFUNC_ABORT`.
typedef int (*opnilog_curl_before)(
    void *_Nullable context, char *_Nullable server_address, char *_Nullable local_address, int server_port,
    int local_port);

/// libcurl's callback that makes a socket: its descriptor, or `CURL_SOCKET_BAD` to refuse.
typedef curl_socket_t (*opnilog_curl_open)(
    void *_Nullable context, curlsocktype purpose, struct curl_sockaddr *_Nonnull address);

CURLcode opnilog_curl_set_long(CURL *_Nonnull handle, CURLoption option, long value);
/// Options of the type curl_off_t: sizes in bytes.
CURLcode opnilog_curl_set_offset(CURL *_Nonnull handle, CURLoption option, curl_off_t value);
/// `value` is copied by libcurl.
CURLcode opnilog_curl_set_string(CURL *_Nonnull handle, CURLoption option, const char *_Nullable value);
/// Sets a request body, which libcurl copies.
CURLcode opnilog_curl_set_body(CURL *_Nonnull handle, const void *_Nonnull bytes, size_t count);
/// `list` is borrowed until the transfer ends.
CURLcode opnilog_curl_set_list(CURL *_Nonnull handle, CURLoption option, struct curl_slist *_Nullable list);
/// `pointer` (an error buffer, private data) is borrowed until the handle goes.
CURLcode opnilog_curl_set_pointer(CURL *_Nonnull handle, CURLoption option, void *_Nullable pointer);
/// `context` is borrowed until the transfer ends.
CURLcode opnilog_curl_set_write(CURL *_Nonnull handle, opnilog_curl_write _Nonnull callback, void *_Nullable context);
/// The same for the lines of the answer's head, one a call. `context` is borrowed until the transfer ends.
CURLcode opnilog_curl_set_head(CURL *_Nonnull handle, opnilog_curl_write _Nonnull callback, void *_Nullable context);
/// `context` is borrowed until the transfer ends.
CURLcode opnilog_curl_set_before(CURL *_Nonnull handle, opnilog_curl_before _Nonnull callback, void *_Nullable context);
/// `context` is borrowed until the transfer ends.
CURLcode opnilog_curl_set_open(CURL *_Nonnull handle, opnilog_curl_open _Nonnull callback, void *_Nullable context);

CURLcode opnilog_curl_get_long(CURL *_Nonnull handle, CURLINFO info, long *_Nonnull ret_value);
/// Values of the type curl_off_t: sizes in bytes, times in microseconds.
CURLcode opnilog_curl_get_offset(CURL *_Nonnull handle, CURLINFO info, curl_off_t *_Nonnull ret_value);
/// The pointer set as CURLOPT_PRIVATE, borrowed.
CURLcode opnilog_curl_get_private(CURL *_Nonnull handle, void *_Nullable *_Nonnull ret_pointer);

/// The value of a header of the answer, whatever the case of its name; borrowed until the handle's next transfer. Null
/// if the answer has none.
const char *_Nullable opnilog_curl_header(CURL *_Nonnull handle, const char *_Nonnull name);

/// What a finished message of a multi handle says: the result of its transfer. (Swift cannot read the union.)
CURLcode opnilog_curl_message_result(const CURLMsg *_Nonnull message);
