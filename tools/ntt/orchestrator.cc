// ntt-orchestrator: the command line of the system before ntt, mapped onto `ntt run`.

#include <algorithm>
#include <memory>

#include "tools/ntt/run_request.h"

namespace ntt::tools {

namespace {

namespace fs = std::filesystem;
using events::Errc;
using events::Error;
using events::Result;

struct OrchestratorOptions {
  std::string image;
  std::string load_only;
  std::string source;
  std::string message;
  bool force = false;
  bool enum_only = false;
  bool image_first = false;
};

bool is_hash_prefix(const std::string& text) {
  return text.size() >= 8 && text.size() <= 32 &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

// The image file that `text` names: a path, or the beginning of a hash in the image root.
Result<std::string> find_image(const std::string& text, const fs::path& image_root) {
  std::error_code failed;
  if (fs::exists(text, failed) || !is_hash_prefix(text)) return text;
  std::vector<std::string> found;
  for (fs::directory_iterator i(image_root, failed), end; !failed && i != end;
       i.increment(failed)) {
    const std::string name = i->path().filename().string();
    if (name.rfind(text, 0) == 0 && i->path().extension() == ".img") {
      found.push_back(i->path().string());
    }
  }
  if (failed) return Error{Errc::io, image_root.string() + ": " + failed.message()};
  if (found.empty()) {
    return Error{Errc::not_found, "no image " + (image_root / (text + "*.img")).string() +
                                      "; give a longer path, or set NTT_IMAGE_ROOT"};
  }
  if (found.size() == 1) return found.front();
  std::sort(found.begin(), found.end());
  std::string names;
  for (const auto& name : found) names += "\n  " + name;
  return Error{Errc::invalid, "'" + text + "' can mean any of these; give more of it:" + names};
}

int run(Context& context, const OrchestratorOptions& options) {
  if (options.image.empty() + options.load_only.empty() + options.source.empty() != 2) {
    return fail_usage("give one of --image, --load-only and a device or directory");
  }
  RunRequest request;
  request.label = options.message;
  request.force = options.force;
  std::error_code failed;
  if (!options.image.empty()) {
    auto image = find_image(options.image, context.settings.image_root);
    if (!image) return fail(image.error());
    request.kind = "image";
    request.path = *image;
  } else if (!options.load_only.empty()) {
    request.kind = "raw";
    const bool here = fs::exists(options.load_only, failed);
    request.path =
        here ? options.load_only : (context.settings.raw_root / options.load_only).string();
    request.until = "load";
  } else {
    request.kind = fs::is_directory(options.source, failed) ? "directory" : "device";
    request.path = options.source;
  }
  if (options.enum_only) request.until = "enum";
  return run_pipeline_command(context, request);
}

}  // namespace

Command orchestrator_command() {
  auto options = std::make_shared<OrchestratorOptions>();
  Command command;
  command.name = "ntt-orchestrator";
  command.summary = "The old command line of ntt; `ntt run` is the new one";
  command.examples =
      "  ntt-orchestrator --image disk.img\n"
      "  ntt-orchestrator --image 8e61cad2            the image of that hash in NTT_IMAGE_ROOT\n"
      "  ntt-orchestrator /dev/sdb --message 'blue Maxtor, box 7'\n"
      "  ntt-orchestrator /srv/old-share\n"
      "  ntt-orchestrator --load-only 8e61cad2.raw";
  command.options = {
      {"source", &options->source, "SOURCE", "a device or a directory", false, {}},
      {"--image", &options->image, "FILE", "an image, or the beginning of its hash", false, {}},
      {"--load-only", &options->load_only, "FILE", "load a .raw listing", false, {}},
      {"--message", &options->message, "TEXT", "what is written on the medium", false, {}},
      {"--force", &options->force, "", "enumerate and load again", false, {}},
      {"--enum-only", &options->enum_only, "", "stop after the enumeration", false, {}},
      {"--image-first", &options->image_first, "", "devices are always imaged first", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
