// Asks libblkid what a region holds: it knows what we do not read, too.

#include <blkid/blkid.h>

#include <algorithm>
#include <memory>

#include "stages/reader/survey.h"

namespace ntt::reader {

namespace {

constexpr int kSignaturesMax = 32;

struct ProbeFree {
  void operator()(blkid_probe probe) const { blkid_free_probe(probe); }
};

std::string value_of(blkid_probe probe, const char* name) {
  const char* text = nullptr;
  std::size_t length = 0;
  if (blkid_probe_lookup_value(probe, name, &text, &length) != 0 || text == nullptr) return {};
  return text;
}

}  // namespace

std::vector<Signature> find_signatures(Image& image, const ByteRange& region) {
  if (region.offset >= image.size()) return {};
  const std::uint64_t length = std::min(region.length, image.size() - region.offset);
  const std::unique_ptr<blkid_struct_probe, ProbeFree> owner(blkid_new_probe());
  const blkid_probe probe = owner.get();
  if (probe == nullptr ||
      blkid_probe_set_device(probe, image.fd(), static_cast<blkid_loff_t>(region.offset),
                             static_cast<blkid_loff_t>(length)) != 0) {
    return {};
  }
  blkid_probe_enable_superblocks(probe, 1);
  blkid_probe_set_superblocks_flags(
      probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID | BLKID_SUBLKS_USAGE);
  std::vector<Signature> found;
  while (static_cast<int>(found.size()) < kSignaturesMax && blkid_do_probe(probe) == 0) {
    Signature one{value_of(probe, "TYPE"), value_of(probe, "USAGE"), value_of(probe, "LABEL"),
                  value_of(probe, "UUID")};
    if (!one.type.empty()) found.push_back(std::move(one));
  }
  return found;
}

}  // namespace ntt::reader
