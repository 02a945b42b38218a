// What the system knows of the hardware behind a block device.

#pragma once

#include <string>
#include <vector>

namespace ntt::stages {

struct Hardware {
  std::string vendor;
  std::string model;
  std::string serial;
  std::string partition;  // number, when the device is one

  // "model=...", "serial=...": only what is known, escaped.
  [[nodiscard]] std::vector<std::string> facts() const;
};

// `directory` is the device's place in sysfs, e.g. /sys/dev/block/8:0.
Hardware read_hardware(const std::string& directory);

}  // namespace ntt::stages
