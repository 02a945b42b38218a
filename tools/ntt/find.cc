// ntt find: which medium, volume and path holds a name or a blob.

#include <memory>

#include "events/bytes.h"
#include "projector/pg.h"
#include "tools/ntt/context.h"
#include "tools/ntt/event_json.h"
#include "tools/ntt/find_query.h"
#include "tools/ntt/messages.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

using events::Errc;
using events::Error;
using events::Result;
using events::Status;
using projector::Pg;

namespace {

struct FindOptions {
  std::string name;
  std::string path;
  std::string suffix;
  std::string path_prefix;
  std::string blob;
  std::string medium;
  std::uint64_t limit = 0;
  bool ignore_case = false;
  bool json = false;
};

struct FoundMedium {
  std::string id;
  std::string human;
  std::string suffix;  // of its partitions' names
};

Status set_glob(std::optional<Glob>& glob, const std::string& option, const std::string& text) {
  if (text.empty()) return {};
  auto parsed = Glob::parse(text);
  if (!parsed) return std::move(parsed).error().within(option);
  glob = std::move(*parsed);
  return {};
}

Status set_bytes(std::optional<std::string>& bytes, const std::string& option,
                 const std::string& text) {
  if (text.empty()) return {};
  auto parsed = events::unescape_bytes(text);
  if (!parsed) return std::move(parsed).error().within(option);
  bytes = std::move(*parsed);
  return {};
}

bool can_begin_blob(std::string_view text) {
  return text.size() >= 4 && text.size() <= 2 * events::BlobId::kSize &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Errors are of usage. A blob that is not given whole is for blob_named() to find.
Result<FindQuery> query_of(const FindOptions& options) {
  FindQuery query;
  query.ignore_case = options.ignore_case;
  for (const Status& set :
       {set_glob(query.name, "--name", options.name), set_glob(query.path, "--path", options.path),
        set_bytes(query.suffix, "--suffix", options.suffix),
        set_bytes(query.prefix, "--path-prefix", options.path_prefix)}) {
    if (!set) return Error(set.error());
  }
  if (query.prefix) query.prefix->erase(0, query.prefix->find_first_not_of('/'));
  if (!options.blob.empty() && !can_begin_blob(options.blob)) {
    return Error{Errc::invalid, "--blob: '" + options.blob +
                                    "' is not the 64 hex digits of one, nor four or more that it "
                                    "begins with"};
  }
  query.blob = events::BlobId::from_hex(options.blob);
  if (query.is_empty() && options.blob.empty()) {
    return Error{Errc::invalid,
                 "find what? Give --name, --path, --suffix, --path-prefix or --blob"};
  }
  return query;
}

// The media that can have it, in order of their ids.
Result<std::vector<FoundMedium>> media_to_search(Pg& pg, const FindQuery& query,
                                                 const std::string& medium) {
  std::string sql =
      "SELECT m.medium_hash, coalesce(m.medium_human, ''), m.partition_suffix FROM medium m "
      "LEFT JOIN find_filter f USING (medium_hash) WHERE m.generation > 0";
  if (!medium.empty()) sql += " AND m.medium_hash = " + pg.quote(medium);
  if (const auto key = filter_key(query)) {
    sql += " AND (f.bits IS NULL OR " + key->condition() + ")";
  }
  auto rows = pg.query(sql + " ORDER BY m.medium_hash");
  if (!rows) return std::move(rows).error();
  std::vector<FoundMedium> media;
  for (auto& row : *rows) media.push_back({*row[0], *row[1], *row[2]});
  return media;
}

Result<std::string> medium_named(Pg& pg, const std::string& text) {
  if (text.empty()) return text;
  auto rows = pg.query("SELECT medium_hash FROM medium WHERE starts_with(medium_hash, " +
                       pg.quote(text) + ") ORDER BY medium_hash");
  if (!rows) return std::move(rows).error();
  std::string names;
  for (const auto& row : *rows) {
    if (row[0] == text) return text;
    names += "\n  " + *row[0];
  }
  if (text.size() < 4) {
    return Error{Errc::invalid,
                 "'" + text + "' is too short to name a medium: give four characters or more"};
  }
  if (rows->empty()) {
    return Error{Errc::not_found, "no medium of the tables begins with '" + text +
                                      "'; `ntt status` lists the media"};
  }
  if (rows->size() > 1) {
    return Error{Errc::invalid, "'" + text + "' can mean any of these; give more of it:" + names};
  }
  return *rows->front()[0];
}

// The blob of the tables that begins with these digits.
Result<events::BlobId> blob_named(Pg& pg, const std::string& digits) {
  constexpr std::size_t kNamed = 5;
  // The primary key's index finds them; every digit sorts below g.
  auto rows =
      pg.query("SELECT blobid FROM blobs WHERE blobid >= " + pg.quote(digits) + " AND blobid < " +
               pg.quote(digits + "g") + " ORDER BY 1 LIMIT " + std::to_string(kNamed + 1));
  if (!rows) return std::move(rows).error();
  if (rows->empty()) {
    return Error{Errc::not_found, "no blob of the tables begins with '" + digits + "'"};
  }
  if (rows->size() > 1) {
    std::string names;
    for (std::size_t i = 0; i < rows->size(); ++i) {
      names += "\n  " + (i < kNamed ? *rows->at(i)[0] : "...");
    }
    return Error{Errc::invalid, "'" + digits + "' can mean any of these; give more of it:" + names};
  }
  const auto blob = events::BlobId::from_hex(*rows->front()[0]);
  if (!blob) return Error{Errc::corruption, "table blobs has no blob '" + *rows->front()[0] + "'"};
  return *blob;
}

// The columns of a row that is found, in the order of the SELECT.
enum Column : std::size_t { kPath, kVolume, kType, kSize, kModified, kBlob, kDisposition, kInode };

// Prints what is found, as it comes.
class Finder {
 public:
  Finder(const Context& context, Pg& pg, const FindQuery& query, const FindOptions& options)
      : context_(context), pg_(pg), query_(query), options_(options) {}

  [[nodiscard]] std::uint64_t found() const { return found_; }
  [[nodiscard]] bool is_done() const {
    return (options_.limit > 0 && found_ >= options_.limit) || context_.cancelled || !std::cout;
  }

  Status search(const FoundMedium& medium) {
    const std::string inodes = projector::quote_name("inode_p_" + medium.suffix);
    const std::string paths = projector::quote_name("path_p_" + medium.suffix);
    const FindWay way = way_of(query_);
    // In order of path where few rows come, or where the index has them in that order.
    const bool sorted = way != FindWay::scan && way != FindWay::extension;
    auto declared = pg_.execute(
        "DECLARE found NO SCROLL CURSOR FOR SELECT p.path, p.volume, i.fs_type, i.size, "
        "i.modify_time, coalesce(p.blobid, i.blobid), p.disposition, p.ino FROM " +
        paths + " p LEFT JOIN " + inodes + " i ON i.id = p.inode_id WHERE " +
        conditions(query_, inodes) + (sorted ? " ORDER BY p.path, p.volume" : ""));
    if (!declared) return std::move(declared).error();
    while (!is_done()) {
      auto rows = pg_.query("FETCH 1000 FROM found");
      if (!rows) return std::move(rows).error();
      if (rows->empty()) break;
      for (const auto& row : *rows) {
        if (is_done()) break;
        const auto path = events::from_hex(std::string_view(*row[kPath]).substr(2));
        if (path && query_.matches(*path)) print(medium, row, *path);
      }
    }
    auto closed = pg_.execute("CLOSE found");
    if (!closed) return std::move(closed).error();
    return {};
  }

 private:
  void print(const FoundMedium& medium, const projector::Row& row, const std::string& path) {
    found_ += 1;
    if (options_.json) {
      print_as_json(medium, row, path);
      return;
    }
    if (found_ == 1) {
      std::cout
          << "medium    vol  size      modified             blob          disposition  path\n";
    }
    const auto padded = [](std::string text, std::size_t width) {
      text.resize(std::max(text.size(), width), ' ');
      return text;
    };
    const std::string size = row[kSize] ? human_bytes(std::stoull(*row[kSize])) : "";
    std::cout << padded(medium.id.substr(0, 8), 10) << padded(*row[kVolume], 5) << padded(size, 10)
              << padded(time_of(row).substr(0, 19), 21)
              << padded(row[kBlob].value_or("-").substr(0, 12), 14)
              << padded(*row[kDisposition], 13) << events::escape_bytes(path) << "\n";
  }

  static void print_as_json(const FoundMedium& medium, const projector::Row& row,
                            const std::string& path) {
    const auto number = [](const std::optional<std::string>& text) {
      return text ? Json(std::stoll(*text)) : Json(nullptr);
    };
    const std::string modified = time_of(row);
    print_json({{"medium", medium.id},
                {"medium_human", medium.human},
                {"volume", number(row[kVolume])},
                {"path", events::escape_bytes(path)},
                {"type", json_of(row[kType])},
                {"inode", number(row[kInode])},
                {"size", number(row[kSize])},
                {"modify_time", modified.empty() ? Json(nullptr) : Json(modified)},
                {"blob", json_of(row[kBlob])},
                {"disposition", json_of(row[kDisposition])}});
  }

  static std::string time_of(const projector::Row& row) {
    return row[kModified] ? text_of_nanos(std::stoll(*row[kModified])) : "";
  }

  const Context& context_;
  Pg& pg_;
  const FindQuery& query_;
  const FindOptions& options_;
  std::uint64_t found_ = 0;
};

Error explained(const Error& error) {
  if (error.code != Errc::invalid || error.message.find("does not exist") == std::string::npos) {
    return error;
  }
  return Error(error).within(
      "the tables are not there, or changed meanwhile (`ntt project` makes them; ask again)");
}

Status search_all(const Context& context, Pg& pg, const FindQuery& query,
                  const FindOptions& options) {
  auto medium = medium_named(pg, options.medium);
  if (!medium) return std::move(medium).error();
  auto media = media_to_search(pg, query, *medium);
  if (!media) return std::move(media).error();
  if (way_of(query) == FindWay::scan) {
    say_warning("no index serves this: every path of " + std::to_string(media->size()) +
                (media->size() == 1 ? " medium" : " media") + " is read");
  }
  Finder finder(context, pg, query, options);
  for (const FoundMedium& one : *media) {
    if (finder.is_done()) break;
    if (auto searched = finder.search(one); !searched) return searched;
  }
  std::cout.flush();
  if (context.cancelled) return Error{Errc::unavailable, "interrupted"};
  if (finder.found() == 0) say_warning("nothing found");
  return {};
}

int run(Context& context, const FindOptions& options) {
  auto query = query_of(options);
  if (!query) return fail_usage(query.error().message);
  auto url = reader_url(context.settings);
  if (!url) return fail(url.error());
  auto pg = Pg::connect(*url);
  if (!pg) return fail(pg.error());
  if (auto begun = (*pg)->begin(); !begun) return fail(begun.error());
  if (!options.blob.empty() && !query->blob) {
    auto blob = blob_named(**pg, options.blob);
    if (!blob) return fail(explained(blob.error()));
    query->blob = *blob;
  }
  if (auto searched = search_all(context, **pg, *query, options); !searched) {
    return fail(explained(searched.error()));
  }
  return kDone;
}

}  // namespace

Command find_command() {
  auto options = std::make_shared<FindOptions>();
  Command command;
  command.name = "find";
  command.summary =
      "Which medium, volume and path holds a name or a blob. All conditions given have to hold.\n"
      "An index serves whole names, suffixes and globs that end in an extension (.jpg), the\n"
      "beginnings of paths, and blobs; for anything else every path is read. Names that are not\n"
      "UTF-8 are given in the escape that ntt prints: \\xHH is a byte, \\\\ a backslash.";
  command.examples =
      "  ntt find --name beach.jpg                 by its exact name\n"
      "  ntt find --name '*.wallet'                by a glob: * any bytes, ? one character\n"
      "  ntt find --suffix .jpg --path-prefix photos/2004/\n"
      "  ntt find --blob a518072582de --json       every place with this content";
  command.options = {
      {"--name", &options->name, "GLOB", "its base name; \\x2A is a literal *", false, {}},
      {"--path",
       &options->path,
       "GLOB",
       "its path in the volume; * also stands for slashes",
       false,
       {}},
      {"--suffix", &options->suffix, "TEXT", "what its base name ends with", false, {}},
      {"--path-prefix", &options->path_prefix, "TEXT", "what its path begins with", false, {}},
      {"--blob",
       &options->blob,
       "ID",
       "its content: 64 hex digits, or four or more that it begins with",
       false,
       {}},
      {"--medium", &options->medium, "MEDIUM", "on this medium only", false, {}},
      {"-i,--ignore-case",
       &options->ignore_case,
       "",
       "a to z as A to Z in --name, --path and --suffix",
       false,
       {}},
      {"-n,--limit", &options->limit, "N", "stop after N", false, {}},
      {"--json", &options->json, "", "one JSON object a line", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
