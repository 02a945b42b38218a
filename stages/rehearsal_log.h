// RehearsalLog: a log that is read and never written. What is appended is counted and shown, and
// gets the numbers that it would get: so a dry run is the same code as the run.

#pragma once

#include <functional>
#include <map>
#include <string>

#include "events/log.h"

namespace ntt::stages {

class RehearsalLog final : public events::Log {
 public:
  // `log` may be null: there is none yet. `show` is called with every event that would be appended.
  RehearsalLog(const events::Log* log,
               std::function<void(events::Sequence, const events::NewEvent&)> show)
      : log_(log), show_(std::move(show)) {}

  events::Result<std::vector<events::Sequence>> append(
      std::span<const events::NewEvent> events, const events::AppendOptions& options) override;
  [[nodiscard]] events::Result<events::Head> head() const override;
  [[nodiscard]] events::Result<events::Sha256Digest> root_at(std::uint64_t size) const override;
  [[nodiscard]] events::Result<std::string> log_id() const override;
  [[nodiscard]] events::Result<events::Sha256Digest> tree_node(unsigned level,
                                                               std::uint64_t index) const override;
  [[nodiscard]] events::Result<events::Record> record(events::Sequence seq) const override;
  [[nodiscard]] events::Result<events::Event> read(events::Sequence seq) const override;
  [[nodiscard]] events::Result<std::string> attachment(events::Sequence seq) const override;
  events::Status scan(const events::Filter& filter,
                      const std::function<bool(const events::Event&)>& visit) const override;
  [[nodiscard]] events::Result<std::vector<events::MediumId>> media(
      const std::string& prefix) const override;
  events::Result<events::VerifyReport> verify(
      const std::function<void(std::uint64_t, std::uint64_t)>& progress) const override;
  [[nodiscard]] events::Result<events::Sequence> wait_past(
      events::Sequence after, std::chrono::milliseconds timeout) const override;

 private:
  const events::Log* log_;
  std::function<void(events::Sequence, const events::NewEvent&)> show_;
  events::Sequence last_;
  std::map<std::string, events::Sequence> rehearsed_;  // by id
};

}  // namespace ntt::stages
