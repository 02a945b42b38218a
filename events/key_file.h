// The files of a signing key: the key itself, for its owner alone, and beside it the verifier key.
//
// DIRECTORY/STEM.key holds SignerKey::text(), mode 0600; DIRECTORY/STEM.vkey VerifierKey::text(),
// mode 0644; a newline ends each. The directory is made with mode 0700.

#pragma once

#include <filesystem>

#include "events/note.h"

namespace ntt::events {

// The key of that name, made on first use; processes that make it at the same time end with one.
// Errors: invalid (others may read the key or put another in its place; it is another user's),
// corruption (a file is no key, is a key of another name, or the two do not belong together), io.
Result<SignerKey> load_or_make_key(const std::filesystem::path& directory, const std::string& stem,
                                   const std::string& name);

// The verifier key beside it, nothing if there is none. Errc::corruption if the file is no key.
Result<std::optional<VerifierKey>> find_verifier_key(const std::filesystem::path& directory,
                                                     const std::string& stem);

}  // namespace ntt::events
