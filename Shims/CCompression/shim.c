#include "opnilog_compression.h"
