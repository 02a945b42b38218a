// Probes one region: every adapter in turn, then everything that libblkid can only name.

#include <algorithm>
#include <cstring>
#include <map>

#include "stages/reader/survey.h"
#include "stages/reader/tsk_file_system.h"

namespace ntt::reader {

namespace wire = stages::wire;
using wire::Attempt;
using wire::FileSystemId;
using wire::FoundVolume;

namespace {

constexpr std::size_t kFillBlockBytes = 1U << 20U;
// Unpartitioned Zip disks keep their file system behind 32 empty sectors.
constexpr std::uint64_t kZipOffset = 16384;
constexpr std::uint64_t kBackupSuperblocks[] = {8193, 16384, 32768};  // 1, 2 and 4 KiB blocks

// libblkid's name for what an adapter reads; `count` when none does.
Attempt adapter_of(const std::string& type) {
  static const std::map<std::string, Attempt> adapters = {
      {"ext2", Attempt::ext},        {"ext3", Attempt::ext},    {"ext4", Attempt::ext},
      {"ext4dev", Attempt::ext},     {"iso9660", Attempt::iso}, {"udf", Attempt::udf},
      {"vfat", Attempt::fat},        {"exfat", Attempt::fat},   {"ntfs", Attempt::ntfs},
      {"hfsplus", Attempt::hfsplus}, {"ufs", Attempt::ufs},     {"apfs", Attempt::apfs}};
  const auto at = adapters.find(type);
  return at == adapters.end() ? Attempt::count : at->second;
}

// What people call things, and what becomes of a volume that holds them.
FoundVolume name_signature(const Signature& signature) {
  FoundVolume found;
  found.filesystem = signature.type;
  found.label = signature.label;
  found.uuid = signature.uuid;
  const std::string& type = signature.type;
  if (type == "swap" || type == "swsuspend") {
    found.outcome = "swap";
    found.message = "swap space";
  } else if (signature.usage == "crypto" || type == "BitLocker") {
    found.outcome = "encrypted";
    found.message = "an encrypted volume (" + type + ")";
  } else if (signature.usage == "raid") {
    found.outcome = "container";
    found.message = type.rfind("LVM", 0) == 0
                        ? "a physical volume of a logical volume manager (" + type + ")"
                        : "a member of a RAID or volume set (" + type + ")";
  } else if (type == "hfs") {
    found.outcome = "unknown";
    found.message = "a classic HFS file system, which ntt cannot read";
  } else {
    found.outcome = "unknown";
    found.message = "recognised as " + type + ", which ntt cannot read";
  }
  return found;
}

class Probe {
 public:
  Probe(Image& image, Reply& reply, const wire::ProbeRequest& request)
      : image_(image), reply_(reply), request_(request) {}

  void run() {
    if (begin(Attempt::signatures)) {
      signatures_ = find_signatures(image_, {request_.offset, request_.length});
    }
    try_all(request_.offset, request_.length);
    if (!readable_found_ && request_.unpartitioned && request_.length > kZipOffset) {
      if (begin(Attempt::signatures)) {
        const auto more = find_signatures(image_, {kZipOffset, request_.length - kZipOffset});
        signatures_.insert(signatures_.end(), more.begin(), more.end());
      }
      try_all(kZipOffset, request_.length - kZipOffset);
    }
    if (!readable_found_) try_backup_superblocks();
    name_the_rest();
    if (!any_found_) describe_fill();
    reply_.send(wire::FrameType::done, {});
  }

 private:
  static constexpr Attempt kAdapters[] = {Attempt::ext, Attempt::iso,  Attempt::udf,
                                          Attempt::fat, Attempt::ntfs, Attempt::hfsplus,
                                          Attempt::ufs, Attempt::apfs};

  bool begin(Attempt attempt) {
    if ((request_.skip & wire::bit(attempt)) != 0) return false;
    reply_.send(wire::FrameType::trying, encode(attempt));
    reply_.flush();
    return true;
  }

  void send(const FoundVolume& found) {
    any_found_ = true;
    readable_found_ = readable_found_ || found.readable;
    reply_.send(wire::FrameType::found, encode(found));
  }

  void try_all(std::uint64_t offset, std::uint64_t length) {
    for (const Attempt kind : kAdapters) {
      if (begin(kind)) try_one({kind, offset, length, 0});
    }
  }

  void try_one(const FileSystemId& id) {
    if (id.kind == Attempt::apfs) {
      const auto volumes = apfs_volumes(image_, id, failures_[id.kind]);
      for (const FoundVolume& volume : volumes) send(volume);
      if (!volumes.empty()) opened_[id.kind] = true;
      return;
    }
    Facts facts;
    if (const auto opened = open_file_system(image_, id, {}, &facts); !opened) {
      failures_[id.kind] = opened.error().message;
      return;
    }
    opened_[id.kind] = true;
    FoundVolume found;
    found.id = id;
    found.readable = true;
    found.filesystem = facts.filesystem;
    found.label = facts.label;
    found.uuid = facts.uuid;
    found.length = facts.length;
    found.time_basis = facts.time_basis;
    found.message = facts.message;
    for (const Signature& signature : signatures_) {
      if (adapter_of(signature.type) != id.kind) continue;
      if (found.label.empty()) found.label = signature.label;
      if (found.uuid.empty()) found.uuid = signature.uuid;
    }
    send(found);
  }

  // Stale backups survive in many places, so they count only when nothing else is found.
  void try_backup_superblocks() {
    for (const std::uint64_t block : kBackupSuperblocks) {
      const std::uint64_t bytes = block == 8193 ? 1024 : block / 8;
      char magic[2];
      if (request_.length < block * bytes + 1024 ||
          !image_.try_read(request_.offset + block * bytes + 56, magic, sizeof magic) ||
          std::memcmp(magic, "\x53\xEF", sizeof magic) != 0 || !begin(Attempt::ext)) {
        continue;
      }
      const bool before = readable_found_;
      try_one({Attempt::ext, request_.offset, request_.length, block});
      if (readable_found_ != before) return;
    }
  }

  void name_the_rest() {
    std::vector<std::string> named;
    for (const Signature& signature : signatures_) {
      const Attempt adapter = adapter_of(signature.type);
      if (adapter != Attempt::count && (opened_[adapter] || !failures_.count(adapter))) continue;
      // One message for each kind of thing: libblkid finds backup copies too.
      if (std::find(named.begin(), named.end(), signature.type) != named.end()) continue;
      named.push_back(signature.type);
      FoundVolume found = name_signature(signature);
      if (adapter != Attempt::count) {
        found.outcome = "failed";
        found.message =
            "it looks like " + signature.type + " but cannot be opened: " + failures_[adapter];
      }
      found.id = {Attempt::signatures, request_.offset, request_.length, 0};
      send(found);
    }
  }

  void describe_fill() {
    FoundVolume found;
    found.id = {Attempt::signatures, request_.offset, request_.length, 0};
    const std::uint64_t end = std::min(request_.offset + request_.length, image_.size());
    std::string block(kFillBlockBytes, '\0');
    char fill = 0;
    bool uniform = true;
    for (std::uint64_t at = request_.offset; at < end && uniform; at += block.size()) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(end - at, block.size()));
      uniform = image_.try_read(at, block.data(), count);
      if (at == request_.offset) fill = block[0];
      uniform = uniform && block[0] == fill &&
                std::memcmp(block.data(), block.data() + 1, count - 1) == 0;
    }
    char text[64];
    std::snprintf(text, sizeof text, "every byte is 0x%02X", static_cast<std::uint8_t>(fill));
    found.outcome = uniform ? "empty" : "unknown";
    found.message = !uniform                 ? "no file system and nothing else was recognised"
                    : end <= request_.offset ? "there are no bytes"
                                             : text;
    send(found);
  }

  Image& image_;
  Reply& reply_;
  const wire::ProbeRequest& request_;
  std::vector<Signature> signatures_;
  std::map<Attempt, std::string> failures_;
  std::map<Attempt, bool> opened_;
  bool any_found_ = false;
  bool readable_found_ = false;
};

}  // namespace

Opened open_file_system(Image& image, const FileSystemId& id, const OpenOptions& options,
                        Facts* facts) {
  switch (id.kind) {
    case Attempt::ext:
      return open_ext(image, id, options, facts);
    case Attempt::iso:
      return open_iso(image, id, facts);
    case Attempt::udf:
      return open_udf(image, id, facts);
    default:
      return open_tsk(image, id, options, facts);
  }
}

void send_probe(Image& image, Reply& reply, const wire::ProbeRequest& request) {
  Probe(image, reply, request).run();
}

}  // namespace ntt::reader
