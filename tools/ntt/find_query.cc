// Which conditions go to the server, and as what.

#include "tools/ntt/find_query.h"

#include <vector>

#include "events/bytes.h"
#include "projector/name_key.h"

namespace ntt::tools {

using projector::FindKey;

namespace {

std::string literal(std::string_view bytes) {
  return "'\\x" + events::to_hex(bytes) + "'::bytea";
}

// What the base name certainly ends with, an extension if there is one.
std::string name_end(const FindQuery& query) {
  std::string best = query.suffix.value_or("");
  const auto consider = [&best](std::string tail) {
    const bool has_dot = tail.find('.') != std::string::npos;
    if (has_dot || best.empty()) best = std::move(tail);
  };
  if (query.name) consider(query.name->tail());
  if (query.path) consider(std::string(projector::base_name(query.path->tail())));
  return best;
}

// The base name, where the question has all of it.
std::optional<std::string> whole_name(const FindQuery& query) {
  if (query.name && query.name->is_literal()) return query.name->head();
  if (!query.path) return std::nullopt;
  const std::string tail = query.path->tail();
  const bool whole = query.path->is_literal() || tail.find('/') != std::string::npos;
  return whole ? std::optional(std::string(projector::base_name(tail))) : std::nullopt;
}

// What the path certainly begins with.
std::string path_begin(const FindQuery& query) {
  std::string best = query.prefix.value_or("");
  if (query.path && !query.ignore_case && query.path->head().size() > best.size()) {
    best = query.path->head();
  }
  return best;
}

std::string begins_with(const std::string& prefix) {
  std::string sql = "p.path >= " + literal(prefix);
  std::string after = prefix;
  while (!after.empty() && after.back() == '\xff') after.pop_back();
  if (after.empty()) return sql;  // nothing sorts behind all that begin so
  after.back() = static_cast<char>(static_cast<unsigned char>(after.back()) + 1);
  return sql + " AND p.path < " + literal(after);
}

std::string like_escaped(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    if (byte == '%' || byte == '_' || byte == '\\') out += '\\';
    out += byte;
  }
  return out;
}

bool ends_with(std::string_view bytes, std::string_view end, bool ignore_case) {
  if (end.size() > bytes.size()) return false;
  bytes.remove_prefix(bytes.size() - end.size());
  for (std::size_t i = 0; i < end.size(); ++i) {
    if (!same_letter(end[i], bytes[i], ignore_case)) return false;
  }
  return true;
}

std::string way_condition(const FindQuery& query, const std::string& inode_table) {
  switch (way_of(query)) {
    case FindWay::blob:
      return "p.inode_id IN (SELECT id FROM " + inode_table + " WHERE blobid = '" +
             query.blob->hex() + "')";
    case FindWay::name:
      return "p.name_key = " + std::to_string(projector::name_key(*whole_name(query)));
    case FindWay::extension: {
      const auto [least, greatest] = projector::extension_keys(name_end(query));
      return "p.name_key BETWEEN " + std::to_string(least) + " AND " + std::to_string(greatest);
    }
    case FindWay::prefix:
      return begins_with(path_begin(query));
    case FindWay::scan:
      break;
  }
  return "true";
}

}  // namespace

bool FindQuery::matches(std::string_view path_bytes) const {
  const std::string_view base = projector::base_name(path_bytes);
  if (name && !name->matches(base, ignore_case)) return false;
  if (path && !path->matches(path_bytes, ignore_case)) return false;
  if (suffix && !ends_with(base, *suffix, ignore_case)) return false;
  return !prefix || path_bytes.substr(0, prefix->size()) == *prefix;
}

FindWay way_of(const FindQuery& query) {
  if (query.blob) return FindWay::blob;
  if (whole_name(query)) return FindWay::name;
  if (name_end(query).find('.') != std::string::npos) return FindWay::extension;
  return path_begin(query).empty() ? FindWay::scan : FindWay::prefix;
}

std::optional<FindKey> filter_key(const FindQuery& query) {
  switch (way_of(query)) {
    case FindWay::blob:
      return FindKey::of_blob(*query.blob);
    case FindWay::name:
      return FindKey::of_name(projector::name_key(*whole_name(query)));
    case FindWay::extension:
      return FindKey::of_extension(projector::extension_keys(name_end(query)).first);
    default:
      return std::nullopt;
  }
}

std::string conditions(const FindQuery& query, const std::string& inode_table) {
  std::string sql = way_condition(query, inode_table);
  if (query.ignore_case) return sql;  // LIKE knows no case of bytes
  if (query.name) sql += " AND p.path LIKE " + literal("%" + query.name->like());
  if (query.path) sql += " AND p.path LIKE " + literal(query.path->like());
  if (query.suffix) sql += " AND p.path LIKE " + literal("%" + like_escaped(*query.suffix));
  return sql;
}

}  // namespace ntt::tools
