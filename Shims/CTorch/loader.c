// Opens libopnilog_torch.so and checks its table.

#define _GNU_SOURCE
#include "opnilog_torch.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((format(printf, 3, 4))) static opnilog_torch_status fail(
    opnilog_torch_status status, opnilog_torch_error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return status;
}

/// What libtorch reads from the environment when it is loaded, so it cannot be set later.
static void make_repeatable(void) {
    // Without these MKL chooses threads and instructions by load and by alignment of the memory.
    setenv("MKL_DYNAMIC", "FALSE", 0);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) setenv("MKL_CBWR", "AVX2", 0);
#endif
    // An idle thread of libtorch's spins for a few microseconds instead of milliseconds: enough from one loop to the next.
    // One that spins for longer takes the core from the very thread that it waits for wherever others compute too.
    setenv("GOMP_SPINCOUNT", "2000", 0);
    // cuBLAS is repeatable only with a workspace of fixed size.
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);
}

static opnilog_torch_status explain_dlopen(const char *path, opnilog_torch_error *error) {
    const char *reason = dlerror();
    if (reason == NULL) reason = "unknown reason";
    // The loader names the library that it looked for first: the bridge itself by its path, or one of libtorch's or, where that is
    // a build for GPUs, of CUDA's by their names.
    if (strncmp(reason, "lib", 3) == 0 && strstr(reason, "cannot open shared object file") != NULL)
        return fail(OPNILOG_TORCH_NO_LIBTORCH, error, "%s was built for a libtorch that is not there: %s", path, reason);
    return fail(OPNILOG_TORCH_NOT_A_BRIDGE, error, "%s cannot be opened: %s", path, reason);
}

opnilog_torch_status opnilog_torch_open(
    const char *path, const opnilog_torch_api **ret_api, opnilog_torch_error *error) {
    if (access(path, R_OK) != 0)
        return fail(OPNILOG_TORCH_NO_FILE, error, "%s cannot be read: %s", path, strerror(errno));
    make_repeatable();
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return explain_dlopen(path, error);
    void *symbol = dlsym(library, OPNILOG_TORCH_BRIDGE_FUNCTION);
    if (symbol == NULL) {
        dlclose(library);
        return fail(OPNILOG_TORCH_NOT_A_BRIDGE, error, "%s is a library, but not opnilog's bridge", path);
    }
    opnilog_torch_bridge_function bridge;
    memcpy(&bridge, &symbol, sizeof bridge);
    const opnilog_torch_api *api = bridge();
    // The two numbers come first in every version, so they can be read before anything else is known.
    if (api->abi_version != OPNILOG_TORCH_ABI_VERSION || api->size < sizeof(opnilog_torch_api)) {
        opnilog_torch_status status = fail(
            OPNILOG_TORCH_OTHER_ABI, error, "%s speaks version %u (%u bytes) of the contract, this program version %u (%zu bytes)",
            path, api->abi_version, api->size, OPNILOG_TORCH_ABI_VERSION, sizeof(opnilog_torch_api));
        dlclose(library);
        return status;
    }
    *ret_api = api;
    return OPNILOG_TORCH_OK;
}
