// EventWriter: events on standard output, one after another, in one of four formats.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "events/event.h"

namespace ntt::tools {

class EventWriter {
 public:
  virtual ~EventWriter() = default;
  virtual void begin() {}
  virtual void write(const events::Event& event) = 0;
  virtual void end() {}
};

// table, json, jsonl, csv.
const std::vector<std::string>& event_formats();

// `format` is one of them: aligned text for people, cut at the terminal's edge; one JSON
// array; one JSON object a line; RFC 4180 with a header line. docs/json.md describes them.
std::unique_ptr<EventWriter> make_event_writer(const std::string& format);

}  // namespace ntt::tools
