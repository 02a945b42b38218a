// ntt reconcile: what lies on the disks against what the log says is there.

#include <iostream>
#include <map>
#include <memory>

#include "events/bytes.h"
#include "tools/ntt/context.h"
#include "tools/ntt/json.h"
#include "tools/ntt/progress.h"
#include "tools/ntt/reconcile_files.h"
#include "tools/ntt/reconcile_store.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Status;

namespace {

struct ReconcileOptions {
  bool rehash = false;
  bool json = false;
};

class Reconciliation {
 public:
  Reconciliation(Context& context, const ReconcileOptions& options, const events::Log& log)
      : context_(context), options_(options), log_(log) {}

  int run();

 private:
  Status look();
  void tell(const Discrepancy& discrepancy);
  void print_summary_object(std::uint64_t found) const;
  void print_summary(std::uint64_t found) const;

  Context& context_;
  const ReconcileOptions& options_;
  const events::Log& log_;
  StoreCounts store_;
  FileCounts files_;
  std::map<DiscrepancyKind, std::uint64_t> told_;
};

void Reconciliation::tell(const Discrepancy& discrepancy) {
  const DiscrepancyFacts& facts = facts_of(discrepancy.kind);
  told_[discrepancy.kind] += 1;
  const std::string path = events::escape_bytes(discrepancy.path);
  if (!options_.json) {
    std::cout << (facts.is_note ? "note" : "FOUND") << "  " << facts.name << "  " << path << ": "
              << events::escape_bytes(discrepancy.message);
    if (discrepancy.event) std::cout << " (event " << discrepancy.event.value << ")";
    std::cout << "\n";
    return;
  }
  Json json;
  json["kind"] = facts.name;
  json["note"] = facts.is_note;
  json["medium"] = discrepancy.medium.empty() ? Json(nullptr) : Json(discrepancy.medium);
  json["path"] = path;
  json["blob"] = discrepancy.blob ? Json(discrepancy.blob->hex()) : Json(nullptr);
  json["message"] = events::escape_bytes(discrepancy.message);
  json["event"] = discrepancy.event ? Json(discrepancy.event.value) : Json(nullptr);
  json["recorded_bytes"] = json_of(discrepancy.recorded_bytes);
  json["found_bytes"] = json_of(discrepancy.found_bytes);
  print_json(json);
}

Status Reconciliation::look() {
  const Settings& settings = context_.settings;
  // Only for what does not fit in memory: where it cannot be made, that is said when it is needed.
  std::error_code ignored;
  std::filesystem::create_directories(settings.temporary_directory(), ignored);
  LiveProgress progress(progress_style(settings.progress));
  const TellDiscrepancy tell = [this](const Discrepancy& found) { this->tell(found); };
  const StoreRequest store{settings.by_hash_root.string(), settings.temporary_directory().string(),
                           options_.rehash};
  auto stored = reconcile_store(log_, store, progress, context_.cancelled, tell);
  if (!stored) return std::move(stored).error();
  store_ = *stored;
  const FileRequest request{settings.images_root.string(), options_.rehash};
  auto files = reconcile_files(log_, request, progress, context_.cancelled, tell);
  if (!files) return std::move(files).error();
  files_ = *files;
  return {};
}

void Reconciliation::print_summary_object(std::uint64_t found) const {
  Json kinds = Json::object();
  for (const auto& [kind, count] : told_) kinds[facts_of(kind).name] = count;
  print_json({{"kind", "summary"},
              {"note", true},
              {"found", found},
              {"kinds", kinds},
              {"head_seq", store_.last.value},
              {"blobs_named", store_.named},
              {"blobs_unexamined", store_.unexamined},
              {"blobs_stored", store_.stored},
              {"stored_bytes", store_.stored_bytes},
              {"blobs_rehashed", store_.rehashed},
              {"media", files_.media},
              {"archives", files_.archives},
              {"sources", files_.sources}});
}

void Reconciliation::print_summary(std::uint64_t found) const {
  if (!told_.empty()) {
    Table table({"kind", "count", "what to do"});
    for (const auto& [kind, count] : told_) {
      table.add({facts_of(kind).name, with_commas(count), facts_of(kind).advice});
    }
    std::cout << "\n" << table.text(wants_color(context_.settings.color, 1)) << "\n";
  }
  std::cout << (found == 0 ? "nothing found" : with_commas(found) + " found")
            << "; blobs in the log: " << with_commas(store_.named)
            << ", in the store: " << with_commas(store_.stored) << " ("
            << human_bytes(store_.stored_bytes) << ")";
  if (options_.rehash) std::cout << ", read: " << with_commas(store_.rehashed);
  if (store_.unexamined != 0) std::cout << ", not examined: " << with_commas(store_.unexamined);
  std::cout << "; archives: " << with_commas(files_.archives)
            << ", images and raw files: " << with_commas(files_.sources)
            << ", media: " << with_commas(files_.media) << "; log up to event " << store_.last.value
            << "\n";
}

int Reconciliation::run() {
  if (auto looked = look(); !looked) {
    std::cout.flush();
    return fail(looked.error());
  }
  std::uint64_t found = 0;
  for (const auto& [kind, count] : told_) found += facts_of(kind).is_note ? 0 : count;
  options_.json ? print_summary_object(found) : print_summary(found);
  return found == 0 ? kDone : kFound;
}

}  // namespace

Command reconcile_command() {
  auto options = std::make_shared<ReconcileOptions>();
  Command command;
  command.name = "reconcile";
  command.summary = "Compares blob store, archives, images and raw files with the log";
  command.examples =
      "  ntt reconcile             names and sizes: what is missing, and what nobody knows\n"
      "  ntt reconcile --rehash    reads every blob and archive, too\n"
      "  ntt reconcile --json | jq -r 'select(.kind == \"blob_unnamed\") | .path'\n"
      "Changes nothing and works while others write. Exit code 3: something was found.";
  command.options = {
      {"--rehash", &options->rehash, "", "read every blob and archive", false, {}},
      {"--json", &options->json, "", "one JSON object a finding, then a summary", false, {}},
  };
  command.run = [options](Context& context) {
    auto log = open_log_for_reading(context.settings);
    if (!log) return fail(log.error());
    return Reconciliation(context, *options, **log).run();
  };
  return command;
}

}  // namespace ntt::tools
