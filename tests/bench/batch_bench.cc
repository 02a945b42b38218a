// How fast batches are encoded and decoded, and how many bytes a directory entry takes.
//
// The entries are a real tree: NTT_BENCH_TREE, or /usr.

#include <benchmark/benchmark.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "events/batch.h"
#include "events/limits.h"

namespace ntt::events {
namespace {

EntryType type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return EntryType::file;
    case S_IFDIR:
      return EntryType::directory;
    case S_IFLNK:
      return EntryType::symlink;
    case S_IFBLK:
      return EntryType::block_device;
    case S_IFCHR:
      return EntryType::char_device;
    case S_IFIFO:
      return EntryType::fifo;
    case S_IFSOCK:
      return EntryType::socket;
    default:
      return EntryType::unknown;
  }
}

Nanos nanos(const statx_timestamp& time) {
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

Entry entry_of(const std::string& root, const std::string& path, const struct statx& info) {
  Entry entry;
  entry.type = type_of(info.stx_mode);
  entry.device = makedev(info.stx_dev_major, info.stx_dev_minor);
  entry.inode = info.stx_ino;
  entry.link_count = info.stx_nlink;
  entry.size = info.stx_size;
  entry.mode = info.stx_mode & 07777U;
  entry.uid = info.stx_uid;
  entry.gid = info.stx_gid;
  entry.modify_time = nanos(info.stx_mtime);
  entry.access_time = nanos(info.stx_atime);
  entry.change_time = nanos(info.stx_ctime);
  if ((info.stx_mask & STATX_BTIME) != 0) entry.birth_time = nanos(info.stx_btime);
  entry.path = path;
  if (entry.type == EntryType::symlink) {
    char target[4096];
    const ssize_t length = readlink((root + "/" + path).c_str(), target, sizeof target);
    if (length > 0) entry.symlink_target.assign(target, static_cast<std::size_t>(length));
  }
  return entry;
}

// Depth first, names sorted by their bytes, one filesystem.
void walk(const std::string& root, const std::string& path, std::vector<Entry>& out) {
  struct statx info {};
  const std::string full = root + "/" + path;
  constexpr unsigned kMask = STATX_BASIC_STATS | STATX_BTIME;
  if (statx(AT_FDCWD, full.c_str(), AT_SYMLINK_NOFOLLOW, kMask, &info) != 0) return;
  out.push_back(entry_of(root, path, info));
  if (out.back().type != EntryType::directory || out.back().device != out.front().device) return;
  std::vector<std::string> names;
  if (DIR* directory = opendir(full.c_str())) {
    while (const dirent* item = readdir(directory)) names.emplace_back(item->d_name);
    closedir(directory);
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (name == "." || name == "..") continue;
    walk(root, path.empty() ? name : path + "/" + name, out);
  }
}

// The tree as batches, with birth times or without.
const std::vector<EntryBatch>& batches(bool with_birth_time) {
  static const std::vector<Entry> kEntries = [] {
    const char* root = std::getenv("NTT_BENCH_TREE");
    std::vector<Entry> out;
    walk(root != nullptr ? root : "/usr", "", out);
    return out;
  }();
  static std::vector<EntryBatch> kept[2];
  std::vector<EntryBatch>& out = kept[with_birth_time ? 1 : 0];
  if (!out.empty()) return out;
  for (std::size_t i = 0; i < kEntries.size(); ++i) {
    if (i % kBatchRecordsMax == 0) out.push_back({{0}, {i}, {}});
    out.back().entries.push_back(kEntries[i]);
    if (!with_birth_time) out.back().entries.back().birth_time.reset();
  }
  return out;
}

void encode(benchmark::State& state) {
  const auto& all = batches(state.range(0) != 0);
  std::size_t records = 0;
  std::size_t bytes = 0;
  std::size_t columns = 0;
  for (auto _ : state) {
    for (const EntryBatch& batch : all) {
      bytes += encode_entry_batch(batch).attachment.size();
      records += batch.entries.size();
    }
  }
  for (const EntryBatch& batch : all) columns += encode_entry_columns(batch).size();
  const auto per_round = static_cast<double>(records) / static_cast<double>(state.iterations());
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
  state.counters["records"] = per_round;
  state.counters["bytes/record"] = static_cast<double>(bytes) / static_cast<double>(records);
  state.counters["columns/record"] = static_cast<double>(columns) / per_round;
}
BENCHMARK(encode)->ArgName("birth")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void encode_columns(benchmark::State& state) {
  const auto& all = batches(state.range(0) != 0);
  std::size_t records = 0;
  for (auto _ : state) {
    for (const EntryBatch& batch : all) {
      benchmark::DoNotOptimize(encode_entry_columns(batch));
      records += batch.entries.size();
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
}
BENCHMARK(encode_columns)->ArgName("birth")->Arg(1)->Unit(benchmark::kMillisecond);

void decode(benchmark::State& state) {
  std::vector<std::string> attachments;
  for (const EntryBatch& batch : batches(state.range(0) != 0)) {
    attachments.push_back(encode_entry_batch(batch).attachment);
  }
  std::size_t records = 0;
  for (auto _ : state) {
    for (const std::string& attachment : attachments) {
      records += decode_entry_batch(attachment).value().entries.size();
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
}
BENCHMARK(decode)->ArgName("birth")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ntt::events

BENCHMARK_MAIN();
