// The hashing of names and inputs into medium ids.

#include "stages/recipe.h"

#include <algorithm>
#include <filesystem>

#include "events/hash.h"

namespace ntt::stages {

namespace {
constexpr std::size_t kIdDigits = 32;

events::MediumId id_of(const events::Blake3Digest& digest) {
  return {digest.hex().substr(0, kIdDigits)};
}
}  // namespace

events::MediumId directory_id(std::string_view absolute_path) {
  return id_of(events::Blake3::of(absolute_path));
}

events::MediumId id_of_inputs(std::string_view recipe, const std::vector<std::string>& inputs) {
  events::Blake3 hasher;
  hasher.update(recipe);
  hasher.update("\n");
  for (const std::string& input : inputs) {
    CHECK(input.find('\n') == std::string::npos);
    hasher.update(input);
    hasher.update("\n");
  }
  return id_of(hasher.digest());
}

std::optional<events::MediumId> id_in_name(std::string_view file_name, std::string_view extension) {
  if (file_name.size() < extension.size()) return std::nullopt;
  const std::string_view stem = file_name.substr(0, file_name.size() - extension.size());
  const bool hex = std::all_of(stem.begin(), stem.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (file_name.substr(stem.size()) != extension || !hex) return std::nullopt;
  if (stem.size() != kIdDigits && stem.size() != 2 * kIdDigits) return std::nullopt;
  return events::MediumId{std::string(stem)};
}

std::string absolute_path(const std::string& path) {
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (error) absolute = path;
  std::string text = absolute.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace ntt::stages
