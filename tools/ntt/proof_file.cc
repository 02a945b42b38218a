// Proofs as JSON and back.

#include "tools/ntt/proof_file.h"

#include <set>

#include "events/bytes.h"
#include "tools/ntt/json.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::MerklePath;
using events::Result;
using events::Salt;
using events::Sha256Digest;

namespace {

constexpr int kProofFormat = 1;  // never reuse a number

std::string hex_of(const Salt& salt) {
  return events::to_hex({reinterpret_cast<const char*>(salt.data()), salt.size()});
}

Json json_of_proof(const MerklePath& path) {
  Json out = Json::array();
  for (const Sha256Digest& hash : path) out.push_back(hash.hex());
  return out;
}

Json json_of_proof(const InclusionProof& proof) {
  Json attachment;
  if (proof.attachment) {
    attachment = {{"salt", hex_of(proof.attachment->salt)},
                  {"bytes", events::to_base64(proof.attachment->bytes)}};
  }
  return {{"ntt_proof", kProofFormat},
          {"kind", "inclusion"},
          {"envelope", events::to_base64(proof.envelope)},
          {"data_salt", hex_of(proof.data_salt)},
          {"data", events::to_base64(proof.data)},
          {"attachment", attachment},
          {"path", json_of_proof(proof.path)},
          {"checkpoint", proof.checkpoint}};
}

Json json_of_proof(const ConsistencyProof& proof) {
  return {{"ntt_proof", kProofFormat},
          {"kind", "consistency"},
          {"from_checkpoint", proof.from_checkpoint},
          {"path", json_of_proof(proof.path)},
          {"checkpoint", proof.checkpoint}};
}

// Takes an object's members out one by one. The first that is not as it should be is remembered.
class Members {
 public:
  Members(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) problem_ = where_ + " is no JSON object";
  }

  // A null Json if it is missing.
  Json take(const char* key) {
    if (!problem_.empty()) return {};
    taken_.insert(key);
    const auto found = object_.find(key);
    if (found != object_.end()) return *found;
    wrong(key, "is missing");
    return {};
  }

  std::string text(const char* key) {
    const Json value = take(key);
    if (!value.is_string()) return wrong(key, "is no string");
    return value.get<std::string>();
  }
  std::string base64(const char* key) {
    auto bytes = events::from_base64(text(key));
    return bytes ? *bytes : wrong(key, "is not base64");
  }
  Salt salt(const char* key) {
    const auto bytes = from_lower_hex(text(key));
    Salt out{};
    if (bytes.size() != out.size()) {
      wrong(key, "is not 16 bytes in lower-case hex");
      return out;
    }
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(bytes[i]);
    return out;
  }
  MerklePath path(const char* key) {
    MerklePath out;
    const Json list = take(key);
    if (!list.is_array()) wrong(key, "is no list");
    for (const Json& item : list) {
      const auto hash =
          item.is_string() ? Sha256Digest::from_bytes(from_lower_hex(item)) : std::nullopt;
      if (!hash) wrong(key, "has a member that is not 32 bytes in lower-case hex");
      out.push_back(hash.value_or(Sha256Digest{}));
    }
    return out;
  }

  std::string wrong(const char* key, const char* what) {
    if (problem_.empty()) problem_ = where_ + "'s \"" + key + "\" " + what;
    return "";
  }

  // "" if all were there, as they should be, and there is no other.
  std::string problem() {
    for (const auto& item : object_.items()) {
      if (problem_.empty() && taken_.count(item.key()) == 0) {
        problem_ = where_ + " has a member \"" + events::escape_bytes(item.key()) +
                   "\", which this program does not know";
      }
    }
    return problem_;
  }

 private:
  // "" for anything else.
  static std::string from_lower_hex(const std::string& text) {
    const auto bytes = events::from_hex(text);
    return bytes && events::to_hex(*bytes) == text ? *bytes : "";
  }

  const Json& object_;
  std::string where_;
  std::set<std::string> taken_;
  std::string problem_;
};

Error not_a_proof(const std::string& why) {
  return {Errc::invalid, "this is no proof that ntt made: " + why};
}

// A key twice in one object means two things to two readers.
bool has_repeated_key(std::string_view text) {
  std::vector<std::set<std::string>> open;
  bool repeated = false;
  const auto watch = [&](int /*depth*/, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end && !open.empty()) open.pop_back();
    if (event == Json::parse_event_t::key && !open.empty()) {
      repeated |= !open.back().insert(parsed.get<std::string>()).second;
    }
    return true;
  };
  const Json ignored = Json::parse(text, watch, /*allow_exceptions=*/false);
  return repeated || ignored.is_discarded();
}

Result<Proof> read_inclusion(Members& members) {
  InclusionProof proof;
  proof.envelope = members.base64("envelope");
  proof.data_salt = members.salt("data_salt");
  proof.data = members.base64("data");
  const Json attachment = members.take("attachment");
  if (!attachment.is_null()) {
    Members parts(attachment, "the attachment");
    proof.attachment = ProvenAttachment{parts.salt("salt"), parts.base64("bytes")};
    if (auto problem = parts.problem(); !problem.empty()) return not_a_proof(problem);
  }
  proof.path = members.path("path");
  proof.checkpoint = members.text("checkpoint");
  if (auto problem = members.problem(); !problem.empty()) return not_a_proof(problem);
  return Proof(std::move(proof));
}

Result<Proof> read_consistency(Members& members) {
  ConsistencyProof proof;
  proof.from_checkpoint = members.text("from_checkpoint");
  proof.path = members.path("path");
  proof.checkpoint = members.text("checkpoint");
  if (auto problem = members.problem(); !problem.empty()) return not_a_proof(problem);
  return Proof(std::move(proof));
}

}  // namespace

std::string to_text(const Proof& proof) {
  const Json json = std::visit([](const auto& kind) { return json_of_proof(kind); }, proof);
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Proof> parse_proof(std::string_view text) {
  if (has_repeated_key(text)) return not_a_proof("it is not JSON, or says something twice");
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  Members members(json, "it");
  const Json format = members.take("ntt_proof");
  if (!format.is_number_integer() || format != kProofFormat) {
    members.wrong("ntt_proof", "is not 1, the only format of proofs that this program knows");
  }
  const std::string kind = members.text("kind");
  if (kind == "inclusion") return read_inclusion(members);
  if (kind == "consistency") return read_consistency(members);
  members.wrong("kind", "is neither inclusion nor consistency");
  return not_a_proof(members.problem());
}

}  // namespace ntt::tools
