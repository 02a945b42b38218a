// Comparing a log with checkpoints, head files and the tables' own position.

#include "tools/ntt/witness.h"

#include <algorithm>

#include "events/head_file.h"
#include "events/whole_file.h"
#include "projector/projector.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::Head;
using events::Log;
using events::Result;
using events::Sequence;
using events::Sha256Digest;

namespace {

constexpr const char* kDatabase = "db";

// A witness as it was read, not compared yet.
struct Seen {
  WitnessReport report;
  std::string origin;                     // empty: it does not say which log it saw
  std::optional<Sha256Digest> last_leaf;  // of event `seq`, if it knows
};

Result<Seen> read_database(const Context& context) {
  auto url = owner_url(context.settings);
  if (!url) return std::move(url).error();
  auto projector = projector::Projector::connect(*url);
  if (!projector) return std::move(projector).error();
  auto head = (*projector)->checkpoint();
  if (!head) return std::move(head).error();
  if (!head->seq) {
    return Error{Errc::not_found, "the tables are empty, so they have seen nothing of the log"};
  }
  Seen seen;
  seen.report.kind = "db";
  seen.report.seq = head->seq;
  seen.report.root = head->root;
  seen.last_leaf = head->envelope_hash;
  return seen;
}

Result<Seen> read_head(const std::string& path) {
  auto witness = events::HeadFile::read(path);
  if (!witness) return std::move(witness).error();
  if (!*witness) return Error{Errc::invalid, path + " is a head file, but a torn one"};
  Seen seen;
  seen.report.kind = "head";
  seen.report.seq = (*witness)->head.seq;
  seen.report.root = (*witness)->head.root;
  seen.origin = events::origin_of((*witness)->log_id);
  if (seen.report.seq) seen.last_leaf = (*witness)->head.envelope_hash;
  return seen;
}

Result<Seen> read_checkpoint(const Context& context, const std::string& path,
                             const std::optional<events::VerifierKey>& given) {
  auto file = read_checkpoint_file(path);
  if (!file) return std::move(file).error();
  Seen seen;
  seen.report.kind = "checkpoint";
  seen.report.seq = Sequence{file->checkpoint.size};
  seen.report.root = file->checkpoint.root;
  seen.origin = file->checkpoint.origin;
  seen.report.signature = "not_checked";
  auto known = known_key(context.settings, file->checkpoint.origin);
  if (!given && !known) return std::move(known).error();
  const auto key = given ? given : *known;
  if (!key) return seen;
  seen.report.key = key->id();
  const auto verified = events::verify_note(file->note, *key);
  seen.report.signature = verified ? "verified" : "failed";
  if (!verified) seen.report.problem = "it is no witness: " + verified.error().message;
  return seen;
}

Result<Seen> read_witness(const Context& context, const std::string& name,
                          const std::optional<events::VerifierKey>& key) {
  Result<Seen> seen = Error{};
  if (name == kDatabase) {
    seen = read_database(context);
  } else {
    auto bytes = events::read_whole_file(name, 1U << 20U);
    if (!bytes) return std::move(bytes).error();
    seen = bytes->starts_with("ntt-head ") ? read_head(name) : read_checkpoint(context, name, key);
  }
  if (!seen) return std::move(seen).error().within("witness " + name);
  seen->report.name = name;
  return seen;
}

// Fills in what the comparison finds.
events::Status compare(const Log& log, const Head& head, Seen& seen) {
  WitnessReport& report = seen.report;
  if (!report.problem.empty()) return {};
  auto id = log.log_id();
  if (!id) return std::move(id).error();
  if (!seen.origin.empty() && seen.origin != events::origin_of(*id)) {
    report.problem =
        "it saw another log: " + seen.origin + ", and this is " + events::origin_of(*id);
    return {};
  }
  const std::string last = std::to_string(report.seq.value);
  if (report.seq > head.seq) {
    report.first = head.seq.next();
    report.last = report.seq;
    report.problem = "the log was cut short: it ends at event " + std::to_string(head.seq.value) +
                     ", and event " + last + " was seen";
    return {};
  }
  auto root = log.root_at(report.seq.value);
  if (!root) return root.error();
  report.agrees = *root == report.root;
  if (report.agrees) return {};
  report.first = Sequence{1};
  report.last = report.seq;
  report.problem = "the log is not the one that was seen";
  if (!seen.last_leaf) return {};
  auto leaf = log.tree_node(0, report.seq.value - 1);
  if (!leaf) return leaf.error();
  if (*leaf != *seen.last_leaf) report.problem += ": event " + last + " is another one";
  return {};
}

// What one witness confirms is no place where another can differ.
void narrow(std::vector<WitnessReport>& reports) {
  for (WitnessReport& report : reports) {
    if (report.agrees || report.first != Sequence{1}) continue;
    for (const WitnessReport& other : reports) {
      if (other.agrees && other.seq < report.seq) {
        report.first = std::max(report.first, other.seq.next());
      }
    }
  }
}

}  // namespace

Result<std::vector<WitnessReport>> compare_witnesses(
    const Context& context, const Log& log, const std::vector<std::string>& names,
    const std::optional<events::VerifierKey>& key) {
  std::vector<WitnessReport> reports;
  for (const std::string& name : names) {
    // The witness first: what is appended in between leaves it behind the log, never ahead.
    auto seen = read_witness(context, name, key);
    if (!seen) return std::move(seen).error();
    auto head = log.head();
    if (!head) return std::move(head).error();
    if (auto compared = compare(log, *head, *seen); !compared) {
      return std::move(compared).error().within("witness " + name);
    }
    reports.push_back(std::move(seen->report));
  }
  narrow(reports);
  return reports;
}

}  // namespace ntt::tools
