// What the tests of sources, enum and load share.

#include "tests/stages/log_bench.h"

#include <sys/wait.h>
#include <unistd.h>

namespace ntt::tests {

namespace {

constexpr unsigned kNobody = 65534;

std::unique_ptr<events::Log> open_log(const TempDir& directory, events::Clock& clock) {
  events::RocksLogOptions options;
  options.directory = directory / "log";
  auto log = events::open_rocks_log(options, clock);
  CHECK(log.has_value());
  return std::move(*log);
}

}  // namespace

void HookedProgress::update(std::string_view /*stage*/, std::string_view /*what*/,
                            std::uint64_t items_done, std::uint64_t /*items_total*/,
                            std::uint64_t /*bytes_done*/, std::uint64_t /*bytes_total*/) {
  if (hook) hook(items_done);
}

LogBench::LogBench(const std::string& medium)
    : log(open_log(directory, clock)),
      emitter(*log, clock, {medium}, events::new_run_id(clock), events::this_actor()),
      context{*log, emitter, clock, progress, cancelled} {}

std::vector<events::Event> LogBench::events(const std::string& type_glob) const {
  std::vector<events::Event> found;
  events::Filter filter;
  filter.type_glob = type_glob;
  auto scanned = log->scan(filter, [&found](const events::Event& event) {
    found.push_back(event);
    return true;
  });
  EXPECT_TRUE(scanned.has_value());
  return found;
}

std::vector<std::string> LogBench::types() const {
  std::vector<std::string> types;
  for (const events::Event& event : events()) types.push_back(event.type);
  return types;
}

stages::Status CollectingSink::entries(stages::VolumeIndex volume,
                                       std::span<const stages::Entry> entries) {
  if (on_entries) on_entries();
  for (const stages::Entry& entry : entries) found.emplace_back(volume.value, entry);
  return {};
}

stages::Status CollectingSink::volume_done(const stages::VolumeOutcome& outcome) {
  volumes.push_back(outcome);
  return {};
}

stages::Entry CollectingSink::at(const std::string& path) const {
  for (const auto& [volume, entry] : found) {
    if (entry.path == path) return entry;
  }
  ADD_FAILURE() << "no entry " << path;
  return {};
}

std::string as_ordinary_user(const std::function<void(std::string&)>& work) {
  int ends[2] = {-1, -1};
  CHECK(::pipe(ends) == 0);
  const pid_t child = ::fork();
  CHECK(child >= 0);
  if (child == 0) {
    std::string said;
    if (::geteuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) ::_exit(1);
    work(said);
    const ssize_t written = ::write(ends[1], said.data(), said.size());
    ::_exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t bytes = 0; (bytes = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    said.append(buffer, static_cast<std::size_t>(bytes));
  }
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  return said;
}

}  // namespace ntt::tests
