#pragma once

#include "bridge.h"

namespace opnilog {

/// GPU `index` as NVIDIA's driver tells it, whatever libtorch was built for.
void describe_device(int index, opnilog_torch_device &device);

}  // namespace opnilog
