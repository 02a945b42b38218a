// A line of `ntt export jsonl`: an event as a CloudEvent that carries all that a restore needs.
//
// Format: see docs/export.md. Each line ends in a check over itself and the line before, so what is
// changed, dropped or moved is noticed at its line.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "events/rocks_copy.h"
#include "tools/ntt/json.h"

namespace ntt::tools {

// Longer than the line of any event that the log can hold.
inline constexpr std::size_t kExportLineBytesMax = 256U << 20U;

enum class LineKind : std::uint8_t { begin, event, record, end };

// What the first line says of the export.
struct ExportBegin {
  std::string log_id;
  events::Sequence first;
  events::Sequence last;
  std::string medium;  // empty: of all media
  bool batches = false;
  bool restorable = false;  // it has every event of the log
};

// What the last line says of it: the log's head when it was made.
struct ExportEnd {
  std::uint64_t events = 0;
  events::Head head;
};

// Writes lines, one after the other.
class LineWriter {
 public:
  explicit LineWriter(std::string log_id) : log_id_(std::move(log_id)) {}

  // Each gives the line with its newline.
  std::string begin(const ExportBegin& begin);
  std::string event(const events::WholeRecord& record);
  std::string record(const events::Envelope& envelope, std::uint64_t index, const Json& record);
  std::string end(const ExportEnd& end);

 private:
  std::string seal(std::string body);
  std::string frame(LineKind kind, const Json& data);
  std::string log_id_;
  std::string check_;  // of the line before
};

// A line taken apart; its check is not looked at.
class ExportLine {
 public:
  // Errc::invalid: the line is not of the form that LineWriter gives.
  static events::Result<ExportLine> parse(std::string_view line);

  [[nodiscard]] LineKind kind() const { return kind_; }
  // Of a line of that kind. Errc::invalid: an attribute is missing or is not what it has to be.
  [[nodiscard]] events::Result<ExportBegin> begin() const;
  [[nodiscard]] events::Result<ExportEnd> end() const;
  [[nodiscard]] events::Result<events::WholeRecord> record() const;

 private:
  [[nodiscard]] const std::string* find(const std::string& name) const;
  [[nodiscard]] events::Status read_envelope(events::Envelope& envelope) const;
  [[nodiscard]] events::Status read_content(events::WholeRecord& record) const;
  LineKind kind_ = LineKind::event;
  std::map<std::string, std::string, std::less<>> strings_;  // attributes that are text
  std::map<std::string, std::string, std::less<>> raw_;      // other attributes, as JSON text
};

// Follows the checks from line to line.
class LineChain {
 public:
  // Whether the line (without its newline) is the one that was written after the lines before.
  bool accept(std::string_view line);

 private:
  std::string check_;
};

}  // namespace ntt::tools
