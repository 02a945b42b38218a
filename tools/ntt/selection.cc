// What the log's filter does not know, and the newest first.

#include "tools/ntt/selection.h"

#include <fnmatch.h>

#include <algorithm>
#include <deque>

#include "events/bytes.h"

namespace ntt::tools {

using events::Event;
using events::Filter;
using events::Log;
using events::Result;
using events::Sequence;
using events::Status;

namespace {

bool is_by(const Event& event, const std::string& actor) {
  const bool is_glob = actor.find_first_of("*?[") != actor.npos;
  const std::string* const parts[] = {&event.actor.host, &event.actor.user, &event.actor.program};
  return std::any_of(std::begin(parts), std::end(parts), [&](const std::string* part) {
    const std::string text = events::escape_bytes(*part);
    return is_glob ? fnmatch(actor.c_str(), text.c_str(), 0) == 0 : text.find(actor) != text.npos;
  });
}

Filter narrowed(const Selection& selection) {
  Filter filter = selection.filter;
  if (selection.where) selection.where->narrow(filter);
  return filter;
}

Status scan_narrowed(const Log& log, const Filter& filter, const Selection& selection,
                     const std::function<bool(const Event&)>& visit) {
  if (filter.first > filter.last) return {};
  return log.scan(filter, [&](const Event& event) {
    if (!selection.actor.empty() && !is_by(event, selection.actor)) return true;
    if (selection.where && !selection.where->matches(event)) return true;
    return visit(event);
  });
}

}  // namespace

Status scan(const Log& log, const Selection& selection,
            const std::function<bool(const Event&)>& visit) {
  return scan_narrowed(log, narrowed(selection), selection, visit);
}

// In windows of sequence numbers, each twice as long as the one after it, so that a rare event far
// back costs few scans and the newest ones cost one short one.
Result<Sequence> begin_of_newest(const Log& log, const Selection& selection, std::uint64_t limit) {
  auto head = log.head();
  if (!head) return std::move(head).error();
  Filter filter = narrowed(selection);
  const Sequence first = std::max(filter.first, Sequence{1});
  filter.last = std::min(filter.last, head->seq);
  Sequence begin = filter.last.next();
  std::uint64_t missing = limit;
  std::uint64_t window = 1024;
  while (missing > 0 && first <= filter.last) {
    const std::uint64_t reach = filter.last.value - first.value;
    if (reach < missing) return first;
    filter.first = {reach < window ? first.value : filter.last.value - window + 1};
    std::deque<Sequence> newest;
    auto scanned = scan_narrowed(log, filter, selection, [&](const Event& event) {
      newest.push_back(event.seq);
      if (newest.size() > missing) newest.pop_front();
      return true;
    });
    if (!scanned) return scanned.error();
    if (!newest.empty()) begin = newest.front();
    missing -= newest.size();
    filter.last = {filter.first.value - 1};
    window *= 2;
  }
  return begin;
}

}  // namespace ntt::tools
