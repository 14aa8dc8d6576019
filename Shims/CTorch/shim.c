#include "opnilog_torch.h"
