// libmicrohttpd's variadic calls with types. Everything else is called as <microhttpd.h> declares it.
#ifndef OPNILOG_MICROHTTPD_H
#define OPNILOG_MICROHTTPD_H

#include <microhttpd.h>
#include <stdint.h>
#include <sys/types.h>

// Starts a daemon on 127.0.0.1 with `threads` epoll threads. Port 0 takes a free one (opnilog_mhd_port tells it).
// `certificate` and `key` are PEM texts for HTTPS, both NULL for HTTP; read during this call only.
// `accept` is asked of each connection before anything of it is read, TLS included; one that it refuses is closed.
// `handle` is called on the daemon's threads, `completed` once for each request that `handle` gave a context.
// Returns a new daemon, ended by MHD_stop_daemon, or NULL with errno set.
struct MHD_Daemon *_Nullable opnilog_mhd_start(uint16_t port, unsigned int threads, const char *_Nullable certificate,
                                               const char *_Nullable key, MHD_AcceptPolicyCallback _Nonnull accept,
                                               MHD_AccessHandlerCallback _Nonnull handle,
                                               MHD_RequestCompletedCallback _Nonnull completed,
                                               void *_Nullable context);

// The port that a daemon listens on, 0 when it is not known.
uint16_t opnilog_mhd_port(struct MHD_Daemon *_Nonnull daemon);

// What a content reader returns to close the connection in the middle of a body.
static const ssize_t opnilog_mhd_end_with_error = MHD_CONTENT_READER_END_WITH_ERROR;

#endif
