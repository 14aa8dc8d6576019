#include "opnilog_microhttpd.h"
