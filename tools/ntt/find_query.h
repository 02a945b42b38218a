// FindQuery: what `ntt find` is asked, and which index answers it. Pure.

#pragma once

#include <optional>
#include <string>

#include "events/types.h"
#include "projector/find_filter.h"
#include "tools/ntt/glob.h"

namespace ntt::tools {

// Every condition that is set has to hold.
struct FindQuery {
  std::optional<Glob> name;           // of the base name
  std::optional<Glob> path;           // of the whole path
  std::optional<std::string> suffix;  // bytes that the base name ends with
  std::optional<std::string> prefix;  // bytes that the path begins with
  std::optional<events::BlobId> blob;
  bool ignore_case = false;  // of ASCII letters in name, path and suffix

  [[nodiscard]] bool is_empty() const { return !name && !path && !suffix && !prefix && !blob; }
  // The conditions on a path; the blob's is the server's.
  [[nodiscard]] bool matches(std::string_view path_bytes) const;
};

// The way to the rows, best first.
enum class FindWay : std::uint8_t { blob, name, extension, prefix, scan };
FindWay way_of(const FindQuery& query);

// What the filters of media are asked; nothing: no filter helps.
std::optional<projector::FindKey> filter_key(const FindQuery& query);

// SQL conditions on `p` (path) and `i` (inode) of one medium. The rows they give hold all that
// match, and maybe others: matches() decides.
std::string conditions(const FindQuery& query, const std::string& inode_table);

}  // namespace ntt::tools
