// The two forms of messages on standard error.

#include "tools/ntt/messages.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "tools/ntt/json.h"
#include "tools/ntt/terminal.h"

namespace ntt::tools {

namespace {

// {"time":...,"level":...,"message":...}, one line a message.
class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto since =
        std::chrono::duration_cast<std::chrono::microseconds>(message.time.time_since_epoch());
    const auto level = spdlog::level::to_string_view(message.level);
    Json line;
    line["time"] = events::to_rfc3339({since.count()});
    line["level"] = std::string_view(level.data(), level.size());
    line["message"] = std::string_view(message.payload.data(), message.payload.size());
    const std::string text = one_line(line) + "\n";
    out.append(text.data(), text.data() + text.size());
  }
  [[nodiscard]] std::unique_ptr<formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }
};

}  // namespace

void set_up_messages(const std::string& program, const Settings& settings) {
  auto logger = spdlog::stderr_color_mt(program);
  auto* sink = dynamic_cast<spdlog::sinks::stderr_color_sink_mt*>(logger->sinks().front().get());
  sink->set_color_mode(wants_color(settings.color, 2) ? spdlog::color_mode::always
                                                      : spdlog::color_mode::never);
  logger->set_level(spdlog::level::from_str(settings.log_level));
  logger->set_pattern("%n: %^%l%$: %v");
  if (settings.log_json) logger->set_formatter(std::make_unique<JsonFormatter>());
  spdlog::set_default_logger(logger);
}

void say_error(const std::string& text) {
  spdlog::error("{}", text);
}

void say_warning(const std::string& text) {
  spdlog::warn("{}", text);
}

void say_info(const std::string& text) {
  spdlog::info("{}", text);
}

}  // namespace ntt::tools
