#ifndef OPNILOG_ALLOCATIONS_H
#define OPNILOG_ALLOCATIONS_H

#include <stdint.h>

/// Calls of malloc, calloc, realloc and their aligned kin in this process so far, by all threads.
uint64_t opnilog_allocations(void);

#endif
