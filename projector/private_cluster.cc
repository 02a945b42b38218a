// The private cluster:
//
//   <directory>/lock      held (flock) while one process makes or starts the cluster
//   <directory>/location  where the rest is, if not here (see place_for_root)
//   <place>/data          PostgreSQL's data directory; made as data.new and renamed when whole
//   <place>/ready         the roles and the database exist
//   <place>/server.log    what PostgreSQL and its programs said
//   <place>/socket        the directory of the socket, unless its path would be too long
//
// The server asks for no password: who may enter the socket's directory (mode 0700) may connect.

#include "projector/private_cluster.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <optional>
#include <thread>

#include "events/hash.h"
#include "projector/os_user.h"
#include "projector/pg.h"
#include "projector/schema.h"

namespace ntt::projector {

namespace fs = std::filesystem;
using events::Errc;
using events::Error;
using events::Result;
using events::Status;

namespace {

constexpr const char* kSuperuser = "ntt_admin";
constexpr const char* kDatabase = "ntt";
// sun_path has 108 bytes; "/.s.PGSQL.5432" and the final NUL take 15.
constexpr std::size_t kSocketDirectoryBytesMax = 93;
constexpr std::chrono::minutes kStartTimeout{10};
constexpr std::chrono::milliseconds kStartPoll{10};

constexpr const char* kSettings = R"(
# ntt: a private cluster, reached through its socket only.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 50
# A rebuild touches the partitions and indexes of every medium in one transaction.
max_locks_per_transaction = 1024
# Tables are filled in the transaction that makes them: then nothing goes through the WAL.
wal_level = minimal
max_wal_senders = 0
wal_compression = on
max_wal_size = 2GB
checkpoint_timeout = 15min
synchronous_commit = on
fsync = on
shared_buffers = 128MB
work_mem = 32MB
maintenance_work_mem = 256MB
timezone = 'UTC'
log_timezone = 'UTC'
)";

class FileLock {
 public:
  static Result<FileLock> take(const fs::path& file) {
    const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return events::errno_error("open " + file.string(), errno);
    FileLock lock(fd);
    while (flock(fd, LOCK_EX) != 0) {
      if (errno != EINTR) return events::errno_error("flock " + file.string(), errno);
    }
    return lock;
  }
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock() {
    if (fd_ >= 0) close(fd_);
  }

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

fs::path place_of(const fs::path& directory) {
  const std::string elsewhere = first_line(directory / "location");
  return elsewhere.empty() ? directory : fs::path(elsewhere);
}

// Who runs the server: ourselves (nothing), or for root whoever owns the data, at first `postgres`.
Result<std::optional<OsUser>> server_user(const fs::path& place) {
  struct stat facts {};
  const bool made = stat((place / "data").c_str(), &facts) == 0;
  if (geteuid() != 0) {
    if (made && facts.st_uid != geteuid()) {
      return Error{Errc::invalid, "the private PostgreSQL cluster " + place.string() +
                                      " belongs to another user (uid " +
                                      std::to_string(facts.st_uid) +
                                      "): run ntt as that user, or set NTT_HOME"};
    }
    return std::optional<OsUser>();
  }
  auto user = made && facts.st_uid != 0 ? os_user(facts.st_uid) : os_user("postgres");
  if (!user) return std::move(user).error().within("PostgreSQL does not run as root");
  return std::optional<OsUser>(std::move(*user));
}

Status make_directory(const fs::path& path, const std::optional<OsUser>& owner) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return events::errno_error("mkdir " + path.string(), errno);
  }
  struct stat facts {};
  if (lstat(path.c_str(), &facts) != 0) return events::errno_error(path.string(), errno);
  const uid_t wanted = owner ? owner->uid : geteuid();
  const bool ours = facts.st_uid == wanted || facts.st_uid == geteuid();
  if (!S_ISDIR(facts.st_mode) || !ours) {
    return Error{Errc::invalid, path.string() + " is not a directory of ours"};
  }
  if (owner && facts.st_uid != wanted && chown(path.c_str(), wanted, owner->gid) != 0) {
    return events::errno_error("chown " + path.string(), errno);
  }
  if (chmod(path.c_str(), 0700) != 0) return events::errno_error(path.string(), errno);
  return {};
}

// Root's own directories are closed to `postgres`. Then the cluster lies in a new directory under
// /var/lib, and a file in the directory that was asked for says where.
Result<fs::path> place_for_root(const fs::path& directory, const OsUser& user) {
  if (is_there(directory / "location")) return place_of(directory);
  if (can_reach(user, directory)) return directory;
  std::string name = "/var/lib/ntt-pg-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) return events::errno_error("mkdir " + name, errno);
  std::ofstream out(directory / "location");
  out << name << '\n';
  out.close();
  if (!out) return Error{Errc::io, "cannot write " + (directory / "location").string()};
  return fs::path(name);
}

// PostgreSQL takes a list of directories, hence no odd characters.
fs::path socket_directory(const fs::path& place) {
  fs::path inside = place / "socket";
  const std::string& path = inside.native();
  const bool plain = std::all_of(path.begin(), path.end(), [](char c) {
    return isalnum(static_cast<unsigned char>(c)) != 0 || strchr("/._-+", c) != nullptr;
  });
  if (plain && path.size() <= kSocketDirectoryBytesMax) return inside;
  const std::string digest = events::Blake3::of(place.native()).hex();
  return "/tmp/ntt-pg-" + digest.substr(0, 24);
}

// The newest PostgreSQL installed, or the one that made the data.
Result<fs::path> find_programs(const fs::path& place) {
  const std::string version = first_line(place / "data" / "PG_VERSION");
  fs::path best;
  long best_version = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", error)) {
    const std::string name = entry.path().filename();
    const long number = std::strtol(name.c_str(), nullptr, 10);
    if (!is_there(entry.path() / "bin" / "initdb")) continue;
    if (version.empty() ? number <= best_version : name != version) continue;
    best = entry.path() / "bin";
    best_version = number;
  }
  if (!best.empty()) return best;
  return Error{Errc::not_found, "PostgreSQL" + (version.empty() ? "" : " " + version) +
                                    " is not installed: install the package postgresql" +
                                    (version.empty() ? "" : "-" + version) +
                                    ", or set NTT_DB_URL to a server of yours"};
}

std::string url_of(const fs::path& directory, std::string_view user, std::string_view database) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string host;
  const std::string socket = socket_directory(place_of(directory)).string();
  for (const char c : socket) {
    const auto byte = static_cast<unsigned char>(c);
    if (isalnum(byte) != 0 || c == '-' || c == '_' || c == '.') {
      host += c;
    } else {
      host += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return "postgresql://" + std::string(user) + "@/" + std::string(database) + "?host=" + host;
}

Status sync_file_system(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return events::errno_error("open " + path.string(), errno);
  const int failed = syncfs(fd) == 0 ? 0 : errno;
  close(fd);
  if (failed != 0) return events::errno_error("syncfs " + path.string(), failed);
  return {};
}

// Everything about one cluster that is settled under the lock.
struct Cluster {
  fs::path place;
  fs::path programs;
  std::optional<OsUser> user;

  [[nodiscard]] Program program(std::vector<std::string> command) const {
    command[0] = programs / command[0];
    return {std::move(command), user, place / "server.log"};
  }
  [[nodiscard]] Status initialise() const;
  [[nodiscard]] Status start(const std::string& url) const;
};

Status Cluster::initialise() const {
  if (is_there(place / "data")) return {};
  const fs::path fresh = place / "data.new";
  std::error_code error;
  fs::remove_all(fresh, error);  // of an attempt that was cut off
  auto made =
      run_program(program({"initdb", "-D", fresh, "-U", kSuperuser, "-E", "UTF8", "--locale=C",
                           "--auth=trust", "--data-checksums", "--no-sync", "--no-instructions"}));
  if (!made) return made;
  std::ofstream settings(fresh / "postgresql.conf", std::ios::app);
  settings << kSettings;
  settings.close();
  if (!settings) return Error{Errc::io, "cannot write " + (fresh / "postgresql.conf").string()};
  // initdb would sync a thousand files one by one.
  if (auto synced = sync_file_system(fresh); !synced) return synced;
  fs::rename(fresh, place / "data", error);
  if (error) return Error{Errc::io, "rename " + fresh.string() + ": " + error.message()};
  return {};
}

// Without pg_ctl, whose shell cannot take every directory's name. Recovery after a crash may take
// minutes.
Status Cluster::start(const std::string& url) const {
  const fs::path socket = socket_directory(place);
  if (auto made = make_directory(socket, user); !made) return made;
  const Program server = program({"postgres", "-D", place / "data", "-k", socket});
  auto pid = start_program(server);
  if (!pid) return std::move(pid).error();
  const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  while (!Pg::answers(url)) {
    if (auto runs = still_runs(server, *pid); !runs) {
      return Error{Errc::unavailable,
                   "the private PostgreSQL cluster does not start: " + runs.error().message};
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return Error{Errc::unavailable, "the private PostgreSQL cluster does not answer; see " +
                                          (place / "server.log").string()};
    }
    std::this_thread::sleep_for(kStartPoll);
  }
  return {};
}

Status make_database(const fs::path& directory) {
  auto pg = Pg::connect(url_of(directory, kSuperuser, "postgres"));
  if (!pg) return std::move(pg).error();
  if (auto done = (*pg)->execute_alone(roles_sql()); !done) return done;
  if (auto begun = (*pg)->begin(); !begun) return begun;
  auto there = (*pg)->query("SELECT FROM pg_database WHERE datname = 'ntt'");
  (*pg)->roll_back();
  if (!there) return std::move(there).error();
  if (!there->empty()) return {};
  return (*pg)->execute_alone("CREATE DATABASE ntt OWNER ntt_projector");
}

}  // namespace

PrivateCluster::PrivateCluster(fs::path directory) : directory_(std::move(directory)) {
  std::error_code error;
  if (auto absolute = fs::absolute(directory_, error); !error) directory_ = absolute;
  directory_ = directory_.lexically_normal();
  if (!directory_.has_filename()) directory_ = directory_.parent_path();  // "pg/"
}

bool PrivateCluster::is_running() const {
  return Pg::answers(owner_url());
}

Status PrivateCluster::ensure_running() {
  if (is_there(place_of(directory_) / "ready") && is_running()) return {};
  std::error_code error;
  fs::create_directories(directory_, error);
  auto lock = FileLock::take(directory_ / "lock");
  if (!lock) return std::move(lock).error();

  Cluster cluster;
  auto user = server_user(place_of(directory_));
  if (!user) return std::move(user).error();
  cluster.user = std::move(*user);
  cluster.place = directory_;
  if (cluster.user) {
    auto place = place_for_root(directory_, *cluster.user);
    if (!place) return std::move(place).error();
    cluster.place = std::move(*place);
  }
  auto programs = find_programs(cluster.place);
  if (!programs) return std::move(programs).error();
  cluster.programs = std::move(*programs);

  if (auto made = make_directory(cluster.place, cluster.user); !made) return made;
  if (auto made = cluster.initialise(); !made) return made;
  if (!is_running()) {
    if (auto started = cluster.start(owner_url()); !started) return started;
  }
  if (is_there(cluster.place / "ready")) return {};
  if (auto made = make_database(directory_); !made) return made;
  std::ofstream ready(cluster.place / "ready");
  ready.close();
  if (!ready) return Error{Errc::io, "cannot write " + (cluster.place / "ready").string()};
  return {};
}

Status PrivateCluster::stop() {
  Cluster cluster;
  cluster.place = place_of(directory_);
  if (!is_there(cluster.place / "data" / "postmaster.pid")) return {};
  auto lock = FileLock::take(directory_ / "lock");
  if (!lock) return std::move(lock).error();
  auto user = server_user(cluster.place);
  if (!user) return std::move(user).error();
  cluster.user = std::move(*user);
  auto programs = find_programs(cluster.place);
  if (!programs) return std::move(programs).error();
  cluster.programs = std::move(*programs);
  if (!is_running()) return {};
  return run_program(
      cluster.program({"pg_ctl", "stop", "-D", cluster.place / "data", "-m", "fast", "-w"}));
}

std::string PrivateCluster::owner_url() const {
  return url_of(directory_, "ntt_projector", kDatabase);
}

std::string PrivateCluster::reader_url() const {
  return url_of(directory_, "ntt_reader", kDatabase);
}

}  // namespace ntt::projector
