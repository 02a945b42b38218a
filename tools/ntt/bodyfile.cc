// The letters are TSK's own: what `fls -m` prints for the same entry.

#include "tools/ntt/bodyfile.h"

#include "events/bytes.h"

namespace ntt::tools {

using events::Entry;
using events::EntryType;
using events::Nanos;

namespace {

char letter_of(EntryType type) {
  if (type == EntryType::file) return 'r';
  if (type == EntryType::socket) return 'h';
  return type == EntryType::unknown ? '-' : static_cast<char>(type);
}

// "r/rrwxr-xr-x"
std::string mode_text(const Entry& entry) {
  const char type = letter_of(entry.type);
  std::string text = {type, '/', type};
  const auto triple = [&](unsigned shift, unsigned special, char letter) {
    const unsigned bits = entry.mode >> shift;
    text += (bits & 4U) != 0 ? 'r' : '-';
    text += (bits & 2U) != 0 ? 'w' : '-';
    const bool runs = (bits & 1U) != 0;
    if ((entry.mode & special) != 0) {
      text += runs ? letter : static_cast<char>(letter - 'a' + 'A');
    } else {
      text += runs ? 'x' : '-';
    }
  };
  triple(6, 04000, 's');
  triple(3, 02000, 's');
  triple(0, 01000, 't');
  return text;
}

std::string name_of(events::VolumeIndex volume, const Entry& entry) {
  std::string name = "/" + std::to_string(volume.value) + "/" + events::escape_bytes(entry.path);
  for (std::size_t i = name.find('|'); i != std::string::npos; i = name.find('|', i)) {
    name.replace(i, 1, "\\x7c");
  }
  if (entry.type == EntryType::symlink && !entry.symlink_target.empty()) {
    std::string target = events::escape_bytes(entry.symlink_target);
    for (std::size_t i = target.find('|'); i != std::string::npos; i = target.find('|', i)) {
      target.replace(i, 1, "\\x7c");
    }
    name += " -> " + target;
  }
  if (!entry.allocated) name += " (deleted)";
  return name;
}

std::string seconds_text(const std::optional<Nanos>& time) {
  if (!time) return "0";
  constexpr Nanos kSecond = 1'000'000'000;
  return std::to_string(*time / kSecond - (*time % kSecond < 0 ? 1 : 0));
}

}  // namespace

std::string bodyfile_line(events::VolumeIndex volume, const Entry& entry) {
  std::string line = "0|" + name_of(volume, entry);
  const std::string fields[] = {std::to_string(entry.inode),     mode_text(entry),
                                std::to_string(entry.uid),       std::to_string(entry.gid),
                                std::to_string(entry.size),      seconds_text(entry.access_time),
                                seconds_text(entry.modify_time), seconds_text(entry.change_time),
                                seconds_text(entry.birth_time)};
  for (const std::string& field : fields) line += "|" + field;
  return line + "\n";
}

}  // namespace ntt::tools
