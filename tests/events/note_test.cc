// Keys, signed notes and checkpoints are those of RFC 8032, golang.org/x/mod and c2sp.org.

#include "events/note.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "events/bytes.h"
#include "events/checkpoint_note.h"
#include "events/ed25519.h"
#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::events {
namespace {

// RFC 8032 section 7.1, tests 1, 2, 3 and SHA(abc).
struct Ed25519Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};
const Ed25519Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "b"
     "bd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
     "0"
     "303dca179c138ac17ad9bef1177331a704"}};

TEST(Ed25519, GivesTheVectorsOfRfc8032) {
  for (const Ed25519Vector& vector : kVectors) {
    const auto seed = *Ed25519Seed::from_hex(vector.seed);
    const std::string message = *from_hex(vector.message);
    const auto key = ed25519_public_key(seed);
    EXPECT_EQ(key.hex(), vector.public_key);
    const auto signature = ed25519_sign(seed, message);
    EXPECT_EQ(signature.hex(), vector.signature);
    EXPECT_TRUE(ed25519_verify(key, message, signature));
  }
}

TEST(Ed25519, EveryFlippedBitIsRefused) {
  const auto seed = new_ed25519_seed();
  const auto key = ed25519_public_key(seed);
  const auto signature = ed25519_sign(seed, "message");
  for (std::size_t bit = 0; bit < 512; ++bit) {
    auto flipped = signature;
    flipped.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_FALSE(ed25519_verify(key, "message", flipped));
    auto other = key;
    other.bytes[bit / 16] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_FALSE(ed25519_verify(other, "message", signature));
  }
  EXPECT_FALSE(ed25519_verify(key, "massage", signature));
}

// The example of golang.org/x/mod/sumdb/note.
const std::string kVerifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const std::string kSigner =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const std::string kEnoch = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const std::string kText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
const std::string kPeterLine =
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM=\n";
const std::string kEnochLine =
    "\u2014 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWL"
    "ox33WWd1RvMc+QQ=\n";

TEST(Note, SigningGivesTheNoteThatGoPublishes) {
  const auto key = parse_signer_key(kSigner).value();
  EXPECT_EQ(key.verifier().text(), kVerifier);
  EXPECT_EQ(key.text(), kSigner);
  EXPECT_EQ(to_bytes(sign_note(kText, key)), kText + "\n" + kPeterLine);
}

TEST(Note, NoteOfTwoSignersIsVerifiedByEachOfThem) {
  const auto note = parse_note(kText + "\n" + kPeterLine + kEnochLine).value();
  EXPECT_EQ(note.text, kText);
  EXPECT_TRUE(verify_note(note, parse_verifier_key(kVerifier).value()));
  EXPECT_TRUE(verify_note(note, parse_verifier_key(kEnoch).value()));
  EXPECT_EQ(to_bytes(note), kText + "\n" + kPeterLine + kEnochLine);
}

TEST(Note, OneThatTheKeyDidNotSignIsNotFoundAndABadSignatureIsCorruption) {
  const auto peter = parse_verifier_key(kVerifier).value();
  const auto other = parse_note(kText + "\n" + kEnochLine).value();
  EXPECT_EQ(verify_note(other, peter).error().code, Errc::not_found);
  auto changed = parse_note(kText + "\n" + kPeterLine).value();
  changed.text = "Another text.\n";
  EXPECT_EQ(verify_note(changed, peter).error().code, Errc::corruption);
  // One good signature does not excuse a bad one of the same key.
  auto twice = parse_note(kText + "\n" + kPeterLine + kPeterLine).value();
  EXPECT_TRUE(verify_note(twice, peter));
  twice.signatures[1].signature.back() ^= 1;
  EXPECT_EQ(verify_note(twice, peter).error().code, Errc::corruption);
  twice.signatures[1].signature.clear();
  EXPECT_EQ(verify_note(twice, peter).error().code, Errc::corruption);
}

TEST(Note, MalformedOnesAreRefused) {
  std::string many;
  for (int i = 0; i < 101; ++i) many += kPeterLine;
  const std::vector<std::string> bad = {
      "",
      kText,
      kText + "\n",
      kText + "\n" + kPeterLine.substr(0, kPeterLine.size() - 1),
      "\x01" + kText + "\n" + kPeterLine,
      "\xff" + kText + "\n" + kPeterLine,
      kText +
          "\n\u2014 Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
          "KvqfqdngotpRZb6KE6RyyBwJnAM=\n",
      kText + "\n" + kPeterLine + "Unexpected line.\n",
      kText + "\n- PeterNeumann x08go/ZJ\n",
      kText + "\n\u2014 PeterNeumann x08goA==\n",
      kText + "\n" + many,
      std::string(1U << 20U, 'a') + "\n\n" + kPeterLine,
  };
  for (const std::string& bytes : bad) EXPECT_FALSE(parse_note(bytes)) << bytes.substr(0, 300);
}

TEST(Note, WhatParsesIsWrittenBackAsItWas) {
  const auto holds = rc::check("to_bytes(parse_note(x)) == x", [] {
    std::string bytes = kText + "\n" + kPeterLine + kEnochLine;
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] = *rc::gen::arbitrary<char>();
    const auto note = parse_note(bytes);
    if (note) RC_ASSERT(to_bytes(*note) == bytes);
  });
  EXPECT_TRUE(holds);
}

TEST(VerifierKey, EveryMangledOneIsRefused) {
  EXPECT_EQ(parse_verifier_key(kVerifier).value().hash(), "c74f20a3");
  for (std::size_t i = 0; i < kVerifier.size(); ++i) {
    for (std::size_t j = i; j <= kVerifier.size(); ++j) {
      if (i == 0 && j == kVerifier.size()) continue;
      ASSERT_FALSE(parse_verifier_key(kVerifier.substr(i, j - i)));
    }
    std::string changed = kVerifier;
    changed[i] = static_cast<char>(changed[i] + 1);
    ASSERT_FALSE(parse_verifier_key(changed)) << changed;
  }
  EXPECT_FALSE(parse_verifier_key(
      "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="));
  EXPECT_FALSE(
      parse_verifier_key("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
}

TEST(SignerKey, EveryMangledOneIsRefusedAndNotRepeated) {
  for (std::size_t i = 0; i < kSigner.size(); ++i) {
    std::string changed = kSigner;
    changed[i] = static_cast<char>(changed[i] + 1);
    const auto key = parse_signer_key(changed);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().message.find("AYEKFAL"), std::string::npos) << "a secret in a message";
  }
}

TEST(VerifierKey, NamesHaveNoSpacesControlsOrPluses) {
  EXPECT_TRUE(is_key_name("ntt/0190b6b2"));
  EXPECT_TRUE(is_key_name("caf\u00e9"));
  for (const char* name : {"", "a b", "a+b", "a\tb", "a\u00a0b", "a\u2003b", "a\u3000b", "\xff"}) {
    EXPECT_FALSE(is_key_name(name)) << name;
  }
}

CheckpointNote some_checkpoint() {
  return {"ntt/00112233445566778899aabbccddeeff", 42, *Sha256Digest::from_hex(std::string(64, 'a')),
          ""};
}

TEST(CheckpointNote, IsThreeLinesAndComesBack) {
  const CheckpointNote checkpoint = some_checkpoint();
  const std::string text = to_note_text(checkpoint);
  EXPECT_EQ(text,
            "ntt/00112233445566778899aabbccddeeff\n42\n"
            "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n");
  EXPECT_EQ(parse_checkpoint({text, {}}).value(), checkpoint);
  // The example of c2sp.org/tlog-checkpoint.
  const auto published = parse_note(
      "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
      "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
      "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n");
  ASSERT_TRUE(published);
  EXPECT_EQ(parse_checkpoint(*published).value().size, 20852163U);
  const auto extended = parse_checkpoint({text + "more\n", {}});
  EXPECT_EQ(extended.value().extensions, "more\n");
}

TEST(CheckpointNote, EveryOtherTextIsRefused) {
  const std::string root = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n";
  const std::vector<std::string> texts = {"",
                                          "log\n",
                                          "log\n1\n",
                                          "\n1\n" + root,
                                          "log\n01\n" + root,
                                          "log\n+1\n" + root,
                                          "log\n-1\n" + root,
                                          "log\n\n" + root,
                                          "log\n1 \n" + root,
                                          "log\n18446744073709551616\n" + root,
                                          "log\n1\nqqqq\n",
                                          "log\n1\n\n",
                                          "log\n1\n" + root.substr(1),
                                          "log\n1\n" + root + "\n",
                                          "log\n1\n" + root + "a\n\nb\n",
                                          "log\n1\n" + root + "no end"};
  for (const std::string& text : texts) {
    EXPECT_FALSE(parse_checkpoint({text, {}})) << text;
  }
}

TEST(Note, OpensslVerifiesWhatWeSignAndWeWhatItSigns) {
  const tests::TempDir temp;
  const SignerKey key{"ntt/test", new_ed25519_seed()};
  const SignedNote note = sign_note(to_note_text(some_checkpoint()), key);
  // RFC 8410: the fixed beginnings of a public and a private Ed25519 key in DER.
  tests::write_file(temp / "public.der", *from_hex("302a300506032b6570032100") +
                                             std::string(key.verifier().public_key.view()));
  tests::write_file(temp / "private.der",
                    *from_hex("302e020100300506032b657004220420") + std::string(key.seed.view()));
  tests::write_file(temp / "text", note.text);
  tests::write_file(temp / "signature", note.signatures[0].signature);
  const auto openssl = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"openssl", "pkeyutl", "-rawin", "-in", temp / "text"});
    return tests::output_of(arguments);
  };
  EXPECT_NE(openssl({"-verify", "-pubin", "-keyform", "DER", "-inkey", temp / "public.der",
                     "-sigfile", temp / "signature"})
                .find("Signature Verified Successfully"),
            std::string::npos);
  EXPECT_EQ(openssl({"-sign", "-keyform", "DER", "-inkey", temp / "private.der"}),
            note.signatures[0].signature);
}

TEST(Base64, IsThatOfRfc4648AndTakesNoOtherSpelling) {
  for (const auto& [bytes, text] : std::map<std::string, std::string>{{"", ""},
                                                                      {"f", "Zg=="},
                                                                      {"fo", "Zm8="},
                                                                      {"foo", "Zm9v"},
                                                                      {"foob", "Zm9vYg=="},
                                                                      {"fooba", "Zm9vYmE="},
                                                                      {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text).value(), bytes);
  }
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "Zh==", "Zm9", "Zm9=", "Zm9v\n", "Zm-v", "=", "Z"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
  EXPECT_TRUE(rc::check("any bytes", [](const std::string& bytes) {
    RC_ASSERT(from_base64(to_base64(bytes)) == bytes);
  }));
}

}  // namespace
}  // namespace ntt::events
