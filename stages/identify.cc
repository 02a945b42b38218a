// The identify stage: names and legacy recipes first, else size, hardware and content.

#include "stages/identify.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "events/bytes.h"
#include "events/hash.h"
#include "events/retractions.h"
#include "stages/content_sample.h"
#include "stages/hardware.h"
#include "stages/history.h"
#include "stages/recipe.h"
#include "stages/signature.h"

namespace ntt::stages {

namespace {

using events::Errc;
using events::Error;
using events::escape_bytes;
using events::MediumIdentified;
using events::MediumLabelled;

std::string file_name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

Result<struct stat> examine(const std::string& path) {
  struct stat stat {};
  if (::stat(path.c_str(), &stat) == 0) return stat;
  const int number = errno;
  Error error = events::errno_error("examining " + escape_bytes(path), number);
  if (number == ENOENT || number == ENOTDIR) error.code = Errc::not_found;
  return error;
}

Result<Identity> identify_directory(MediumIdentified facts) {
  const std::string& path = facts.source.path.bytes;
  auto stat = examine(path);
  if (!stat) return std::move(stat).error();
  if (!S_ISDIR(stat->st_mode)) {
    return Error{Errc::invalid, escape_bytes(path) + " is not a directory"};
  }
  facts.recipe = "dir";
  facts.inputs = {"path=" + escape_bytes(path)};
  return Identity{directory_id(path), std::move(facts)};
}

// A file that carries its id as its name is that medium, whatever it holds: users have named
// images so for years. What it holds is observed all the same, as far as it can be read.
Result<Identity> identify_by_name(events::MediumId medium, const char* recipe,
                                  MediumIdentified facts) {
  auto sample = read_sample(facts.source.path.bytes);
  if (!sample && sample.error().code != Errc::io) return std::move(sample).error();
  facts.recipe = recipe;
  facts.inputs = {"name=" + escape_bytes(facts.medium_human)};
  if (sample) {
    facts.size = sample->size;
    facts.blank = sample->fill_byte();
    facts.signatures = signatures_of(sample->head, sample->tail);
  } else {
    facts.signatures = {"unreadable: " + sample.error().message};
  }
  return Identity{std::move(medium), std::move(facts)};
}

// "ATA_Model_Serial", from letters, digits and dashes.
std::string human_name(const Hardware& hardware, const std::string& otherwise) {
  if (hardware.model.empty() && hardware.serial.empty()) return otherwise;
  std::string name = hardware.model + "_" + hardware.serial;
  for (char& c : name) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!plain && c != '-') c = '_';
  }
  return name;
}

// What tells blank carriers apart: their label and name, or else where they lie.
Status add_blank_inputs(const MediumIdentified& facts, const Hardware& hardware,
                        const std::string& label, std::vector<std::string>& inputs) {
  const std::string& path = facts.source.path.bytes;
  if (!label.empty()) {
    inputs.push_back("label=" + escape_bytes(label));
    inputs.push_back("name=" + escape_bytes(file_name_of(path)));
  } else if (facts.source.kind != "device") {
    inputs.push_back("path=" + escape_bytes(path));
  } else if (hardware.serial.empty()) {
    return Error{Errc::invalid,
                 escape_bytes(path) +
                     " is blank and has no serial number, so nothing tells it from another "
                     "blank medium: give it a label (--label)"};
  }
  return {};
}

Result<Identity> identify_by_content(const char* recipe, MediumIdentified facts,
                                     const std::string& label) {
  const std::string& path = facts.source.path.bytes;
  auto sample = read_sample(path);
  if (!sample) return std::move(sample).error();
  Hardware hardware;
  if (facts.source.kind == "device") {
    auto stat = examine(path);
    if (!stat) return std::move(stat).error();
    hardware = read_hardware("/sys/dev/block/" + std::to_string(major(stat->st_rdev)) + ":" +
                             std::to_string(minor(stat->st_rdev)));
    facts.medium_human = human_name(hardware, facts.medium_human);
  }
  facts.recipe = recipe;
  facts.size = sample->size;
  facts.blank = sample->fill_byte();
  facts.signatures = signatures_of(sample->head, sample->tail);
  facts.inputs = {"size=" + std::to_string(sample->size)};
  for (std::string& fact : hardware.facts()) facts.inputs.push_back(std::move(fact));
  facts.inputs.push_back("head=" + events::Blake3::of(sample->head).hex());
  facts.inputs.push_back("tail=" + events::Blake3::of(sample->tail).hex());
  if (facts.blank) {
    if (auto told = add_blank_inputs(facts, hardware, label, facts.inputs); !told) {
      return std::move(told).error();
    }
  }
  events::MediumId medium = id_of_inputs(recipe, facts.inputs);
  return Identity{std::move(medium), std::move(facts)};
}

// The latest label that has not been withdrawn.
Result<std::optional<std::string>> current_label(const events::Log& log,
                                                 const events::MediumId& medium) {
  events::Retractions retractions;
  std::optional<std::string> label;
  Status status;
  events::Filter filter;
  filter.medium = medium;
  filter.type_glob = events::Retraction::kType;
  auto scanned = log.scan(filter, [&](const events::Event& event) {
    retractions.add(event);
    return true;
  });
  if (!scanned) return std::move(scanned).error();
  const auto retracted = retractions.retracted();
  if (!retracted) return retracted.error();
  filter.type_glob = MediumLabelled::kType;
  scanned = log.scan(filter, [&](const events::Event& event) {
    if (retracted->contains(event.seq.value)) return true;
    auto labelled = events::payload_of<MediumLabelled>(event);
    if (labelled) label = std::move(labelled->label);
    if (!labelled) status = std::move(labelled).error();
    return status.has_value();
  });
  if (!scanned) return std::move(scanned).error();
  if (!status) return std::move(status).error();
  return label;
}

}  // namespace

Result<Identity> identify(const events::SourceInfo& source, const std::string& label) {
  MediumIdentified facts;
  facts.source = {source.kind, {absolute_path(source.path.bytes)}};
  const std::string name = file_name_of(facts.source.path.bytes);
  facts.medium_human = name;
  if (source.kind == "directory") return identify_directory(std::move(facts));
  if (source.kind == "image") {
    if (auto id = id_in_name(name, ".img")) {
      return identify_by_name(std::move(*id), "img/name", std::move(facts));
    }
    return identify_by_content("ntt/v1", std::move(facts), label);
  }
  if (source.kind == "raw") {
    if (auto id = id_in_name(name, ".raw")) {
      return identify_by_name(std::move(*id), "raw/name", std::move(facts));
    }
    return identify_by_content("raw/v1", std::move(facts), label);
  }
  if (source.kind == "device") return identify_by_content("ntt/v1", std::move(facts), label);
  return Error{Errc::invalid, "a source of kind '" + source.kind + "' cannot be identified"};
}

Status record_identity(StageContext& context, const Identity& identity, const std::string& label) {
  auto history = read_history(context.log, identity.medium);
  if (!history) return std::move(history).error();
  if (!history->identified || history->identified->payload != identity.facts) {
    auto emitted = context.emitter.emit(identity.facts);
    if (!emitted) return std::move(emitted).error();
  }
  if (label.empty()) return {};
  auto known = current_label(context.log, identity.medium);
  if (!known) return std::move(known).error();
  if (*known == label) return {};
  auto emitted = context.emitter.emit(MediumLabelled{label});
  if (!emitted) return std::move(emitted).error();
  return {};
}

}  // namespace ntt::stages
