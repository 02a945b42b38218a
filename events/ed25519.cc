// Ed25519 through OpenSSL's EVP interface.

#include "events/ed25519.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include <memory>

namespace ntt::events {

namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Key private_key(const Ed25519Seed& seed) {
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.bytes.data(), seed.kSize));
  CHECK(key != nullptr);
  return key;
}

}  // namespace

Ed25519Seed new_ed25519_seed() {
  Ed25519Seed seed;
  CHECK(getrandom(seed.bytes.data(), seed.kSize, 0) == static_cast<ssize_t>(seed.kSize));
  return seed;
}

Ed25519PublicKey ed25519_public_key(const Ed25519Seed& seed) {
  const Key key = private_key(seed);
  Ed25519PublicKey out;
  std::size_t size = out.kSize;
  CHECK(EVP_PKEY_get_raw_public_key(key.get(), out.bytes.data(), &size) == 1 && size == out.kSize);
  return out;
}

Ed25519Signature ed25519_sign(const Ed25519Seed& seed, std::string_view message) {
  const Key key = private_key(seed);
  const Context context(EVP_MD_CTX_new());
  CHECK(context != nullptr);
  CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  Ed25519Signature out;
  std::size_t size = out.kSize;
  CHECK(EVP_DigestSign(context.get(), out.bytes.data(), &size, bytes_of(message), message.size()) ==
        1);
  CHECK(size == out.kSize);
  return out;
}

bool ed25519_verify(const Ed25519PublicKey& key, std::string_view message,
                    const Ed25519Signature& signature) {
  const Key public_key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.kSize));
  const Context context(EVP_MD_CTX_new());
  if (public_key == nullptr || context == nullptr) return false;
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.bytes.data(), signature.kSize, bytes_of(message),
                          message.size()) == 1;
}

}  // namespace ntt::events
