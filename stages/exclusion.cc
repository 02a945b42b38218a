// Exclusion rules by RE2, which matches all rules of a set in one pass over the path and never
// takes more than linear time, whatever the rule.

#include "stages/exclusion.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>

#include "events/bytes.h"
#include "events/hash.h"
#include "stages/small_file.h"

namespace ntt::stages {

namespace {

using events::Errc;
using events::Error;
using events::Result;

constexpr std::int64_t kAutomatonBytesMax = 64 << 20;
constexpr std::size_t kFileBytesMax = 1U << 20U;

// POSIX extended syntax over bytes. "." and "[^x]" match a newline too: names may hold one.
RE2::Options rule_options() {
  RE2::Options options(RE2::Latin1);
  options.set_posix_syntax(true);
  options.set_perl_classes(true);
  options.set_word_boundary(true);
  options.set_one_line(true);
  options.set_dot_nl(true);
  options.set_log_errors(false);
  options.set_max_mem(kAutomatonBytesMax);
  return options;
}

bool is_comment(std::string_view line) {
  return line.empty() || line == "#" || line.substr(0, 2) == "# ";
}

}  // namespace

struct ExclusionRules::Compiled {
  std::vector<std::string> rules;  // escaped
  std::unique_ptr<RE2::Set> set;   // null: no rules
  std::vector<std::unique_ptr<RE2>> single;
};

ExclusionRules::ExclusionRules() : compiled_(std::make_unique<Compiled>()) {}
ExclusionRules::~ExclusionRules() = default;
ExclusionRules::ExclusionRules(ExclusionRules&&) noexcept = default;
ExclusionRules& ExclusionRules::operator=(ExclusionRules&&) noexcept = default;

Result<ExclusionRules> ExclusionRules::parse(std::string_view text) {
  ExclusionRules out;
  auto set = std::make_unique<RE2::Set>(rule_options(), RE2::UNANCHORED);
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (is_comment(line)) continue;
    auto rule = std::make_unique<RE2>(re2::StringPiece(line.data(), line.size()), rule_options());
    std::string problem = rule->ok() ? "" : rule->error();
    if (rule->ok()) set->Add(re2::StringPiece(line.data(), line.size()), &problem);
    if (!problem.empty()) {
      return Error{Errc::invalid, "exclusion rule in line " + std::to_string(line_number) + ", " +
                                      events::escape_bytes(line) + ": " + problem};
    }
    out.compiled_->rules.push_back(events::escape_bytes(line));
    out.compiled_->single.push_back(std::move(rule));
  }
  if (out.compiled_->rules.empty()) return out;
  if (!set->Compile()) {
    return Error{Errc::invalid, "the exclusion rules are too large together: use fewer or simpler"};
  }
  out.compiled_->set = std::move(set);
  return out;
}

Result<ExclusionRules> ExclusionRules::read_file(const std::string& path) {
  auto text = read_small_file(path, kFileBytesMax);
  if (!text) return std::move(text).error().within("exclusion rules");
  auto rules = parse(*text);
  if (!rules)
    return std::move(rules).error().within("exclusion rules in " + events::escape_bytes(path));
  return rules;
}

std::optional<std::uint32_t> ExclusionRules::match(std::string_view path) const {
  if (compiled_->set == nullptr) return std::nullopt;
  const re2::StringPiece bytes(path.data(), path.size());
  thread_local std::vector<int> hits;
  hits.clear();
  RE2::Set::ErrorInfo error{};
  if (compiled_->set->Match(bytes, &hits, &error)) {
    return static_cast<std::uint32_t>(*std::min_element(hits.begin(), hits.end()));
  }
  if (error.kind == RE2::Set::kNoError) return std::nullopt;
  // The set's automaton outgrew its memory on this path; each rule alone always has an answer.
  for (std::size_t i = 0; i < compiled_->single.size(); ++i) {
    if (RE2::PartialMatch(bytes, *compiled_->single[i])) return static_cast<std::uint32_t>(i);
  }
  return std::nullopt;
}

const std::vector<std::string>& ExclusionRules::rules() const {
  return compiled_->rules;
}

std::string ExclusionRules::digest() const {
  events::Blake3 hasher;
  for (std::size_t i = 0; i < rules().size(); ++i) {
    if (i != 0) hasher.update("\n");
    hasher.update(rules()[i]);
  }
  return hasher.digest().hex();
}

}  // namespace ntt::stages
