// ExternalSort sorts any number of plain records in bounded memory.
//
// Records are collected up to the bound, sorted, and spilled as a run to an unlinked temporary
// file; the runs are merged when they are read. What fits in memory never touches the disk.

#pragma once

#include <algorithm>
#include <optional>
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

  // The next record in order; null behind the last one. Nothing may be added after the first call.
  // The pointer is good until the next call.
  events::Result<const Record*> next() {
    if (!reading_) {
      if (auto begun = begin_reading(); !begun) return std::move(begun).error();
    } else if (!file_) {
      ++next_;
    } else if (auto advanced = advance(); !advanced) {
      return std::move(advanced).error();
    }
    if (!file_) return next_ < records_.size() ? &records_[next_] : nullptr;
    if (front_.empty()) return nullptr;
    const Run& run = runs_[front_.front()];
    return &run.buffer[run.next];
  }

  // Visits every record in order; nothing may be added afterwards. `visit` takes a const Record&
  // and returns a Status; an error ends the visit.
  template <class Visit>
  events::Status for_each(const Visit& visit) {
    for (;;) {
      auto record = next();
      if (!record) return std::move(record).error();
      if (*record == nullptr) return {};
      if (auto visited = visit(**record); !visited) return visited;
    }
  }

  [[nodiscard]] std::size_t runs() const { return runs_.size(); }

 private:
  struct Run {
    std::uint64_t offset = 0;  // in the file, bytes
    std::uint64_t left = 0;    // records not yet in the buffer
    std::vector<Record> buffer;
    std::size_t next = 0;
  };

  struct Later {
    const std::vector<Run>& runs;
    bool operator()(std::size_t a, std::size_t b) const {
      return Less{}(runs[b].buffer[runs[b].next], runs[a].buffer[runs[a].next]);
    }
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

  events::Status begin_reading() {
    reading_ = true;
    if (!file_) {
      std::sort(records_.begin(), records_.end(), Less{});
      return {};
    }
    if (auto spilled = spill(); !spilled) return spilled;
    records_.shrink_to_fit();
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (auto filled = refill(runs_[i]); !filled) return filled;
      if (!runs_[i].buffer.empty()) front_.push_back(i);
    }
    std::make_heap(front_.begin(), front_.end(), Later{runs_});
    return {};
  }

  // Behind the record at the front.
  events::Status advance() {
    if (front_.empty()) return {};
    std::pop_heap(front_.begin(), front_.end(), Later{runs_});
    Run& run = runs_[front_.back()];
    if (++run.next == run.buffer.size()) {
      if (auto filled = refill(run); !filled) return filled;
    }
    if (run.buffer.empty()) {
      front_.pop_back();
    } else {
      std::push_heap(front_.begin(), front_.end(), Later{runs_});
    }
    return {};
  }

  std::string directory_;
  std::size_t records_max_;
  std::vector<Record> records_;
  std::optional<TemporaryFile> file_;
  std::vector<Run> runs_;
  bool reading_ = false;
  std::size_t next_ = 0;            // in records_, when nothing was spilled
  std::vector<std::size_t> front_;  // runs with records left: a heap, the least record in front
};

}  // namespace ntt::stages
