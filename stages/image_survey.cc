// Asks the reader for partition tables and for what lies in each region, and numbers the answers.

#include "stages/image_survey.h"

#include <algorithm>
#include <iterator>

#include "events/bytes.h"

namespace ntt::stages {

namespace {

using events::Result;
using events::VolumeOutcome;
using wire::Attempt;
using wire::FrameType;

constexpr std::size_t kRegionsMax = 4096;  // far more than any table; a hostile reader has no end
constexpr std::size_t kFoundMax = 256;     // in one region

struct Death {
  Attempt attempt = Attempt::count;
  ReaderEnd end;
};

// Text from the medium, made fit for JSON.
std::string clean(const std::string& text) {
  return events::is_valid_utf8(text) ? text : events::escape_bytes(text);
}

template <class T>
FrameVerdict collect(const wire::Frame& frame, std::vector<T>& out, std::size_t count_max) {
  auto one = wire::decode<T>(frame.payload);
  if (!one || out.size() >= count_max) return FrameVerdict::malformed;
  out.push_back(std::move(*one));
  return FrameVerdict::more;
}

// Asks until a reader lives to the end of its answer; each death adds to `deaths` and to what the
// next reader skips.
template <class T>
Result<std::vector<T>> ask_skipping(ReaderSession& session, FrameType request, FrameType item,
                                    std::size_t count_max,
                                    const std::function<std::string(wire::AttemptSet)>& payload,
                                    std::vector<Death>& deaths) {
  wire::AttemptSet skip = 0;
  while (true) {
    std::vector<T> items;
    Attempt trying = Attempt::count;
    const auto end = session.ask(request, payload(skip), [&](const wire::Frame& frame) {
      if (frame.type == FrameType::done) return FrameVerdict::finished;
      if (frame.type == FrameType::progress) return FrameVerdict::more;
      if (frame.type == item) return collect(frame, items, count_max);
      const auto attempt = wire::decode<Attempt>(frame.payload);
      if (frame.type != FrameType::trying || !attempt) return FrameVerdict::malformed;
      trying = *attempt;
      return FrameVerdict::more;
    });
    if (!end) return end.error();
    if (end->answered()) return items;
    deaths.push_back({trying, *end});
    // It died before it tried anything, or in what it was told to skip: a further one is no use.
    if (trying == Attempt::count || (skip & wire::bit(trying)) != 0) return std::vector<T>{};
    skip |= wire::bit(trying);
  }
}

class Survey {
 public:
  Survey(ReaderSession& session, std::uint64_t image_bytes)
      : session_(session), image_bytes_(image_bytes) {}

  Result<std::vector<SurveyedVolume>> run() {
    std::vector<Death> deaths;
    auto listed = ask_skipping<wire::Region>(
        session_, FrameType::tables, FrameType::region, kRegionsMax,
        [](wire::AttemptSet skip) { return encode(wire::TablesRequest{skip}); }, deaths);
    if (!listed) return std::move(listed).error();
    keep_regions(std::move(*listed));
    const wire::Region whole{"none", "", 0, image_bytes_};
    if (auto probed = probe(whole, 0); !probed) return std::move(probed).error();
    for (std::size_t i = 0; i < regions_.size(); ++i) {
      const wire::Region& region = regions_[i];
      if (region.description == "Apple_partition_map") continue;  // a table, not a volume
      if (auto probed = probe(region, static_cast<std::uint32_t>(i + 1)); !probed) {
        return std::move(probed).error();
      }
    }
    for (const Death& death : deaths) further_.push_back(died(whole, death));
    for (SurveyedVolume& volume : further_) {
      volume.outcome.volume = static_cast<std::uint32_t>(regions_.size()) + 1 + further_count_++;
      volumes_.push_back(std::move(volume));
    }
    return std::move(volumes_);
  }

 private:
  // Drops what repeats an earlier table: a protective or hybrid MBR beside a GPT.
  void keep_regions(std::vector<wire::Region> listed) {
    const bool has_gpt = std::any_of(listed.begin(), listed.end(),
                                     [](const wire::Region& r) { return r.table == "gpt"; });
    for (wire::Region& region : listed) {
      const bool protective =
          has_gpt && region.table == "dos" && region.description.rfind("GPT Safety", 0) == 0;
      const bool repeated =
          std::any_of(regions_.begin(), regions_.end(), [&](const wire::Region& other) {
            return other.offset == region.offset && other.length == region.length;
          });
      if (!protective && !repeated) regions_.push_back(std::move(region));
    }
  }

  [[nodiscard]] SurveyedVolume describe(const wire::Region& region) const {
    SurveyedVolume volume;
    volume.outcome.offset = region.offset;
    volume.outcome.length = region.length;
    volume.outcome.table = region.table;
    volume.outcome.description = clean(region.description);
    volume.outcome.time_basis = "utc";
    return volume;
  }

  [[nodiscard]] SurveyedVolume died(const wire::Region& region, const Death& death) const {
    SurveyedVolume volume = describe(region);
    volume.outcome.outcome = death.end.outcome();
    volume.outcome.message =
        death.end.message + " while it looked for " +
        std::string(death.attempt == Attempt::count ? "anything" : to_string(death.attempt));
    return volume;
  }

  [[nodiscard]] SurveyedVolume describe_found(const wire::Region& region,
                                              const wire::FoundVolume& found) const {
    SurveyedVolume volume = describe(region);
    VolumeOutcome& outcome = volume.outcome;
    outcome.offset = std::max(region.offset, found.id.offset);
    if (found.length != 0) outcome.length = found.length;
    outcome.filesystem = clean(found.filesystem);
    outcome.label = clean(found.label);
    outcome.uuid = clean(found.uuid);
    outcome.message = clean(found.message);
    if (found.time_basis == "local") outcome.time_basis = "local";
    outcome.outcome = clean(found.outcome);
    if (found.readable) {
      outcome.outcome = "enumerated";
      volume.id = found.id;
    }
    note_truncation(region, outcome);
    return volume;
  }

  void note_truncation(const wire::Region& region, VolumeOutcome& outcome) const {
    const std::uint64_t claimed =
        std::max(region.offset + region.length, outcome.offset + outcome.length);
    if (claimed <= image_bytes_) return;
    if (outcome.outcome == "enumerated" || outcome.outcome == "unknown" ||
        outcome.outcome == "empty") {
      outcome.outcome = "truncated";
    }
    const std::string cut = "the volume ends at byte " + std::to_string(claimed) +
                            " of the medium, the image at " + std::to_string(image_bytes_);
    outcome.message = outcome.message.empty() ? cut : cut + "; " + outcome.message;
  }

  // The file system is that of an earlier volume, seen through another table.
  [[nodiscard]] const VolumeOutcome* same_as(const wire::FileSystemId& id) const {
    for (const auto* list : {&volumes_, &further_}) {
      for (const SurveyedVolume& volume : *list) {
        if (volume.id && volume.id->kind == id.kind && volume.id->offset == id.offset &&
            volume.id->parameter == id.parameter) {
          return &volume.outcome;
        }
      }
    }
    return nullptr;
  }

  // Adds a region's volumes: the first under the region's own number, the rest after all regions.
  Result<void> probe(const wire::Region& region, std::uint32_t number) {
    std::vector<SurveyedVolume> here;
    if (region.offset >= image_bytes_ && number != 0) {
      here.push_back(describe(region));
      here.back().outcome.outcome = "unknown";
      note_truncation(region, here.back().outcome);
    } else if (auto found = probe_present(region, number, here); !found) {
      return std::move(found).error();
    }
    for (std::size_t i = 0; i < here.size(); ++i) {
      here[i].outcome.volume = number;
      (i == 0 ? volumes_ : further_).push_back(std::move(here[i]));
    }
    return {};
  }

  Result<void> probe_present(const wire::Region& region, std::uint32_t number,
                             std::vector<SurveyedVolume>& here) {
    std::vector<Death> deaths;
    const bool unpartitioned = number == 0 && regions_.empty();
    auto found = ask_skipping<wire::FoundVolume>(
        session_, FrameType::probe, FrameType::found, kFoundMax,
        [&](wire::AttemptSet skip) {
          return encode(wire::ProbeRequest{region.offset, region.length, unpartitioned, skip});
        },
        deaths);
    if (!found) return std::move(found).error();
    drop_boot_sector_partitions(*found, number);
    for (const wire::FoundVolume& one : *found) {
      const bool nameless = one.outcome == "unknown" || one.outcome == "empty";
      // Between and before partitions there is nothing to report; a death says more than "unknown".
      if (nameless && one.filesystem.empty() &&
          (!deaths.empty() || (number == 0 && !regions_.empty()))) {
        continue;
      }
      SurveyedVolume volume = describe_found(region, one);
      if (const VolumeOutcome* same = volume.id ? same_as(*volume.id) : nullptr; same != nullptr) {
        volume.outcome.message = "the same file system as at offset " +
                                 std::to_string(same->offset) + " in table " + same->table +
                                 "; its entries are listed there";
        volume.id.reset();
      }
      here.push_back(std::move(volume));
    }
    for (const Death& death : deaths) here.push_back(died(region, death));
    return {};
  }

  // The boot code of a FAT or NTFS volume can look like a partition table.
  void drop_boot_sector_partitions(const std::vector<wire::FoundVolume>& found,
                                   std::uint32_t number) {
    if (number != 0) return;
    const bool boot_sector =
        std::any_of(found.begin(), found.end(), [](const wire::FoundVolume& one) {
          return one.readable && one.id.offset == 0 &&
                 (one.id.kind == Attempt::fat || one.id.kind == Attempt::ntfs);
        });
    if (!boot_sector) return;
    regions_.erase(std::remove_if(regions_.begin(), regions_.end(),
                                  [](const wire::Region& r) { return r.table == "dos"; }),
                   regions_.end());
  }

  ReaderSession& session_;
  std::uint64_t image_bytes_;
  std::vector<wire::Region> regions_;
  std::vector<SurveyedVolume> volumes_;
  std::vector<SurveyedVolume> further_;
  std::uint32_t further_count_ = 0;
};

}  // namespace

Result<std::vector<SurveyedVolume>> survey_image(ReaderSession& session,
                                                 std::uint64_t image_bytes) {
  return Survey(session, image_bytes).run();
}

}  // namespace ntt::stages
