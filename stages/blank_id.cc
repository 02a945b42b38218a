// One mebibyte (the recipe that kept only one block), or two (head and tail), of one fill byte.

#include "stages/blank_id.h"

#include "events/bytes.h"
#include "events/hash.h"

namespace ntt::stages {

namespace {

constexpr std::size_t kMebibyte = 1U << 20U;
constexpr std::size_t kIdDigits = 32;

}  // namespace

std::map<std::string, std::string> blank_ids() {
  std::map<std::string, std::string> ids;
  ids[events::Blake3::of("").hex().substr(0, kIdDigits)] = "nothing: the device gave no bytes";
  for (unsigned fill = 0; fill < 256; ++fill) {
    const char byte = static_cast<char>(fill);
    const std::string block(kMebibyte, byte);
    events::Blake3 hasher;
    hasher.update(block);
    const std::string words = "blank blocks (0x" + events::to_hex({&byte, 1}) + ")";
    ids[hasher.digest().hex().substr(0, kIdDigits)] = words;
    hasher.update(block);
    ids[hasher.digest().hex().substr(0, kIdDigits)] = words;
  }
  return ids;
}

}  // namespace ntt::stages
