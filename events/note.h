// Signed notes (c2sp.org/signed-note): a text, a blank line, and lines that are signatures of it.
//
// Pure: no files, no clock. Only Ed25519 signatures (type 1) are made and checked; other lines are
// kept and passed over, as the specification wants it.
//
// Format: see PROOFS.md.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "events/types.h"

namespace ntt::events {

constexpr std::size_t kNoteBytesMax = 1U << 20U;  // a longer note is refused

// A public key with its name. What a name may be: not empty, UTF-8, no space, no control, no '+'.
struct VerifierKey {
  std::string name;
  Ed25519PublicKey public_key;

  // 8 hex digits: the first 4 bytes of SHA-256(name, 0A, 01, public key).
  [[nodiscard]] std::string hash() const;
  // "name+hash", which names the key in messages and events.
  [[nodiscard]] std::string id() const { return name + "+" + hash(); }
  // "name+hash+base64(01, public key)": what a verifier is given.
  [[nodiscard]] std::string text() const;
  bool operator==(const VerifierKey&) const = default;
};
// Errc::invalid unless text() would write exactly this.
Result<VerifierKey> parse_verifier_key(std::string_view text);

struct SignerKey {
  std::string name;
  Ed25519Seed seed;

  [[nodiscard]] VerifierKey verifier() const;
  // "PRIVATE+KEY+name+hash+base64(01, seed)", as golang.org/x/mod/sumdb/note writes it.
  [[nodiscard]] std::string text() const;
};
Result<SignerKey> parse_signer_key(std::string_view text);

bool is_key_name(std::string_view name);

struct NoteSignature {
  std::string name;
  std::string hash;       // of the key, 8 hex digits
  std::string signature;  // raw bytes; of an Ed25519 key 64
  bool operator==(const NoteSignature&) const = default;
};

struct SignedNote {
  std::string text;  // ends in a newline, which is signed
  std::vector<NoteSignature> signatures;
  bool operator==(const SignedNote&) const = default;
};

// Errc::invalid for what is no signed note: at most a megabyte and 100 signatures, one or more.
Result<SignedNote> parse_note(std::string_view bytes);
std::string to_bytes(const SignedNote& note);

// `text` must end in a newline and be UTF-8 without other control characters (CHECK).
SignedNote sign_note(std::string text, const SignerKey& key);

// Errors: not_found (no signature names this key), corruption (one that does is not of this text).
Status verify_note(const SignedNote& note, const VerifierKey& key);

}  // namespace ntt::events
