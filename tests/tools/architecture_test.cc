// The architecture as a test: who may include and link what, and how every file has to look.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <regex>
#include <set>

#include "tests/support/command.h"
#include "tests/support/temp_dir.h"

namespace ntt::tests {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = NTT_SOURCE_DIR;
const char* const kFolders[] = {"events", "stages", "projector", "tools", "tests"};

bool ends_with_any(const std::string& text, std::initializer_list<const char*> ends) {
  return std::any_of(ends.begin(), ends.end(),
                     [&text](const char* end) { return text.ends_with(end); });
}

// Every file of the five folders, relative to the root.
std::vector<std::string> all_files() {
  std::vector<std::string> files;
  for (const char* folder : kFolders) {
    for (const auto& item : fs::recursive_directory_iterator(kRoot / folder)) {
      if (item.is_regular_file()) files.push_back(fs::relative(item.path(), kRoot).string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> sources() {
  auto files = all_files();
  files.erase(std::remove_if(files.begin(), files.end(),
                             [](const std::string& file) {
                               return !ends_with_any(file, {".cc", ".h"});
                             }),
              files.end());
  return files;
}

// Split with empty lines kept, so that numbers are right.
std::vector<std::string> numbered_lines(const std::string& file) {
  std::vector<std::string> lines;
  std::string line;
  for (const char c : read_file(kRoot / file)) {
    if (c != '\n') {
      line += c;
      continue;
    }
    lines.push_back(line);
    line.clear();
  }
  if (!line.empty()) lines.push_back(line);
  return lines;
}

struct IncludeRule {
  const char* what;        // is included: a regular expression on the name
  const char* allowed_in;  // a regular expression on the file
  const char* reason;
};

const IncludeRule kIncludeRules[] = {
    {"tests/.*", "tests/.*", "tests may include everything, and nothing includes tests"},
    {"tools/.*", "(tools|tests)/.*", "tools stand at the top"},
    {"stages/.*", "(stages|tools|tests)/.*", "the projector knows no stage"},
    {"projector/.*", "(projector|tools|tests)/.*", "stages only emit events; they write no table"},
    {"pqxx/.*|libpq-fe\\.h", "(projector|tests/projector)/.*", "only the projector writes tables"},
    {"rocksdb/.*", "(events|tests/events)/.*", "nothing outside events/ knows what keeps the log"},
    {"rocksdb/.*", "(events/rocks_|tests/events/).*", "RocksDB stays in one corner of events/"},
    {"nlohmann/.*", "(events/payload.*\\.cc|tools/ntt/.*|projector/.*\\.cc|tests/.*)",
     "payloads are structs everywhere else"},
    {"tsk/.*|ext2fs/.*|et/.*|udfread/.*", "(stages/reader|tests/stages)/.*",
     "file system libraries read damaged input: only ntt-reader links them"},
    {"spdlog/.*", "tools/ntt/messages\\.cc", "messages have one form"},
    {"CLI/.*", "tools/ntt/cli\\.cc", "the command line has one parser"},
    {"toml\\+\\+/.*", "tools/ntt/settings_file\\.cc", "the settings file has one reader"},
};

TEST(Architecture, EveryModuleIncludesOnlyWhatItMay) {
  const std::regex include("^\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"].*");
  for (const auto& file : sources()) {
    const auto lines = numbered_lines(file);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_match(lines[i], match, include)) continue;
      const std::string name = match[1];
      for (const IncludeRule& rule : kIncludeRules) {
        if (!std::regex_match(name, std::regex(rule.what))) continue;
        EXPECT_TRUE(std::regex_match(file, std::regex(rule.allowed_in)))
            << file << ":" << i + 1 << ": includes " << name << ": " << rule.reason;
      }
    }
  }
}

// The libraries a program needs, as its dynamic section names them.
std::string needed_by(const std::string& program) {
  return output_of({"readelf", "--dynamic", "--wide", program});
}

TEST(Architecture, StagesDoNotLinkTheDatabase) {
  const std::string links = read_file(NTT_STAGES_LINKS);  // written by CMake: everything, followed
  ASSERT_NE(links.find("ntt_events"), std::string::npos) << links;
  for (const char* forbidden : {"pqxx", "PQXX", "libpq", "ntt_projector", "ntt_tools"}) {
    EXPECT_EQ(links.find(forbidden), std::string::npos) << forbidden << " in\n" << links;
  }
}

TEST(Architecture, ProjectorDoesNotLinkTheStages) {
  const std::string links = read_file(NTT_PROJECTOR_LINKS);
  ASSERT_NE(links.find("ntt_events"), std::string::npos) << links;
  EXPECT_EQ(links.find("ntt_stages"), std::string::npos) << links;
}

TEST(Architecture, ReaderOfDamagedImagesLinksNeitherLogNorDatabase) {
  const std::string needed = needed_by(NTT_READER);
  EXPECT_NE(needed.find("libtsk"), std::string::npos) << needed;
  for (const char* forbidden : {"libpq", "pqxx", "rocksdb"}) {
    EXPECT_EQ(needed.find(forbidden), std::string::npos) << forbidden << " in\n" << needed;
  }
}

TEST(Architecture, FileSystemLibrariesStayInTheReader) {
  const std::string needed = needed_by(NTT_PROGRAM);
  for (const char* forbidden : {"libtsk", "libext2fs", "libudfread"}) {
    EXPECT_EQ(needed.find(forbidden), std::string::npos) << forbidden << " in\n" << needed;
  }
}

TEST(Tidy, EveryFileBeginsWithASentenceThatSaysWhatItIs) {
  for (const auto& file : all_files()) {
    const auto lines = numbered_lines(file);
    if (file.starts_with("tests/fuzz/corpus/")) continue;  // inputs, not sources: any bytes
    ASSERT_FALSE(lines.empty()) << file << " is empty";
    if (ends_with_any(file, {".cc", ".h"})) {
      EXPECT_TRUE(std::regex_search(lines[0], std::regex("^// \\S.*\\w"))) << file;
    } else if (ends_with_any(file, {"CMakeLists.txt"})) {
      EXPECT_TRUE(lines[0].starts_with("# ")) << file;
    } else if (lines[0].starts_with("#!")) {
      ASSERT_GT(lines.size(), 1U) << file;
      EXPECT_TRUE(lines[1].starts_with("# ")) << file;
    }
  }
}

TEST(Tidy, LinesFitIntoAHundredColumns) {
  for (const auto& file : sources()) {
    const auto lines = numbered_lines(file);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto columns = std::count_if(lines[i].begin(), lines[i].end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
      });
      EXPECT_LE(columns, 100) << file << ":" << i + 1;
      EXPECT_FALSE(lines[i].ends_with(' ')) << file << ":" << i + 1 << ": trailing space";
    }
  }
}

TEST(Tidy, NothingIsLeftForLaterAndNothingNamesOneMachine) {
  // Put together here, so that this file does not find itself.
  const std::pair<std::string, std::string> forbidden[] = {
      {std::string("TO") + "DO", "do it, or write down in docs/ why not"},
      {std::string("FIX") + "ME", "do it, or write down in docs/ why not"},
      {std::string("/wo") + "rk/", "a path of one machine"},
      {std::string("/tmp/") + "wt", "a path of one machine"},
      {std::string("#in") + "clude \"..", "paths begin at the root of the repository"},
  };
  for (const auto& file : all_files()) {
    if (!ends_with_any(file, {".cc", ".h", ".md", ".txt", ".sql", ".sh"})) continue;
    const auto lines = numbered_lines(file);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (const auto& [text, reason] : forbidden) {
        EXPECT_EQ(lines[i].find(text), std::string::npos)
            << file << ":" << i + 1 << ": " << text << ": " << reason;
      }
    }
  }
}

TEST(Tidy, OurCodeThrowsNothing) {
  const std::regex throws("(^|[^\\w])throw($|[^\\w])");
  for (const auto& file : sources()) {
    const auto lines = numbered_lines(file);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string code = lines[i].substr(0, lines[i].find("//"));
      if (code.find('"') != std::string::npos) continue;
      EXPECT_FALSE(std::regex_search(code, throws)) << file << ":" << i + 1;
    }
  }
}

TEST(Tidy, HeadersAreIncludedOnce) {
  for (const auto& file : sources()) {
    if (!file.ends_with(".h")) continue;
    EXPECT_NE(read_file(kRoot / file).find("\n#pragma once\n"), std::string::npos) << file;
  }
}

TEST(Tidy, EverySourceOnDiskIsBuilt) {
  for (const auto& file : sources()) {
    if (!file.ends_with(".cc")) continue;
    // The nearest CMakeLists.txt above the file has to name it.
    fs::path folder = fs::path(file).parent_path();
    while (!fs::exists(kRoot / folder / "CMakeLists.txt")) folder = folder.parent_path();
    const std::string list = read_file(kRoot / folder / "CMakeLists.txt");
    const std::string name = fs::relative(file, folder).string();
    const std::string stem = name.substr(0, name.size() - 3);
    EXPECT_TRUE(std::regex_search(list, std::regex("(^|[\\s(;])" + name + "($|[\\s);])")) ||
                std::regex_search(list, std::regex("(^|[\\s(;])" + stem + "($|[\\s);])")))
        << file << " is not in " << (folder / "CMakeLists.txt").string();
  }
}

TEST(Tidy, EveryFolderOfSourcesHasAReadme) {
  std::set<fs::path> folders = {"docs", "tests"};
  for (const auto& file : sources()) {
    const fs::path folder = fs::path(file).parent_path();
    // A folder of tests mirrors a module, whose README it shares.
    if (!folder.string().starts_with("tests/")) folders.insert(folder);
  }
  for (const auto& folder : folders) {
    const fs::path above = folder.parent_path();
    EXPECT_TRUE(fs::exists(kRoot / folder / "README.md") ||
                (!above.empty() && fs::exists(kRoot / above / "README.md")))
        << folder;
  }
}

}  // namespace
}  // namespace ntt::tests
