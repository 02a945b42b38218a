// Feeds libtsk from Image through its external image type.

#include "stages/reader/tsk_image.h"

namespace ntt::reader {

struct TskImage::State {
  TSK_IMG_INFO info{};  // first: libtsk hands its address to the callbacks
  Image* image = nullptr;
};

namespace {

// Failing to fill the cache is no loss: libtsk then asks for exactly the bytes it needs.
bool is_cache_fill(const TSK_IMG_INFO& info, const char* out) {
  return out >= &info.cache[0][0] && out < &info.cache[0][0] + sizeof info.cache;
}

void close_nothing(TSK_IMG_INFO* /*info*/) {}

void say_nothing(TSK_IMG_INFO* /*info*/, FILE* /*out*/) {}

}  // namespace

TskImage::TskImage(Image& image, unsigned sector_bytes) : state_(std::make_unique<State>()) {
  state_->image = &image;
  const auto read = [](TSK_IMG_INFO* info, TSK_OFF_T offset, char* out,
                       std::size_t length) -> ssize_t {
    Image& from = *reinterpret_cast<State*>(info)->image;
    const auto at = static_cast<std::uint64_t>(offset);
    const bool done =
        is_cache_fill(*info, out) ? from.try_read(at, out, length) : from.read(at, out, length);
    return done ? static_cast<ssize_t>(length) : -1;
  };
  tsk_img_open_external(state_.get(), static_cast<TSK_OFF_T>(image.size()), sector_bytes, read,
                        close_nothing, say_nothing);
}

TskImage::~TskImage() {
  tsk_img_close(get());
}

TSK_IMG_INFO* TskImage::get() const {
  return &state_->info;
}

std::string take_tsk_error() {
  const char* text = tsk_error_get();  // may be null
  std::string message = text == nullptr ? "no reason given" : text;
  tsk_error_reset();
  return "libtsk: " + message;
}

}  // namespace ntt::reader
