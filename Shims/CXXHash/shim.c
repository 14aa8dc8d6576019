#include "opnilog_xxhash.h"
