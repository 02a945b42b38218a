// Ed25519 signatures (RFC 8032), by OpenSSL.

#pragma once

#include <string_view>

#include "events/types.h"

namespace ntt::events {

// From the system's random source.
Ed25519Seed new_ed25519_seed();

Ed25519PublicKey ed25519_public_key(const Ed25519Seed& seed);

// The same message and key always give the same signature.
Ed25519Signature ed25519_sign(const Ed25519Seed& seed, std::string_view message);

bool ed25519_verify(const Ed25519PublicKey& key, std::string_view message,
                    const Ed25519Signature& signature);

}  // namespace ntt::events
