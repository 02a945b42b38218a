// The records of legacy enumeration files, which find(1) wrote.
//
// Seven fields separated by the byte 0x1C, ended by NUL:
//   type or mode · device · inode · links · size · modification time · path
// Field 1 is a letter of find's %y, or, in the older variants, octal permission bits; the time has
// a fraction in the oldest. The path is all that follows the sixth separator: it may hold 0x1C.

#pragma once

#include <string_view>

#include "events/batch.h"
#include "events/result.h"

namespace ntt::stages {

// One record without its NUL. The path is left as it stands. Errc::invalid says which field is
// wrong.
events::Result<events::Entry> parse_raw_record(std::string_view record);

// Legacy files hold absolute paths. What a record's path means is told by the first record, which
// is the point where find started.
class RawPathRule {
 public:
  RawPathRule() = default;
  // `first` is the path of the file's first record.
  explicit RawPathRule(std::string_view first);

  struct Place {
    std::uint32_t volume = 0;
    std::string_view path;  // relative to the volume's root
  };
  [[nodiscard]] Place place(std::string_view path) const;

 private:
  std::string prefix_;       // cut off, without a trailing slash
  bool partitions_ = false;  // the component after the prefix is p<N>, and N is the volume
};

}  // namespace ntt::stages
