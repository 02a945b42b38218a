// Parsing, signing and verifying notes.

#include "events/note.h"

#include <algorithm>
#include <array>

#include "events/bytes.h"
#include "events/ed25519.h"
#include "events/hash.h"

namespace ntt::events {

namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 ";  // U+2014 and a space
constexpr std::string_view kPrivate = "PRIVATE+KEY+";
constexpr char kEd25519 = 1;  // signature type of the specification
constexpr std::size_t kHashBytes = 4;
constexpr std::size_t kSignaturesMax = 100;

// Unicode's white space that is no control character.
constexpr std::array<std::string_view, 19> kSpaces = {
    " ",      "\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002",
    "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009",
    "\u200a", "\u2028", "\u2029", "\u202f", "\u205f"};
constexpr std::string_view kIdeographicSpace = "\u3000";

bool has_control(std::string_view text, bool newline_allowed) {
  return std::any_of(text.begin(), text.end(), [newline_allowed](char c) {
    return static_cast<std::uint8_t>(c) < 0x20 && !(newline_allowed && c == '\n');
  });
}

bool is_note_text(std::string_view text) {
  return text.ends_with('\n') && is_valid_utf8(text) && !has_control(text, true);
}

Error no_note(const std::string& why) {
  return {Errc::invalid, "this is no signed note: " + why};
}

// The key in "name+hash+base64(01, 32 bytes)", whose hash is not looked at.
struct KeyParts {
  std::string name;
  std::string key;  // 32 bytes
};
std::optional<KeyParts> split_key(std::string_view text) {
  const std::size_t first = text.find('+');
  if (first == text.npos) return std::nullopt;
  const std::size_t second = text.find('+', first + 1);
  if (second == text.npos) return std::nullopt;
  KeyParts parts{std::string(text.substr(0, first)), ""};
  const auto raw = from_base64(text.substr(second + 1));
  if (!is_key_name(parts.name) || !raw || raw->size() != 1 + Ed25519Seed::kSize) {
    return std::nullopt;
  }
  if (raw->front() != kEd25519) return std::nullopt;
  parts.key = raw->substr(1);
  return parts;
}

std::string with_type(std::string_view key) {
  return kEd25519 + std::string(key);
}

Result<NoteSignature> parse_signature(std::string_view line) {
  if (!line.starts_with(kDash)) return no_note("a line below the text is no signature");
  line.remove_prefix(kDash.size());
  const std::size_t space = line.find(' ');
  const std::string_view name = line.substr(0, space);
  if (space == line.npos || !is_key_name(name)) return no_note("a signature names no key");
  const auto raw = from_base64(line.substr(space + 1));
  if (!raw || raw->size() <= kHashBytes) return no_note("a signature is not base64 of one");
  return NoteSignature{std::string(name), to_hex(raw->substr(0, kHashBytes)),
                       raw->substr(kHashBytes)};
}

}  // namespace

bool is_key_name(std::string_view name) {
  const auto has = [name](std::string_view part) { return name.find(part) != name.npos; };
  return !name.empty() && is_valid_utf8(name) && !has_control(name, false) && !has("+") &&
         !has(kIdeographicSpace) && std::none_of(kSpaces.begin(), kSpaces.end(), has);
}

std::string VerifierKey::hash() const {
  const Sha256Digest digest = Sha256::of(name + "\n" + with_type(public_key.view()));
  return digest.hex().substr(0, 2 * kHashBytes);
}

std::string VerifierKey::text() const {
  return id() + "+" + to_base64(with_type(public_key.view()));
}

Result<VerifierKey> parse_verifier_key(std::string_view text) {
  const auto parts = split_key(text);
  if (parts) {
    VerifierKey key{parts->name, *Ed25519PublicKey::from_bytes(parts->key)};
    if (key.text() == text) return key;
  }
  return Error{Errc::invalid,
               "'" + escape_bytes(text.substr(0, 200)) +
                   "' is no verifier key: one looks like name+01234567+AQ... and fits its hash"};
}

VerifierKey SignerKey::verifier() const {
  return {name, ed25519_public_key(seed)};
}

std::string SignerKey::text() const {
  return std::string(kPrivate) + verifier().id() + "+" + to_base64(with_type(seed.view()));
}

Result<SignerKey> parse_signer_key(std::string_view text) {
  // What it is goes into no message: it is secret.
  const Error wrong{Errc::invalid, "this is no signing key"};
  if (!text.starts_with(kPrivate)) return wrong;
  const auto parts = split_key(text.substr(kPrivate.size()));
  if (!parts) return wrong;
  SignerKey key{parts->name, *Ed25519Seed::from_bytes(parts->key)};
  if (key.text() != text) return wrong;
  return key;
}

Result<SignedNote> parse_note(std::string_view bytes) {
  if (bytes.size() > kNoteBytesMax) return no_note("it is larger than a megabyte");
  if (!is_note_text(bytes)) {
    return no_note("it is not text, or its last line has no end");
  }
  const std::size_t blank = bytes.rfind("\n\n");
  if (blank == bytes.npos) return no_note("there is no blank line before signatures");
  SignedNote note;
  note.text = bytes.substr(0, blank + 1);
  for (std::string_view rest = bytes.substr(blank + 2); !rest.empty();) {
    const std::size_t end = rest.find('\n');
    auto signature = parse_signature(rest.substr(0, end));
    if (!signature) return std::move(signature).error();
    note.signatures.push_back(std::move(*signature));
    rest.remove_prefix(end + 1);
    if (note.signatures.size() > kSignaturesMax) return no_note("it has over 100 signatures");
  }
  if (note.signatures.empty()) return no_note("nothing signs it");
  return note;
}

std::string to_bytes(const SignedNote& note) {
  std::string out = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    out += std::string(kDash) + signature.name + " " +
           to_base64(from_hex(signature.hash).value_or("") + signature.signature) + "\n";
  }
  return out;
}

SignedNote sign_note(std::string text, const SignerKey& key) {
  CHECK(is_note_text(text) && is_key_name(key.name));
  const std::string signature(ed25519_sign(key.seed, text).view());
  return {std::move(text), {{key.name, key.verifier().hash(), signature}}};
}

Status verify_note(const SignedNote& note, const VerifierKey& key) {
  bool found = false;
  for (const NoteSignature& line : note.signatures) {
    if (line.name != key.name || line.hash != key.hash()) continue;
    const auto signature = Ed25519Signature::from_bytes(line.signature);
    if (!signature || !ed25519_verify(key.public_key, note.text, *signature)) {
      return Error{Errc::corruption, "the signature of " + key.id() + " is not of this text"};
    }
    found = true;
  }
  if (!found) return Error{Errc::not_found, "it is not signed by " + key.id()};
  return {};
}

}  // namespace ntt::events
