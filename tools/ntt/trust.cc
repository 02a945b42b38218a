// Keys and checkpoints from files.

#include "tools/ntt/trust.h"

#include "events/bytes.h"
#include "events/key_file.h"
#include "events/whole_file.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::Result;
using events::VerifierKey;

namespace {

constexpr std::size_t kNoteBytesMax = 1U << 20U;

}  // namespace

Result<CheckpointFile> read_checkpoint_file(const std::string& path) {
  auto bytes = events::read_whole_file(path, kNoteBytesMax);
  if (!bytes) return std::move(bytes).error();
  auto note = events::parse_note(*bytes);
  if (!note) return std::move(note).error().within(path);
  auto checkpoint = events::parse_checkpoint(*note);
  if (!checkpoint) return std::move(checkpoint).error().within(path);
  return CheckpointFile{std::move(*note), std::move(*checkpoint)};
}

Result<VerifierKey> read_verifier_key(const std::string& text_or_path) {
  auto key = events::parse_verifier_key(text_or_path);
  std::error_code ignored;
  if (key || !std::filesystem::exists(text_or_path, ignored)) return key;
  auto bytes = events::read_whole_file(text_or_path, kNoteBytesMax);
  if (!bytes) return std::move(bytes).error();
  while (bytes->ends_with('\n') || bytes->ends_with('\r')) bytes->pop_back();
  key = events::parse_verifier_key(*bytes);
  if (!key) return std::move(key).error().within(text_or_path);
  return key;
}

Result<std::optional<VerifierKey>> known_key(const Settings& settings, const std::string& origin) {
  // Only a log's id becomes part of a path.
  const std::string prefix = events::origin_of("");
  const std::string id = origin.starts_with(prefix) ? origin.substr(prefix.size()) : "";
  if (id.size() != 32 || !events::from_hex(id)) return std::optional<VerifierKey>{};
  auto key = events::find_verifier_key(settings.key_root, id);
  if (!key || !*key || (*key)->name == origin) return key;
  return Error{Errc::corruption, (settings.key_root / (id + ".vkey")).string() + " is the key of " +
                                     (*key)->name + ", not of " + origin};
}

}  // namespace ntt::tools
