// ntt doctor: checks the installation and says how to mend it.

#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "events/rocks_log.h"
#include "projector/checkpoint.h"
#include "tools/ntt/json.h"
#include "tools/ntt/tables.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

namespace fs = std::filesystem;

namespace {

// What one check found. state: "ok", "warning" (ntt works without it) or "failed".
struct Finding {
  std::string check;
  std::string state;
  std::string found;
  std::string mend;
};

// The program in PATH, or in PostgreSQL's own directories, which Debian keeps out of PATH.
std::string find_program(const std::string& name) {
  std::vector<fs::path> directories;
  const char* path = std::getenv("PATH");
  const std::string list = path != nullptr ? path : "/usr/bin:/bin";
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(':', begin), list.size());
    directories.emplace_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  std::error_code failed;
  for (fs::directory_iterator i("/usr/lib/postgresql", failed), end; !failed && i != end;
       i.increment(failed)) {
    directories.push_back(i->path() / "bin");
  }
  for (const fs::path& directory : directories) {
    const fs::path program = directory / name;
    if (access(program.c_str(), X_OK) == 0 && !fs::is_directory(program, failed)) {
      return program.string();
    }
  }
  return "";
}

Finding check_program(const std::string& name, const std::string& package, bool required) {
  const std::string found = find_program(name);
  if (!found.empty()) return {name, "ok", found, ""};
  return {name, required ? "failed" : "warning", "not installed",
          "install the Debian package " + package + " (./tools/setup does)"};
}

Finding check_reader() {
  std::error_code failed;
  const fs::path reader = fs::read_symlink("/proc/self/exe", failed).parent_path() / "ntt-reader";
  if (access(reader.c_str(), X_OK) == 0) return {"ntt-reader", "ok", reader.string(), ""};
  return {"ntt-reader", "failed", reader.string() + " is not there: images cannot be read",
          "build it, or install it beside ntt"};
}

// A directory that has to be writable; the nearest existing parent when it is not there yet.
Finding check_directory(const std::string& name, const fs::path& directory) {
  constexpr double kSpaceMin = 1e9;
  fs::path existing = directory;
  std::error_code failed;
  while (!fs::exists(existing, failed) && existing.has_relative_path()) {
    existing = existing.parent_path();
  }
  if (access(existing.c_str(), W_OK | X_OK) != 0) {
    return {name, "failed", existing.string() + " may not be written by this user",
            "give it to this user, or set another directory (`ntt --help` lists the settings)"};
  }
  struct statvfs space {};
  if (statvfs(existing.c_str(), &space) != 0) return {name, "ok", directory.string(), ""};
  const double free = static_cast<double>(space.f_bavail) * static_cast<double>(space.f_frsize);
  const std::string found =
      directory.string() + ", " + human_bytes(static_cast<std::uint64_t>(free)) + " free";
  if (free < kSpaceMin) {
    return {name, "warning", found, "make room, or set another directory"};
  }
  return {name, "ok", found, ""};
}

Finding check_log(const Settings& settings) {
  auto log = open_log_for_reading(settings);
  if (!log && log.error().code == events::Errc::not_found) {
    return {"log", "ok", "none yet at " + settings.log_directory.string(), ""};
  }
  if (!log) return {"log", "failed", log.error().message, "`ntt verify log` tells more"};
  auto head = (*log)->head();
  if (!head) return {"log", "failed", head.error().message, "`ntt verify log` tells more"};
  return {"log", "ok",
          settings.log_directory.string() + ", " + with_commas(head->seq.value) + " events", ""};
}

Finding check_writer(const Settings& settings) {
  const std::string writer = events::rocks_log_writer(settings.log_directory);
  return {"writer", "ok", writer.empty() ? "nobody writes the log now" : "held by " + writer, ""};
}

Finding check_database(Context& context) {
  const std::string where =
      context.settings.db_url.empty()
          ? "private server under " + context.settings.cluster_directory().string()
          : context.settings.db_url;
  auto url = owner_url(context.settings);
  if (!url) {
    return {"database", "failed", url.error().message,
            "stages run without it; `ntt project` fills the tables later"};
  }
  auto projector = projector::Projector::connect(*url);
  if (!projector) {
    return {"database", "failed", projector.error().message,
            "stages run without it; `ntt project` fills the tables later"};
  }
  auto position = (*projector)->checkpoint();
  if (!position) return {"database", "failed", position.error().message, "`ntt project`"};
  auto log = open_log_for_reading(context.settings);
  if (auto same = log ? projector::check_witness(**log, *position) : events::Status(); !same) {
    return {"database", "failed", same.error().message,
            "`ntt verify log` tells whether the log is whole; restore it if it is not"};
  }
  return {"database", "ok", where + ", tables at event " + std::to_string(position->seq.value), ""};
}

Finding check_settings(const Settings& settings) {
  std::error_code failed;
  const bool exists = fs::exists(settings.config_file, failed);
  return {"settings", "ok",
          exists ? settings.config_file.string()
                 : "defaults (there is no " + settings.config_file.string() + ")",
          ""};
}

void print_findings(const std::vector<Finding>& findings, bool color) {
  Table table({"check", "state", "found"});
  for (const Finding& finding : findings) {
    table.add({finding.check, finding.state, finding.found});
    if (!finding.mend.empty()) table.add({"", "", "-> " + finding.mend});
  }
  std::cout << table.text(color);
}

int run(Context& context, bool json) {
  const Settings& settings = context.settings;
  std::vector<Finding> findings = {
      check_settings(settings),
      check_directory("home", settings.home),
      check_directory("by_hash_root", settings.by_hash_root),
      check_directory("images_root", settings.images_root),
      check_directory("image_root", settings.image_root),
      check_log(settings),
      check_writer(settings),
      check_reader(),
      check_program("ddrescue", "gddrescue", false),
      check_program("psql", "postgresql-client", false),
  };
  if (settings.db_url.empty()) {
    findings.push_back(check_program("initdb", "postgresql", true));
    findings.push_back(check_program("pg_ctl", "postgresql", true));
  }
  findings.push_back(check_database(context));
  bool failed = false;
  for (const Finding& finding : findings) {
    failed = failed || finding.state == "failed";
    if (json) {
      print_json({{"check", finding.check},
                  {"state", finding.state},
                  {"found", finding.found},
                  {"mend", finding.mend.empty() ? Json(nullptr) : Json(finding.mend)}});
    }
  }
  if (!json) print_findings(findings, wants_color(settings.color, STDOUT_FILENO));
  return failed ? kFound : kDone;
}

}  // namespace

Command doctor_command() {
  auto json = std::make_shared<bool>(false);
  Command command;
  command.name = "doctor";
  command.summary = "Checks the installation and says how to mend it";
  command.examples = "  ntt doctor        exit code 3 when something does not work";
  command.options = {{"--json", json.get(), "", "one JSON object a check", false, {}}};
  command.run = [json](Context& context) { return run(context, *json); };
  return command;
}

}  // namespace ntt::tools
