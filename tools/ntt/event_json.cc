// The JSON that `ntt log` and `ntt show` print; docs/json.md describes it.

#include "tools/ntt/event_json.h"

#include "events/batch.h"
#include "events/bytes.h"

namespace ntt::tools {

using events::Entry;
using events::Errc;
using events::Error;
using events::Event;
using events::Nanos;
using events::Status;

namespace {

Json json_of_nanos(const std::optional<Nanos>& time) {
  return time ? Json(text_of_nanos(time)) : Json(nullptr);
}

Json json_of_entry(const Entry& entry, std::uint64_t ordinal, std::uint32_t volume) {
  Json json;
  json["ordinal"] = ordinal;
  json["volume"] = volume;
  json["type"] = std::string(1, static_cast<char>(entry.type));
  json["allocated"] = entry.allocated;
  json["device"] = entry.device;
  json["inode"] = entry.inode;
  json["link_count"] = entry.link_count;
  json["size"] = entry.size;
  json["mode"] = entry.mode;
  json["uid"] = entry.uid;
  json["gid"] = entry.gid;
  json["modify_time"] = json_of_nanos(entry.modify_time);
  json["access_time"] = json_of_nanos(entry.access_time);
  json["change_time"] = json_of_nanos(entry.change_time);
  json["birth_time"] = json_of_nanos(entry.birth_time);
  json["path"] = events::escape_bytes(entry.path);
  json["symlink_target"] = events::escape_bytes(entry.symlink_target);
  json["error_number"] = entry.error_number;
  json["error_message"] = events::escape_bytes(entry.error_message);
  return json;
}

Status visit_entries(const std::string& attachment, const std::function<void(const Json&)>& visit) {
  auto batch = events::decode_entry_batch(attachment);
  if (!batch) return batch.error();
  std::uint64_t ordinal = batch->first_ordinal.value;
  for (const auto& entry : batch->entries) {
    visit(json_of_entry(entry, ordinal++, batch->volume.value));
  }
  return {};
}

Status visit_decisions(const std::string& attachment,
                       const std::function<void(const Json&)>& visit) {
  auto batch = events::decode_load_batch(attachment);
  if (!batch) return batch.error();
  for (const auto& decision : batch->decisions) {
    visit({{"ordinal", decision.ordinal.value},
           {"rule", json_of(decision.rule)},
           {"same_inode_as",
            decision.same_inode_as ? Json(decision.same_inode_as->value) : Json(nullptr)}});
  }
  return {};
}

Status visit_copies(const std::string& attachment, const std::function<void(const Json&)>& visit) {
  auto batch = events::decode_copy_batch(attachment);
  if (!batch) return batch.error();
  for (const auto& record : batch->records) {
    visit({{"ordinal", record.ordinal.value},
           {"outcome", events::to_string(record.outcome)},
           {"blob", record.blob.is_zero() ? Json(nullptr) : Json(record.blob.hex())},
           {"size_read", record.size_read},
           {"error_type", events::to_string(record.error_type)},
           {"error_message", events::escape_bytes(record.error_message)},
           {"processed_at", record.processed_at ? json_of(*record.processed_at) : Json(nullptr)},
           {"mime_type", record.mime_type.empty() ? Json(nullptr)
                                                  : Json(events::escape_bytes(record.mime_type))}});
  }
  return {};
}

Status visit_checks(const std::string& attachment, const std::function<void(const Json&)>& visit) {
  auto batch = events::decode_verify_batch(attachment);
  if (!batch) return batch.error();
  for (const auto& record : batch->records) {
    visit({{"blob", record.blob.hex()},
           {"outcome", events::to_string(record.outcome)},
           {"size", record.size},
           {"error_message", events::escape_bytes(record.error_message)}});
  }
  return {};
}

}  // namespace

std::string text_of_nanos(const std::optional<Nanos>& time) {
  if (!time) return "";
  constexpr Nanos kSecond = 1'000'000'000;
  Nanos rest = *time % kSecond;
  if (rest < 0) rest += kSecond;
  const Nanos seconds = (*time - rest) / kSecond;
  std::string text = events::to_rfc3339({seconds * 1'000'000});
  std::string digits = std::to_string(rest);
  digits.insert(0, 9 - digits.size(), '0');
  text.replace(text.find('.') + 1, std::string::npos, digits);
  return text;
}

Json json_of(const Event& event) {
  Json json;
  json["seq"] = event.seq.value;
  json["id"] = events::to_uuid_string(event.id);
  json["type"] = event.type;
  json["version"] = event.version;
  json["medium"] = event.medium.empty() ? Json(nullptr) : Json(event.medium.text);
  json["occurred_at"] = json_of(event.occurred_at);
  json["recorded_at"] = json_of(event.recorded_at);
  json["origin"] = events::to_string(event.origin);
  json["run"] = event.run.is_zero() ? Json(nullptr) : Json(events::to_uuid_string(event.run));
  json["cause"] = event.cause ? Json(event.cause.value) : Json(nullptr);
  json["actor"] = {{"host", events::escape_bytes(event.actor.host)},
                   {"user", events::escape_bytes(event.actor.user)},
                   {"program", events::escape_bytes(event.actor.program)}};
  json["data"] = Json::parse(event.data, nullptr, false);
  json["attachment_bytes"] = event.attachment_bytes;
  return json;
}

Status visit_records(const Event& event, const std::string& attachment,
                     const std::function<void(const Json&)>& visit) {
  if (event.type == "enum_batch") return visit_entries(attachment, visit);
  if (event.type == "load_batch") return visit_decisions(attachment, visit);
  if (event.type == "copy_batch") return visit_copies(attachment, visit);
  if (event.type == "verify_batch") return visit_checks(attachment, visit);
  return Error{Errc::invalid, "event " + std::to_string(event.seq.value) + " is a " + event.type +
                                  ", which has no batch; enum_batch, load_batch, copy_batch and " +
                                  "verify_batch have one"};
}

}  // namespace ntt::tools
