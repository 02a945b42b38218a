// Walks with an explicit stack and sends entries in bounded frames.

#include "stages/reader/walk.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <unordered_set>
#include <vector>

#include "events/limits.h"
#include "events/payload.h"

namespace ntt::reader {

namespace wire = stages::wire;

namespace {

constexpr std::size_t kHeldEntriesMax = 4096;  // children that wait for their directory's end
constexpr std::size_t kFrameTextBytesMax = 1U << 20U;

// Groups entries into frames and puts each directory's entry before its children where it can.
class EntryStream {
 public:
  explicit EntryStream(Reply& reply) : reply_(reply) {}

  void begin_directory() { spilled_ = false; }

  void child(Entry&& entry) {
    held_.push_back(std::move(entry));
    if (held_.size() <= kHeldEntriesMax) return;
    spilled_ = true;
    release();
  }

  void end_directory(Entry&& directory) {
    if (spilled_) {
      release();
      emit(std::move(directory));
    } else {
      emit(std::move(directory));
      release();
    }
  }

  void flush() {
    if (frame_.entries.empty()) return;
    reply_.send(wire::FrameType::entries, events::encode_entry_columns(frame_));
    frame_.entries.clear();
    text_bytes_ = 0;
  }

 private:
  void release() {
    for (Entry& entry : held_) emit(std::move(entry));
    held_.clear();
  }

  void emit(Entry&& entry) {
    text_bytes_ += entry.path.size() + entry.symlink_target.size() + entry.error_message.size();
    frame_.entries.push_back(std::move(entry));
    if (frame_.entries.size() >= wire::kEntriesMax || text_bytes_ >= kFrameTextBytesMax) flush();
  }

  Reply& reply_;
  events::EntryBatch frame_;
  std::size_t text_bytes_ = 0;
  std::vector<Entry> held_;
  bool spilled_ = false;
};

void set_error(Entry& entry, int number, std::string message) {
  if (entry.error_number != 0) return;  // the first one says most
  entry.error_number = static_cast<std::uint32_t>(number);
  entry.error_message = std::move(message);
}

const wire::BarredDirectory* find_bar(const std::vector<wire::BarredDirectory>& barred,
                                      const std::string& path) {
  const auto found = std::find_if(barred.begin(), barred.end(),
                                  [&](const auto& directory) { return directory.path == path; });
  return found == barred.end() ? nullptr : &*found;
}

// Turns a child's name into its path and notes names that cannot be one.
void place(Entry& child, const std::string& parent) {
  if (child.path.empty() || child.path.find('/') != std::string::npos ||
      child.path.find('\0') != std::string::npos) {
    set_error(child, EILSEQ, "the name is empty or holds a slash or a NUL");
  }
  if (child.type == EntryType::symlink && child.allocated && child.size > 0 &&
      child.symlink_target.empty()) {
    set_error(child, EIO, "the link's target was not read");
  }
  if (parent.size() + child.path.size() + 1 > events::kPathBytesMax) {
    set_error(child, ENAMETOOLONG, "the path is too long; only the name is given");
    child.type = EntryType::unknown;
    return;
  }
  if (!parent.empty()) child.path = parent + "/" + child.path;
}

}  // namespace

void Fault::strike(std::string_view reached, Reply& reply) const {
  const bool is_prefix = path.ends_with('*');
  const bool is_meant =
      is_prefix ? reached.starts_with(path.substr(0, path.size() - 1)) : reached == path;
  if (kind == Kind::none || !is_meant) return;
  reply.flush();
  std::vector<std::string> hoard;
  switch (kind) {
    case Kind::crash:
      std::signal(SIGSEGV, SIG_DFL);  // a sanitizer has a handler of its own
      std::raise(SIGSEGV);
      break;
    case Kind::hang:
      sigset_t none;
      sigemptyset(&none);
      while (true) sigsuspend(&none);
    case Kind::exhaust_memory:
      while (true) hoard.emplace_back(1U << 24U, 'x');
    case Kind::garbage:
      reply.send(static_cast<wire::FrameType>(0xEE), "not a frame");
      reply.flush();
      break;
    case Kind::none:
      break;
  }
}

wire::WalkDone walk(FileSystem& file_system, Reply& reply,
                    const std::vector<wire::BarredDirectory>& barred, const Fault& fault) {
  EntryStream stream(reply);
  std::unordered_set<std::uint64_t> visited;
  std::vector<Entry> pending;
  pending.push_back(file_system.root());
  std::vector<Entry> subdirectories;
  while (!pending.empty()) {
    Entry directory = std::move(pending.back());
    pending.pop_back();
    stream.begin_directory();
    if (!visited.insert(directory.inode).second) {
      set_error(directory, ELOOP, "this directory was listed before under another path");
      stream.end_directory(std::move(directory));
      continue;
    }
    if (const auto* bar = find_bar(barred, directory.path); bar != nullptr) {
      set_error(directory, EIO, "not listed: " + bar->reason);
      stream.end_directory(std::move(directory));
      continue;
    }
    // What was found so far, and where the walk stands, must survive a crash in the next directory.
    stream.flush();
    reply.send(wire::FrameType::directory, directory.path);
    reply.flush();
    fault.strike(directory.path, reply);
    const Listing listing = file_system.list(directory, [&](Entry&& child) {
      reply.progress();
      place(child, directory.path);
      if (child.type == EntryType::directory) {
        subdirectories.push_back(std::move(child));
      } else {
        stream.child(std::move(child));
      }
    });
    if (listing.error_number != 0) set_error(directory, listing.error_number, listing.message);
    stream.end_directory(std::move(directory));
    for (; !subdirectories.empty(); subdirectories.pop_back()) {
      pending.push_back(std::move(subdirectories.back()));
    }
  }
  stream.flush();
  wire::WalkDone done;
  done.other_streams = file_system.other_streams();
  return done;
}

}  // namespace ntt::reader
