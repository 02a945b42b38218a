// Suffixes that differ although the ids begin alike.

#include "projector/partition_names.h"

namespace ntt::projector {

namespace {

// With a prefix and the longest suffix of an index it stays below PostgreSQL's 63 bytes.
constexpr std::size_t kSuffixBytesMax = 36;
constexpr std::size_t kSuffixBytesUsual = 8;

std::string as_sql_name(std::string_view id) {
  std::string name(id.substr(0, kSuffixBytesMax));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!allowed) c = '_';
  }
  return name;
}

}  // namespace

std::string PartitionNames::assign(const events::MediumId& medium) {
  std::string name = as_sql_name(medium.text);
  for (std::size_t length = kSuffixBytesUsual; length <= name.size(); ++length) {
    if (taken_.insert(name.substr(0, length)).second) return name.substr(0, length);
  }
  if (name.size() < kSuffixBytesUsual && taken_.insert(name).second) return name;
  for (std::size_t number = 2;; ++number) {
    std::string numbered = name + "_" + std::to_string(number);
    if (taken_.insert(numbered).second) return numbered;
  }
}

}  // namespace ntt::projector
