// FindFilter: which media can have a name, an extension or a blob, without opening their
// partitions.
//
// A blocked Bloom filter a medium, kept in find_filter.bits: opening a partition costs a new
// connection a tenth of a millisecond, reading 64 bytes of a filter a tenth of that. It may say yes
// where there is nothing, about once in a hundred times, and never no where there is something.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "events/types.h"

namespace ntt::projector {

// One question that a filter answers. The numbers go into hashes that are stored: part of the
// schema.
class FindKey {
 public:
  static FindKey of_name(std::int64_t name_key) {
    return {1, static_cast<std::uint64_t>(name_key)};
  }
  static FindKey of_extension(std::int64_t name_key) {
    return {2, static_cast<std::uint64_t>(name_key) >> 32U};
  }
  static FindKey of_blob(const events::BlobId& blob);

  // An SQL condition on find_filter.bits, true where the filter may have the key.
  [[nodiscard]] std::string condition() const;

 private:
  friend class FindFilter;
  FindKey(std::uint64_t kind, std::uint64_t value);
  [[nodiscard]] std::uint64_t bit(unsigned i) const { return places_ >> (9 * i) & 511U; }
  std::uint64_t block_ = 0;   // modulo the number of blocks
  std::uint64_t places_ = 0;  // of the bits in the block, nine bits each
};

class FindFilter {
 public:
  // For about so many paths.
  explicit FindFilter(std::uint64_t paths);
  void add(const FindKey& key);
  [[nodiscard]] bool may_have(const FindKey& key) const;
  [[nodiscard]] std::string_view bits() const { return bits_; }

 private:
  std::string bits_;
};

}  // namespace ntt::projector
