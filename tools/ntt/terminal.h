// What people see: whether there is a terminal, colours, sizes, durations and aligned tables.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ntt::tools {

bool is_terminal(int fd);
// `when` is the setting: auto (a terminal, and NO_COLOR is not set), always or never.
bool wants_color(const std::string& when, int fd);
// Columns of the terminal at `fd`; 0 when it is none.
std::size_t terminal_width(int fd);

std::string with_commas(std::uint64_t number);                     // 1,234,567
std::string counted(std::uint64_t number, std::string_view noun);  // 1 file, 1,234 files
std::string human_bytes(std::uint64_t bytes);                      // 1.4 MB, powers of 1000
std::string human_duration(std::uint64_t seconds);                 // 0:07, 12:34, 3:02:11
// 0.034 s, 12.100 s, then as human_duration; with a minus if it is negative.
std::string human_elapsed(std::int64_t micros);

// As many columns as `text` takes: its code points.
std::size_t display_width(std::string_view text);
// At most `width` columns of it, the cut marked.
std::string cut(std::string_view text, std::size_t width);

// Rows of cells, printed in aligned columns. The first row is the heading.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool is_empty() const { return rows_.size() == 1; }
  // `bold_heading`: with terminal colours.
  [[nodiscard]] std::string text(bool bold_heading) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ntt::tools
