// Everything but append is the log's own, or what an empty log gives.

#include "stages/rehearsal_log.h"

#include "events/envelope.h"

namespace ntt::stages {

using events::Errc;
using events::Error;
using events::Result;
using events::Sequence;

namespace {

Error empty_log() {
  return {Errc::not_found, "there is no log yet"};
}

}  // namespace

Result<std::vector<Sequence>> RehearsalLog::append(std::span<const events::NewEvent> events,
                                                   const events::AppendOptions& /*options*/) {
  if (!last_ && log_ != nullptr) {
    auto head = log_->head();
    if (!head) return std::move(head).error();
    last_ = head->seq;
  }
  std::vector<Sequence> seqs;
  for (const events::NewEvent& event : events) {
    Sequence known = rehearsed_[std::string(event.id.view())];
    events::Filter same;
    same.id = event.id;
    if (!known) {
      auto scanned = scan(same, [&known](const events::Event& found) {
        known = found.seq;
        return false;
      });
      if (!scanned) return std::move(scanned).error();
    }
    if (!known) {
      known = last_ = last_.next();
      show_(known, event);
    }
    rehearsed_[std::string(event.id.view())] = known;
    seqs.push_back(known);
  }
  return seqs;
}

Result<events::Head> RehearsalLog::head() const {
  if (log_ != nullptr) return log_->head();
  return events::Head{};
}
Result<events::Sha256Digest> RehearsalLog::root_at(std::uint64_t size) const {
  if (log_ != nullptr) return log_->root_at(size);
  return empty_log();
}
Result<std::string> RehearsalLog::log_id() const {
  if (log_ != nullptr) return log_->log_id();
  return empty_log();
}
Result<events::Sha256Digest> RehearsalLog::tree_node(unsigned level, std::uint64_t index) const {
  if (log_ != nullptr) return log_->tree_node(level, index);
  return empty_log();
}
Result<events::Record> RehearsalLog::record(Sequence seq) const {
  if (log_ != nullptr) return log_->record(seq);
  return empty_log();
}
Result<events::Event> RehearsalLog::read(Sequence seq) const {
  if (log_ != nullptr) return log_->read(seq);
  return empty_log();
}
Result<std::string> RehearsalLog::attachment(Sequence seq) const {
  if (log_ != nullptr) return log_->attachment(seq);
  return empty_log();
}
events::Status RehearsalLog::scan(const events::Filter& filter,
                                  const std::function<bool(const events::Event&)>& visit) const {
  return log_ != nullptr ? log_->scan(filter, visit) : events::Status();
}
Result<std::vector<events::MediumId>> RehearsalLog::media(const std::string& prefix) const {
  if (log_ != nullptr) return log_->media(prefix);
  return std::vector<events::MediumId>();
}
Result<events::VerifyReport> RehearsalLog::verify(
    const std::function<void(std::uint64_t, std::uint64_t)>& progress) const {
  if (log_ != nullptr) return log_->verify(progress);
  return empty_log();
}
Result<Sequence> RehearsalLog::wait_past(Sequence after, std::chrono::milliseconds timeout) const {
  if (log_ != nullptr) return log_->wait_past(after, timeout);
  return empty_log();
}

}  // namespace ntt::stages
