// Ids from digests, and the two generations of counts.

#include "stages/legacy_id.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "events/bytes.h"
#include "events/hash.h"

namespace ntt::stages {

events::EventId legacy_event_id(const events::Blake3Digest& line, std::uint64_t repeat) {
  std::string input = "ntt legacy line\n";
  input += line.view();
  events::append_be64(input, repeat);
  const events::Blake3Digest digest = events::Blake3::of(input);
  events::EventId id = *events::EventId::from_bytes(digest.view().substr(0, 16));
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0FU) | 0x80U);  // RFC 9562: version 8
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3FU) | 0x80U);
  return id;
}

std::size_t RepeatCounter::Hash::operator()(const events::EventId& key) const {
  std::size_t hash = 0;
  std::memcpy(&hash, key.bytes.data(), sizeof hash);  // a digest is a hash already
  return hash;
}

std::uint64_t RepeatCounter::count(const events::Blake3Digest& line) {
  events::EventId key;
  std::copy_n(line.bytes.begin(), key.bytes.size(), key.bytes.begin());
  const auto [found, is_new] = recent_.try_emplace(key, 0);
  if (is_new && !older_.empty()) {
    if (const auto old = older_.find(key); old != older_.end()) found.value() = old->second;
  }
  const std::uint64_t repeat = ++found.value();
  if (recent_.size() >= remembered_) {
    older_.swap(recent_);
    recent_.clear();
  }
  return repeat;
}

}  // namespace ntt::stages
