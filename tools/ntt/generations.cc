// ntt generations: every load of a medium, and the entries of any of them.

#include <unistd.h>

#include <iostream>
#include <memory>

#include "events/bytes.h"
#include "events/generation.h"
#include "projector/generation_list.h"
#include "tools/ntt/context.h"
#include "tools/ntt/generation_rows.h"
#include "tools/ntt/media.h"
#include "tools/ntt/row_json.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::GenerationRow;
using events::Status;
using projector::GenerationSummary;
using projector::Stamp;

namespace {

struct GenerationsOptions {
  std::string medium;
  std::uint64_t generation = 0;
  bool json = false;
};

Json json_of_time(const std::optional<Stamp>& stamp) {
  return stamp ? json_of(stamp->at) : Json(nullptr);
}
Json json_of_seq(const std::optional<Stamp>& stamp) {
  return stamp ? Json(stamp->seq.value) : Json(nullptr);
}

Json json_of_summary(const GenerationSummary& summary) {
  const bool sourced = !summary.source.kind.empty();
  return {
      {"generation", summary.number},
      {"current", summary.is_current},
      {"load_seq", summary.load.seq.value},
      {"loaded_at", json_of(summary.load.at)},
      {"enum_seq", json_of_seq(summary.enumerated)},
      {"enumerated_at", json_of_time(summary.enumerated)},
      {"source_kind", sourced ? Json(summary.source.kind) : Json(nullptr)},
      {"source_path",
       sourced ? Json(events::escape_bytes(summary.source.path.bytes)) : Json(nullptr)},
      {"paths", summary.facts.path_count},
      {"inodes", summary.facts.inode_count},
      {"excluded_paths", summary.facts.excluded_count},
      {"files", summary.facts.file_count},
      {"file_bytes", summary.facts.file_bytes},
      {"copy_seq", json_of_seq(summary.copied)},
      {"copied_at", json_of_time(summary.copied)},
      {"retracted_by", summary.retracted_by ? Json(summary.retracted_by.value) : Json(nullptr)}};
}

std::string standing_of(const GenerationSummary& summary) {
  if (summary.retracted_by) {
    return "retracted by event " + std::to_string(summary.retracted_by.value);
  }
  return summary.is_current ? "current" : "";
}

void print_list(const std::vector<GenerationSummary>& list, bool json, bool color) {
  if (json) {
    for (const auto& summary : list) print_json(json_of_summary(summary));
    return;
  }
  Table table(
      {"generation", "event", "loaded", "paths", "inodes", "excluded", "copied", "source", ""});
  for (const auto& summary : list) {
    table.add({std::to_string(summary.number), std::to_string(summary.load.seq.value),
               events::to_rfc3339(summary.load.at), with_commas(summary.facts.path_count),
               with_commas(summary.facts.inode_count), with_commas(summary.facts.excluded_count),
               summary.copied ? events::to_rfc3339(summary.copied->at) : "-",
               summary.source.kind.empty()
                   ? "-"
                   : summary.source.kind + " " + events::escape_bytes(summary.source.path.bytes),
               standing_of(summary)});
  }
  std::cout << table.text(color);
}

void print_object(const GenerationRow& row, const EntryFate& fate) {
  const events::Entry& entry = *row.entry;
  print_json({{"ordinal", row.ordinal.value},
              {"volume", row.volume.value},
              {"type", std::string(1, static_cast<char>(entry.type))},
              {"allocated", entry.allocated},
              {"inode", entry.inode},
              {"size", entry.size},
              {"path", events::escape_bytes(entry.path)},
              {"symlink_target", events::escape_bytes(entry.symlink_target)},
              {"disposition",
               fate.disposition.empty() ? Json(nullptr) : Json(std::string(fate.disposition))},
              {"blob", fate.blob ? Json(fate.blob->hex()) : Json(nullptr)},
              {"same_inode_as", row.same_inode_as ? Json(row.same_inode_as->value) : Json(nullptr)},
              {"copy_seq", row.copy_seq ? Json(row.copy_seq.value) : Json(nullptr)}});
}

void print_line(const GenerationRow& row, const EntryFate& fate) {
  char columns[80];
  std::snprintf(columns, sizeof columns, "%c     %12llu  %-11s  %-12s  %6u  ",
                static_cast<char>(row.entry->type),
                static_cast<unsigned long long>(row.entry->size),
                fate.disposition.empty() ? "-" : std::string(fate.disposition).c_str(),
                fate.blob ? fate.blob->hex().substr(0, 12).c_str() : "-", row.volume.value);
  std::cout << columns << events::escape_bytes(row.entry->path) << "\n";
}

// The generation of this number that counts, else one that was retracted.
const GenerationSummary* find_generation(const std::vector<GenerationSummary>& list,
                                         std::uint64_t number) {
  const GenerationSummary* found = nullptr;
  for (const auto& summary : list) {
    if (summary.number != number) continue;
    if (found == nullptr || !summary.retracted_by) found = &summary;
  }
  return found;
}

int print_entries(const events::Log& log, const events::MediumId& medium,
                  const std::vector<GenerationSummary>& list, const GenerationsOptions& options) {
  const GenerationSummary* generation = find_generation(list, options.generation);
  if (generation == nullptr) {
    return fail({Errc::not_found, "medium " + medium.text + " has no generation " +
                                      std::to_string(options.generation) + "; `ntt generations " +
                                      medium.text.substr(0, 8) + "` lists them"});
  }
  ChosenGeneration chosen;
  chosen.load = generation->facts;
  chosen.ref.medium = medium;
  chosen.ref.manifest = {generation->facts.manifest};
  chosen.ref.load_start = {generation->facts.load};
  chosen.ref.load_success = generation->load.seq;
  auto head = log.head();
  if (!head) return fail(head.error());
  chosen.ref.last = head->seq;
  if (!options.json) std::cout << "type          size  disposition  blob          volume  path\n";
  auto read = visit_generation(log, chosen, [&](const GenerationRow& row, const EntryFate& fate) {
    options.json ? print_object(row, fate) : print_line(row, fate);
    return std::cout ? Status() : Error{Errc::io, "standard output was closed"};
  });
  std::cout.flush();
  return read ? kDone : fail(read.error());
}

int run(Context& context, const GenerationsOptions& options) {
  auto log = open_log_for_reading(context.settings);
  if (!log) return fail(log.error());
  auto medium = find_medium(**log, options.medium);
  if (!medium) return fail(medium.error());
  auto events = read_medium_events(**log, *medium);
  if (!events) return fail(events.error());
  auto list = projector::list_generations(*events);
  if (!list) return fail(list.error());
  if (options.generation != 0) return print_entries(**log, *medium, *list, options);
  print_list(*list, options.json, wants_color(context.settings.color, STDOUT_FILENO));
  return kDone;
}

}  // namespace

Command generations_command() {
  auto options = std::make_shared<GenerationsOptions>();
  Command command;
  command.name = "generations";
  command.summary = "Every load of a medium, and the entries of any of them";
  command.examples =
      "  ntt generations 8e61cad2                       all of them; the tables show the current\n"
      "  ntt generations 8e61cad2 --generation 1        its entries, straight from the log\n"
      "  ntt generations 8e61cad2 --generation 1 --json | jq -r .path";
  command.options = {
      {"medium", &options->medium, "MEDIUM", "its hash, or four or more digits of it", true, {}},
      {"--generation", &options->generation, "N", "the entries of this one", false, {}},
      {"--json", &options->json, "", "one JSON object a generation, or an entry", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
