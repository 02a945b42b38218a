// ExternalSort sorts any number of plain records in bounded memory.
//
// Records are collected up to the bound, sorted, and spilled as a run to an unlinked temporary
// file; the runs are merged when they are read. What fits in memory never touches the disk.

#pragma once

#include <algorithm>
#include <optional>
#include <queue>
#include <string>
#include <type_traits>
#include <vector>

#include "stages/temporary_file.h"

namespace ntt::stages {

// Records that compare equal come out in any order. Not thread-safe.
template <class Record, class Less>
class ExternalSort {
  static_assert(std::is_trivially_copyable_v<Record>);

 public:
  // `directory` is used once the records outgrow `memory_bytes_max`.
  ExternalSort(std::string directory, std::size_t memory_bytes_max)
      : directory_(std::move(directory)),
        records_max_(std::max<std::size_t>(memory_bytes_max / sizeof(Record), 2)) {}

  events::Status add(const Record& record) {
    if (records_.size() == records_max_) {
      if (auto spilled = spill(); !spilled) return spilled;
    }
    if (records_.size() == records_.capacity()) {  // never grow past the bound
      records_.reserve(std::min(records_max_, std::max<std::size_t>(records_.size() * 2, 1024)));
    }
    records_.push_back(record);
    return {};
  }

  // Visits every record in order; nothing may be added afterwards. `visit` takes a const Record&
  // and returns a Status; an error ends the visit.
  template <class Visit>
  events::Status for_each(const Visit& visit) {
    if (!file_) {
      std::sort(records_.begin(), records_.end(), Less{});
      for (const Record& record : records_) {
        if (auto visited = visit(record); !visited) return visited;
      }
      return {};
    }
    if (auto spilled = spill(); !spilled) return spilled;
    records_.shrink_to_fit();
    return merge(visit);
  }

  [[nodiscard]] std::size_t runs() const { return runs_.size(); }

 private:
  struct Run {
    std::uint64_t offset = 0;  // in the file, bytes
    std::uint64_t left = 0;    // records not yet in the buffer
    std::vector<Record> buffer;
    std::size_t next = 0;
  };

  events::Status spill() {
    if (!file_) {
      auto file = TemporaryFile::create(directory_);
      if (!file) return std::move(file).error();
      file_.emplace(std::move(*file));
    }
    std::sort(records_.begin(), records_.end(), Less{});
    Run run;
    run.offset = file_->size();
    run.left = records_.size();
    runs_.push_back(std::move(run));
    auto written = file_->append(records_.data(), records_.size() * sizeof(Record));
    records_.clear();
    return written;
  }

  events::Status refill(Run& run) {
    const std::size_t share = std::max<std::size_t>(records_max_ / runs_.size(), 64);
    const std::size_t count = std::min<std::uint64_t>(share, run.left);
    run.buffer.resize(count);
    run.next = 0;
    if (count == 0) return {};
    auto read = file_->read_at(run.offset, run.buffer.data(), count * sizeof(Record));
    run.offset += count * sizeof(Record);
    run.left -= count;
    return read;
  }

  template <class Visit>
  events::Status merge(const Visit& visit) {
    const auto later = [this](std::size_t a, std::size_t b) {
      return Less{}(runs_[b].buffer[runs_[b].next], runs_[a].buffer[runs_[a].next]);
    };
    std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> front(later);
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (auto filled = refill(runs_[i]); !filled) return filled;
      if (!runs_[i].buffer.empty()) front.push(i);
    }
    while (!front.empty()) {
      const std::size_t i = front.top();
      front.pop();
      Run& run = runs_[i];
      if (auto visited = visit(run.buffer[run.next]); !visited) return visited;
      if (++run.next == run.buffer.size()) {
        if (auto filled = refill(run); !filled) return filled;
      }
      if (!run.buffer.empty()) front.push(i);
    }
    return {};
  }

  std::string directory_;
  std::size_t records_max_;
  std::vector<Record> records_;
  std::optional<TemporaryFile> file_;
  std::vector<Run> runs_;
};

}  // namespace ntt::stages
