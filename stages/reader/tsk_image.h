// The image as libtsk sees it, and owners for libtsk's handles.
//
// libtsk 4.11 turns some failed reads into zeros and reports success. Our read callback counts
// every failure in Image, so whoever asks libtsk for bytes compares the count before and after.

#pragma once

#include <tsk/libtsk.h>

#include <memory>
#include <string>

#include "stages/reader/image.h"

namespace ntt::reader {

template <class T, void (*kClose)(T*)>
struct TskClose {
  void operator()(T* handle) const { kClose(handle); }
};

using TskFs = std::unique_ptr<TSK_FS_INFO, TskClose<TSK_FS_INFO, tsk_fs_close>>;
using TskDir = std::unique_ptr<TSK_FS_DIR, TskClose<TSK_FS_DIR, tsk_fs_dir_close>>;
using TskFile = std::unique_ptr<TSK_FS_FILE, TskClose<TSK_FS_FILE, tsk_fs_file_close>>;
using TskVs = std::unique_ptr<TSK_VS_INFO, TskClose<TSK_VS_INFO, tsk_vs_close>>;

class TskImage {
 public:
  TskImage(Image& image, unsigned sector_bytes);
  ~TskImage();
  TskImage(const TskImage&) = delete;
  TskImage& operator=(const TskImage&) = delete;
  [[nodiscard]] TSK_IMG_INFO* get() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// libtsk's last error of this thread in words, which is then forgotten.
std::string take_tsk_error();

}  // namespace ntt::reader
