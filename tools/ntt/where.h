// Where: an expression over an event's envelope and payload, as `ntt log --where` takes it.
//
// docs/asking.md has the language. Values compare as `ntt log --json` prints them, numbers exactly
// and times as times.

#pragma once

#include <memory>
#include <string_view>

#include "events/log.h"

namespace ntt::tools {

struct WhereNode;

class Where {
 public:
  // Errc::invalid shows the expression, the place in it, and what was expected there.
  static events::Result<Where> parse(std::string_view expression);

  Where(Where&& other) noexcept;
  Where& operator=(Where&& other) noexcept;
  Where(const Where&) = delete;
  Where& operator=(const Where&) = delete;
  ~Where();

  [[nodiscard]] bool matches(const events::Event& event) const;

  // Adds to `filter` what the log's indexes can serve of the expression. Leaves out no event that
  // matches it and that `filter` had before.
  void narrow(events::Filter& filter) const;

 private:
  explicit Where(std::unique_ptr<const WhereNode> root);
  std::unique_ptr<const WhereNode> root_;
};

}  // namespace ntt::tools
