#include "opnilog_libcurl.h"
