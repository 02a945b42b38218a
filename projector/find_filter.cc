// A key sets six bits of one block of 64 bytes, the bits numbered as SQL's get_bit() does.

#include "projector/find_filter.h"

#include <algorithm>

#include "events/bytes.h"

namespace ntt::projector {

namespace {

constexpr std::uint64_t kBlockBytes = 64;
constexpr unsigned kPlaces = 6;
constexpr std::uint64_t kBitsAPath = 24;         // a name and a blob, twelve bits each
constexpr std::uint64_t kBytesMax = 32U << 20U;  // beyond, filters say yes more often

// SplitMix64's finisher.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}

}  // namespace

FindKey::FindKey(std::uint64_t kind, std::uint64_t value) {
  const std::uint64_t hash = mixed(value ^ (kind << 62U) ^ kind);
  block_ = hash >> 1U;  // SQL's integers are signed
  places_ = mixed(hash);
}

FindKey FindKey::of_blob(const events::BlobId& blob) {
  events::ByteReader reader(blob.view());
  return {3, reader.be64()};
}

std::string FindKey::condition() const {
  std::string sql = "(SELECT ";
  const char* separator = "";
  for (unsigned i = 0; i < kPlaces; ++i) {
    sql += separator;
    sql += "get_bit(block, " + std::to_string(bit(i)) + ") = 1";
    separator = " AND ";
  }
  // OFFSET 0: the block is fetched once, not once a bit.
  return sql + " FROM (SELECT substring(bits FROM (" + std::to_string(block_) +
         " % (octet_length(bits) / 64) * 64 + 1)::integer FOR 64) AS block OFFSET 0) one)";
}

FindFilter::FindFilter(std::uint64_t paths) {
  const std::uint64_t bytes = std::min(paths, kBytesMax) * kBitsAPath / 8;
  const std::uint64_t blocks = std::clamp<std::uint64_t>((bytes + kBlockBytes - 1) / kBlockBytes, 1,
                                                         kBytesMax / kBlockBytes);
  bits_.assign(blocks * kBlockBytes, '\0');
}

void FindFilter::add(const FindKey& key) {
  char* const block = bits_.data() + key.block_ % (bits_.size() / kBlockBytes) * kBlockBytes;
  for (unsigned i = 0; i < kPlaces; ++i) {
    const std::uint64_t bit = key.bit(i);
    block[bit / 8] = static_cast<char>(static_cast<unsigned char>(block[bit / 8]) | 1U << bit % 8);
  }
}

bool FindFilter::may_have(const FindKey& key) const {
  const char* const block = bits_.data() + key.block_ % (bits_.size() / kBlockBytes) * kBlockBytes;
  for (unsigned i = 0; i < kPlaces; ++i) {
    const std::uint64_t bit = key.bit(i);
    if ((static_cast<unsigned char>(block[bit / 8]) >> bit % 8 & 1U) == 0) return false;
  }
  return true;
}

}  // namespace ntt::projector
