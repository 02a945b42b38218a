// The JSON that `ntt status --json` prints; docs/json.md describes it.

#include "tools/ntt/medium_json.h"

#include "events/bytes.h"
#include "projector/medium_row.h"
#include "tools/ntt/media.h"
#include "tools/ntt/standing.h"

namespace ntt::tools {

using projector::MediumState;
using projector::Stamp;

namespace {

Json json_of_stamp(const std::optional<Stamp>& stamp) {
  return stamp ? json_of(stamp->at) : Json(nullptr);
}
Json json_of_seq(const std::optional<Stamp>& stamp) {
  return stamp ? Json(stamp->seq.value) : Json(nullptr);
}
Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json volumes_of(const MediumState& medium) {
  Json volumes = Json::array();
  if (!medium.manifest) return volumes;
  for (const auto& volume : medium.manifest->volumes) {
    volumes.push_back({{"volume", volume.volume},
                       {"offset", volume.offset},
                       {"length", volume.length},
                       {"table", volume.table},
                       {"description", volume.description},
                       {"filesystem", volume.filesystem},
                       {"label", volume.label},
                       {"uuid", volume.uuid},
                       {"outcome", volume.outcome},
                       {"message", volume.message},
                       {"time_basis", volume.time_basis},
                       {"entries", volume.entries},
                       {"bytes", volume.bytes},
                       {"unreadable", volume.unreadable},
                       {"other_streams", volume.other_streams}});
  }
  return volumes;
}

Json attempts_of(const std::vector<projector::StageAttempt>& list) {
  Json attempts = Json::array();
  for (const auto& attempt : list) {
    attempts.push_back({{"stage", attempt.stage},
                        {"start_seq", attempt.start_seq.value},
                        {"started_at", json_of(attempt.started_at)},
                        {"run", events::to_uuid_string(attempt.run)},
                        {"ended_at", json_of_stamp(attempt.end)},
                        {"end_seq", json_of_seq(attempt.end)},
                        {"outcome", text_or_null(attempt.outcome)},
                        {"error", text_or_null(attempt.error)},
                        {"message", text_or_null(attempt.message)}});
  }
  return attempts;
}

Json counts_of(const MediumState& medium) {
  Json counts = Json::object();
  if (medium.load) {
    counts["paths"] = medium.load->path_count;
    counts["inodes"] = medium.load->inode_count;
    counts["excluded_paths"] = medium.load->excluded_count;
    counts["non_file_inodes"] = medium.load->non_file_count;
    counts["files"] = medium.load->file_count;
    counts["file_bytes"] = medium.load->file_bytes;
  }
  if (medium.copy) {
    counts["stored"] = medium.copy->new_blobs;
    counts["duplicate"] = medium.copy->duplicate;
    counts["partial"] = medium.copy->partial;
    counts["failed"] = medium.copy->failed;
    counts["bytes_read"] = medium.copy->bytes;
  }
  return counts;
}

}  // namespace

Json json_of(const projector::PartialFold& fold, const events::RunId& running) {
  const MediumState& medium = fold.state;
  Json json;
  json["medium"] = medium.medium.text;
  json["medium_human"] = events::escape_bytes(medium.medium_human);
  json["label"] = text_or_null(events::escape_bytes(medium.message));
  json["source_kind"] = medium.source_kind;
  json["source_path"] = events::escape_bytes(medium.source_path);
  json["image_path"] =
      medium.image_path ? Json(events::escape_bytes(*medium.image_path)) : Json(nullptr);
  json["image_deleted_at"] = json_of_stamp(medium.image_deleted);
  json["image_deleted_seq"] = json_of_seq(medium.image_deleted);
  json["size"] = json_of(medium.size);
  json["health"] = text_or_null(medium.health);
  const Standing standing = standing_of(medium, running);
  json["state"] = standing.word;
  json["state_stage"] = text_or_null(standing.stage);
  json["state_at"] = standing.when ? json_of(*standing.when) : Json(nullptr);
  json["state_why"] = text_or_null(standing.why);
  json["generation"] = medium.generation;
  const std::pair<const char*, const std::optional<Stamp>*> stamps[] = {
      {"added_at", &medium.added_at},
      {"enum_done", &medium.enum_done},
      {"copy_done", &medium.copy_done},
      {"archive_done", &medium.archive_done},
      {"verify_done", &medium.verify_done}};
  for (const auto& [name, stamp] : stamps) {
    json[name] = json_of_stamp(*stamp);
    json[std::string(name) + "_seq"] = json_of_seq(*stamp);
  }
  json["enum_done_basis"] = text_or_null(projector::enum_done_basis(medium));
  json["copy_done_basis"] = text_or_null(projector::copy_done_basis(medium));
  Json stages = Json::object();
  for (const auto& stage : stage_names()) stages[stage] = stage_standing(medium, stage, running);
  json["stages"] = stages;
  json["counts"] = counts_of(medium);
  json["problems"] = medium.problems;
  json["stopped_before"] = fold.stop ? Json(fold.stop->at.value) : Json(nullptr);
  json["stopped_why"] = fold.stop ? Json(fold.stop->reason) : Json(nullptr);
  json["next"] = text_or_null(fold.stop ? remedy(fold.stop->at) : next_step(medium, running));
  json["last_seq"] = medium.last_seq.value;
  json["volumes"] = volumes_of(medium);
  json["attempts"] = attempts_of(medium.attempts);
  json["claims"] = attempts_of(medium.claims);
  return json;
}

Json json_of(const std::vector<projector::UnfoldedEvent>& unfolded) {
  Json list = Json::array();
  for (const projector::UnfoldedEvent& event : unfolded) {
    list.push_back({{"event", event.seq.value},
                    {"lacking", to_string(event.lacking)},
                    {"medium", text_or_null(event.medium.text)},
                    {"reason", event.reason}});
  }
  return list;
}

}  // namespace ntt::tools
