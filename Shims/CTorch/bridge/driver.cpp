// What GPUs there are, as NVIDIA's driver tells it.

#include "driver.h"

#include "library.h"

namespace opnilog {

namespace {

/// The functions of the driver that are needed, each under its name there; all but `error_string` answer 0 for success.
struct Driver {
    int (*init)(unsigned flags);
    int (*error_string)(int status, const char **ret_text);
    int (*cuda_version)(int *ret_version);
    int (*device_count)(int *ret_count);
    int (*device)(int *ret_device, int index);
    int (*name)(char *ret_name, int capacity, int device);
    int (*total_memory)(size_t *ret_bytes, int device);

    void check(int status, const char *what) const;
};

void Driver::check(int status, const char *what) const {
    if (status == 0) return;
    const char *text = nullptr;
    error_string(status, &text);
    throw Failure(
        OPNILOG_TORCH_NO_DRIVER,
        std::string("NVIDIA's driver ") + what + ": " + (text == nullptr ? "error" : text) + " (" +
            std::to_string(status) + ")");
}

Driver open_driver() {
    const auto library = driver_library();
    Driver driver;
    library.find("cuInit", driver.init);
    library.find("cuGetErrorString", driver.error_string);
    library.find("cuDriverGetVersion", driver.cuda_version);
    library.find("cuDeviceGetCount", driver.device_count);
    library.find("cuDeviceGet", driver.device);
    library.find("cuDeviceGetName", driver.name);
    library.find("cuDeviceTotalMem_v2", driver.total_memory);
    driver.check(driver.init(0), "does not start");
    return driver;
}

}  // namespace

void describe_device(int index, opnilog_torch_device &device) {
    require(device.size >= sizeof device, "describe_device: the result is of another version");
    const Driver driver = open_driver();
    driver.check(driver.cuda_version(&device.cuda_version), "does not tell its version");
    driver.check(driver.device_count(&device.count), "does not count its GPUs");
    if (index < 0 || index >= device.count)
        throw Failure(
            OPNILOG_TORCH_NO_DEVICE,
            "there is no GPU " + std::to_string(index) + ", but " + std::to_string(device.count) + " in all");
    int handle = 0;
    size_t bytes = 0;
    driver.check(driver.device(&handle, index), "does not give a GPU");
    driver.check(driver.name(device.name, sizeof device.name, handle), "does not name a GPU");
    driver.check(driver.total_memory(&bytes, handle), "does not tell a GPU's memory");
    device.memory = int64_t(bytes);
}

}  // namespace opnilog
