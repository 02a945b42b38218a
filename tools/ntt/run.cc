// ntt run: the whole pipeline for one medium, then its tables.

#include <algorithm>
#include <memory>

#include "tools/ntt/run_request.h"

namespace ntt::tools {

namespace {

struct RunOptions {
  RunRequest request;
  std::string image;
  std::string directory;
  std::string raw;
  std::string device;
};

int run(Context& context, const RunOptions& options) {
  const std::pair<const char*, const std::string*> sources[] = {{"image", &options.image},
                                                                {"directory", &options.directory},
                                                                {"raw", &options.raw},
                                                                {"device", &options.device}};
  RunRequest request = options.request;
  int given = 0;
  for (const auto& [kind, path] : sources) {
    if (path->empty()) continue;
    request.kind = kind;
    request.path = *path;
    ++given;
  }
  if (given != 1) {
    return fail_usage(
        "give one of --image, --dir, --raw and --device; `ntt run --help` tells more");
  }
  return run_pipeline_command(context, request);
}

}  // namespace

Command run_command() {
  auto options = std::make_shared<RunOptions>();
  Command command;
  command.name = "run";
  command.summary = "Takes a medium in, through every stage, and brings the tables up to date";
  command.examples =
      "  ntt run --image disk.img                     everything, without root or mounting\n"
      "  ntt run --image disk.img --until load        only list what is on it\n"
      "  ntt run --dir /srv/old-share --label 'HR share, 2009'\n"
      "  ntt run --device /dev/sdb                    rescued with ddrescue first\n"
      "  ntt run --raw 236d5e0d.raw                   a listing that find(1) wrote\n"
      "  ntt run --image disk.img --progress json     a JSON line a second on standard error\n"
      "An interrupted run is continued by the same command; a finished one does nothing.";
  command.options = {
      {"--image", &options->image, "FILE", "a disk image, read where it is", false, {}},
      {"--dir", &options->directory, "DIR", "a directory", false, {}},
      {"--raw", &options->raw, "FILE", "a legacy listing of a medium", false, {}},
      {"--device", &options->device, "FILE", "a device, imaged with ddrescue first", false, {}},
      {"--label", &options->request.label, "TEXT", "what is written on the medium", false, {}},
      {"--until",
       &options->request.until,
       "STAGE",
       "the last stage to run [verify]",
       false,
       {"identify", "image", "enum", "load", "copy", "archive", "verify"}},
      {"--force",
       &options->request.force,
       "",
       "enumerate and load again: a new generation",
       false,
       {}},
      {"--retry-failed", &options->request.retry_failed, "", "copy again what failed", false, {}},
      {"--deleted",
       &options->request.deleted,
       "",
       "also list deleted entries of images",
       false,
       {}},
      {"--cross-filesystems",
       &options->request.cross_filesystems,
       "",
       "also enter other file systems below DIR",
       false,
       {}},
      {"--rules",
       &options->request.rules,
       "FILE",
       "exclusion rules, one expression a line",
       false,
       {}},
      {"--workers",
       &options->request.workers,
       "N",
       "threads that copy [one a processor, at most 8]",
       false,
       {}},
      {"--no-project",
       &options->request.no_project,
       "",
       "only record; `ntt project` follows later",
       false,
       {}},
      {"--json", &options->request.json, "", "the outcome as one JSON object", false, {}},
  };
  command.run = [options](Context& context) { return run(context, *options); };
  return command;
}

}  // namespace ntt::tools
