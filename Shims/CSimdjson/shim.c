#include "opnilog_simdjson.h"
