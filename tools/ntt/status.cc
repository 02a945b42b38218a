// ntt status: every medium, its stages, what is interrupted, what to do next.

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "events/bytes.h"
#include "projector/medium_row.h"
#include "tools/ntt/media.h"
#include "tools/ntt/medium_json.h"
#include "tools/ntt/standing.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Errc;
using events::RunId;
using projector::MediumState;
using projector::PartialFold;

namespace {

struct StatusOptions {
  std::string medium;
  bool json = false;
};

// How much of their ids, which begin the rows, tells the media apart: eight characters or more.
std::size_t telling_length(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::string_view> ids;
  ids.reserve(rows.size());
  for (const auto& row : rows) ids.push_back(row.front());
  std::sort(ids.begin(), ids.end());
  std::size_t length = 8;
  for (std::size_t i = 1; i < ids.size(); ++i) {
    const auto differ =
        std::mismatch(ids[i].begin(), ids[i].end(), ids[i - 1].begin(), ids[i - 1].end());
    length = std::max(length, static_cast<std::size_t>(differ.first - ids[i].begin()) + 1);
  }
  return length;
}

std::vector<std::string> row_of(const PartialFold& fold, const RunId& running) {
  const MediumState& medium = fold.state;
  std::vector<std::string> row = {
      medium.medium.text, cut(events::escape_bytes(medium.medium_human), 32),
      medium.size ? human_bytes(*medium.size) : "-", medium.health.empty() ? "-" : medium.health,
      standing_of(medium, running).word};
  for (const auto& stage : stage_names()) row.push_back(stage_standing(medium, stage, running));
  row.push_back(fold.stop ? "stopped before event " + std::to_string(fold.stop->at.value) + ": " +
                                remedy(fold.stop->at)
                          : next_step(medium, running));
  return row;
}

void print_table(std::vector<std::vector<std::string>> rows, bool color) {
  std::vector<std::string> heading = {"medium", "name", "size", "health", "state"};
  for (const auto& stage : stage_names()) heading.push_back(stage);
  heading.emplace_back("next");
  Table table(std::move(heading));
  const std::size_t length = telling_length(rows);
  for (auto& row : rows) {
    row.front().resize(std::min(row.front().size(), length));
    table.add(std::move(row));
  }
  std::cout << table.text(color);
}

// `basis`: of an adopted time, what it rests on.
void print_stamp(const char* name, const std::optional<projector::Stamp>& stamp,
                 const std::string& basis = "") {
  std::cout << name;
  if (stamp) {
    std::cout << events::to_rfc3339(stamp->at) << "  event " << stamp->seq.value;
  } else {
    std::cout << "-";
  }
  if (!basis.empty() && basis != "native") std::cout << "  (" << basis << ")";
  std::cout << "\n";
}

void print_standing(const Standing& standing) {
  std::cout << "state         " << standing.word;
  if (!standing.stage.empty()) std::cout << ": " << standing.stage;
  if (standing.when) std::cout << " at " << events::to_rfc3339(*standing.when);
  if (!standing.why.empty()) std::cout << ": " << standing.why;
  std::cout << "\n";
}

void print_counts(const MediumState& medium) {
  if (medium.load) {
    std::cout << "entries       " << with_commas(medium.load->path_count) << " paths, "
              << with_commas(medium.load->inode_count) << " inodes, "
              << with_commas(medium.load->excluded_count) << " paths excluded, "
              << with_commas(medium.load->non_file_count) << " inodes that are no regular file\n";
  }
  if (medium.copy) {
    std::cout << "files         " << with_commas(medium.copy->new_blobs) << " stored, "
              << with_commas(medium.copy->duplicate) << " duplicate, "
              << with_commas(medium.copy->partial) << " partly readable, "
              << with_commas(medium.copy->failed) << " failed; " << human_bytes(medium.copy->bytes)
              << " read\n";
  }
}

void print_volumes(const MediumState& medium, bool color) {
  if (!medium.manifest) return;
  Table table({"volume", "offset", "length", "filesystem", "label", "outcome", "entries", ""});
  for (const auto& volume : medium.manifest->volumes) {
    table.add({std::to_string(volume.volume), std::to_string(volume.offset),
               human_bytes(volume.length), volume.filesystem, volume.label, volume.outcome,
               with_commas(volume.entries), volume.message});
  }
  if (!table.is_empty()) std::cout << "\n" << table.text(color);
}

void print_claims(const MediumState& medium, bool color) {
  Table table({"claimed", "event", "started", "ended", "event", "outcome", ""});
  for (const auto& claim : medium.claims) {
    table.add({claim.stage, std::to_string(claim.start_seq.value),
               events::to_rfc3339(claim.started_at),
               claim.end ? events::to_rfc3339(claim.end->at) : "-",
               claim.end ? std::to_string(claim.end->seq.value) : "-",
               claim.outcome.empty() ? "no end" : claim.outcome,
               claim.error + (claim.message.empty() ? "" : ": " + claim.message)});
  }
  if (!table.is_empty()) std::cout << "\n" << table.text(color);
}

void print_attempts(const MediumState& medium, const RunId& running, bool color) {
  Table table({"stage", "event", "started", "ended", "event", "outcome", ""});
  for (const auto& attempt : medium.attempts) {
    const bool is_running = !running.is_zero() && attempt.run == running;
    std::string why = attempt.error;
    if (!attempt.message.empty()) why += (why.empty() ? "" : ": ") + attempt.message;
    table.add({attempt.stage, std::to_string(attempt.start_seq.value),
               events::to_rfc3339(attempt.started_at),
               attempt.end ? events::to_rfc3339(attempt.end->at) : "-",
               attempt.end ? std::to_string(attempt.end->seq.value) : "-",
               !attempt.outcome.empty() ? attempt.outcome
               : is_running             ? "running"
                                        : "interrupted",
               why});
  }
  if (!table.is_empty()) std::cout << "\n" << table.text(color);
}

void print_one(const PartialFold& fold, const RunId& running, bool color) {
  const MediumState& medium = fold.state;
  std::cout << "medium        " << medium.medium.text << "\n"
            << "name          " << events::escape_bytes(medium.medium_human) << "\n";
  if (!medium.message.empty()) {
    std::cout << "label         " << events::escape_bytes(medium.message) << "\n";
  }
  std::cout << "source        " << medium.source_kind << " "
            << events::escape_bytes(medium.source_path) << "\n";
  if (medium.size) {
    std::cout << "size          " << human_bytes(*medium.size) << " (" << *medium.size
              << " bytes)\n";
  }
  std::cout << "health        " << (medium.health.empty() ? "-" : medium.health) << "\n";
  print_standing(standing_of(medium, running));
  std::cout << "generation    " << medium.generation << "\n";
  print_stamp("added_at      ", medium.added_at);
  print_stamp("enum_done     ", medium.enum_done, projector::enum_done_basis(medium));
  print_stamp("copy_done     ", medium.copy_done, projector::copy_done_basis(medium));
  print_stamp("archive_done  ", medium.archive_done);
  print_stamp("verify_done   ", medium.verify_done);
  if (medium.image_deleted) print_stamp("image deleted ", medium.image_deleted);
  print_counts(medium);
  for (const auto& problem : medium.problems) std::cout << "problem       " << problem << "\n";
  if (fold.stop) {
    std::cout << "stopped       before event " << fold.stop->at.value << ": " << fold.stop->reason
              << "\n";
  }
  const std::string next = fold.stop ? remedy(fold.stop->at) : next_step(medium, running);
  std::cout << "next          " << (next.empty() ? "nothing" : next) << "\n";
  print_volumes(medium, color);
  print_attempts(medium, running, color);
  print_claims(medium, color);
}

int run(Context& context, const StatusOptions& options) {
  auto log = open_log_for_reading(context.settings);
  if (!log && log.error().code == Errc::not_found && options.medium.empty()) {
    if (!options.json) std::cout << "No media yet. `ntt run --image FILE` takes one in.\n";
    return kDone;
  }
  if (!log) return fail(log.error());
  std::optional<events::MediumId> only;
  if (!options.medium.empty()) {
    auto found = find_medium(**log, options.medium);
    if (!found) return fail(found.error());
    only = *found;
  }
  const RunId running = running_now(context.settings, **log);
  const bool color = wants_color(context.settings.color, STDOUT_FILENO);
  std::vector<std::vector<std::string>> rows;
  auto visited = visit_media(**log, only, [&](const PartialFold& fold) {
    if (options.json) {
      print_json(json_of(fold, running));
    } else if (only) {
      print_one(fold, running, color);
    } else {
      rows.push_back(row_of(fold, running));
    }
  });
  if (!visited) return fail(visited.error());
  if (!options.json && !only) print_table(std::move(rows), color);
  return kDone;
}

}  // namespace

Command status_command() {
  auto options = std::make_shared<StatusOptions>();
  Command command;
  command.name = "status";
  command.summary = "Every medium, its stages, what is interrupted, what to do next";
  command.examples =
      "  ntt status                 all media (needs no database)\n"
      "  ntt status 8e61cad2        one of them: timestamps, volumes, attempts\n"
      "  ntt status --json | jq -r 'select(.state == \"failed\") | .medium, .state_why'";
  command.options = {
      {"medium", &options->medium, "MEDIUM", "its hash, or four or more digits of it", false, {}},
      {"--json", &options->json, "", "one JSON object a line", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
