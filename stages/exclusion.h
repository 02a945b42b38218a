// ExclusionRules decide which paths are not copied. The default is none.
//
// A rules file has one rule a line; empty lines, "#" and lines that begin with "# " are comments. A
// rule is a POSIX extended regular expression, searched in the path's bytes (relative to its
// volume, without leading slash). Immutable after parsing; any thread.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/result.h"

namespace ntt::stages {

class ExclusionRules {
 public:
  ExclusionRules();  // no rules
  ~ExclusionRules();
  ExclusionRules(ExclusionRules&&) noexcept;
  ExclusionRules& operator=(ExclusionRules&&) noexcept;

  // Errc::invalid names the line and what is wrong with it.
  static events::Result<ExclusionRules> parse(std::string_view text);
  static events::Result<ExclusionRules> read_file(const std::string& path);

  // Index of the first rule that matches.
  [[nodiscard]] std::optional<std::uint32_t> match(std::string_view path) const;

  [[nodiscard]] const std::vector<std::string>& rules() const;  // escaped (bytes.h)
  [[nodiscard]] std::string digest() const;  // BLAKE3 of the rules joined by newlines, hex

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace ntt::stages
