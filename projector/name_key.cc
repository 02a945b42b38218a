// FNV-1a needs one multiplication a byte, and SQL can compute it too.

#include "projector/name_key.h"

namespace ntt::projector {

namespace {

std::uint32_t hash_of(std::string_view bytes) {
  std::uint32_t hash = 2166136261U;
  for (const char c : bytes) {
    const bool upper = c >= 'A' && c <= 'Z';
    hash ^= static_cast<std::uint8_t>(upper ? c - 'A' + 'a' : c);
    hash *= 16777619U;
  }
  return hash;
}

std::uint64_t extension_bits(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const std::string_view extension = dot == std::string_view::npos ? "" : name.substr(dot + 1);
  return static_cast<std::uint64_t>(hash_of(extension)) << 32U;
}

}  // namespace

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::int64_t name_key(std::string_view name) {
  return static_cast<std::int64_t>(extension_bits(name) | hash_of(name));
}

std::pair<std::int64_t, std::int64_t> extension_keys(std::string_view name) {
  const std::uint64_t bits = extension_bits(name);
  return {static_cast<std::int64_t>(bits), static_cast<std::int64_t>(bits | UINT32_MAX)};
}

}  // namespace ntt::projector
