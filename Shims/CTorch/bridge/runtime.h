#pragma once

#include "bridge.h"

namespace opnilog {

void start(const opnilog_torch_start_args &args);
void fill_facts(opnilog_torch_facts &facts);
/// CUDA devices that libtorch can use; 0 before CUDA was asked for.
int cuda_devices();
/// Release of CUDA that libtorch was built for, e.g. "13.0"; empty for a CPU build.
std::string cuda_version();

}  // namespace opnilog
