// The three lines of a checkpoint.

#include "events/checkpoint_note.h"

#include <charconv>

#include "events/bytes.h"

namespace ntt::events {

namespace {

// Takes a line off the front, without its newline.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

std::string text_of(const CheckpointNote& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
         to_base64(checkpoint.root.view()) + "\n" + checkpoint.extensions;
}

Result<CheckpointNote> parse_text(std::string_view text) {
  const Error wrong{Errc::invalid,
                    "this is no checkpoint: its lines are not origin, size and root of a log"};
  CheckpointNote out;
  std::string_view rest = text;
  out.origin = take_line(rest);
  const std::string_view size = take_line(rest);
  const auto parsed = std::from_chars(size.data(), size.data() + size.size(), out.size);
  if (parsed.ec != std::errc()) return wrong;
  const auto raw = from_base64(take_line(rest));
  const auto root = raw ? Sha256Digest::from_bytes(*raw) : std::nullopt;
  if (!root) return wrong;
  out.root = *root;
  out.extensions = rest;
  const bool has_empty_line =
      out.origin.empty() || rest.starts_with('\n') || rest.find("\n\n") != rest.npos;
  // Leading zeros, signs and the like show as another text.
  if (has_empty_line || !text.ends_with('\n') || text_of(out) != text) return wrong;
  return out;
}

}  // namespace

std::string origin_of(const std::string& log_id) {
  return "ntt/" + log_id;
}

std::string to_note_text(const CheckpointNote& checkpoint) {
  std::string text = text_of(checkpoint);
  CHECK(parse_text(text));
  return text;
}

Result<CheckpointNote> parse_checkpoint(const SignedNote& note) {
  return parse_text(note.text);
}

}  // namespace ntt::events
