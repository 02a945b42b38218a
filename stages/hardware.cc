// Hardware facts from sysfs.

#include "stages/hardware.h"

#include "events/bytes.h"
#include "stages/small_file.h"

namespace ntt::stages {

namespace {

constexpr std::size_t kFactBytesMax = 256;
constexpr std::size_t kAttributeBytesMax = 65536;

std::string trimmed(const std::string& text) {
  const auto is_padding = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\0'; };
  std::size_t begin = 0;
  std::size_t end = text.size();
  while (begin < end && is_padding(text[begin])) begin += 1;
  while (end > begin && is_padding(text[end - 1])) end -= 1;
  return text.substr(begin, end - begin);
}

std::string read_attribute(const std::string& path) {
  auto text = read_small_file(path, kAttributeBytesMax);
  return text ? trimmed(text->substr(0, kFactBytesMax)) : std::string{};
}

std::string first_known(const std::string& directory, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::string value = read_attribute(directory + "/" + name); !value.empty()) return value;
  }
  return {};
}

// SCSI's unit serial number page: four bytes of head, then the text.
std::string read_serial_page(const std::string& directory) {
  auto page = read_small_file(directory + "/device/vpd_pg80", kAttributeBytesMax);
  return page && page->size() > 4 ? trimmed(page->substr(4, kFactBytesMax)) : std::string{};
}

}  // namespace

std::vector<std::string> Hardware::facts() const {
  std::vector<std::string> out;
  const auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) out.push_back(std::string(name) + "=" + events::escape_bytes(value));
  };
  put("vendor", vendor);
  put("model", model);
  put("serial", serial);
  put("partition", partition);
  return out;
}

Hardware read_hardware(const std::string& directory) {
  Hardware hardware;
  hardware.partition = read_attribute(directory + "/partition");
  const std::string disk = hardware.partition.empty() ? directory : directory + "/..";
  hardware.vendor = first_known(disk, {"device/vendor"});
  hardware.model = first_known(disk, {"device/model", "device/name"});
  hardware.serial = read_serial_page(disk);
  if (hardware.serial.empty()) {
    hardware.serial = first_known(disk, {"device/serial", "serial", "device/wwid", "wwid"});
  }
  return hardware;
}

}  // namespace ntt::stages
