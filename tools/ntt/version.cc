// ntt version: what this program is.

#include <memory>

#include "tools/ntt/context.h"
#include "tools/ntt/json.h"

namespace ntt::tools {

Command version_command() {
  auto json = std::make_shared<bool>(false);
  Command command;
  command.name = "version";
  command.summary = "The version of this program";
  command.examples = "  ntt version --json | jq -r .version";
  command.options = {{"--json", json.get(), "", "one JSON object", false, {}}};
  command.run = [json](Context&) {
    if (*json) {
      print_json({{"version", NTT_VERSION}, {"compiler", __VERSION__}});
    } else {
      std::cout << "ntt " NTT_VERSION "\n";
    }
    return static_cast<int>(kDone);
  };
  return command;
}

}  // namespace ntt::tools
