#include "opnilog_crypto.h"
