#include "opnilog_yaml.h"
