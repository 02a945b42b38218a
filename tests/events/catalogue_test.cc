// EVENTS.md and payload.h say the same: every type, every field, and examples that can be read.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/events/payload_visitor.h"

namespace ntt::events {
namespace {

using Json = nlohmann::json;

// One chapter of the document: what stands below a third-level heading.
struct Chapter {
  int version = 0;
  std::set<std::string> fields;
  std::set<std::string> optional_fields;
  std::string example;
};

// What stands between backquotes.
std::vector<std::string> words_in_quotes(const std::string& line) {
  std::vector<std::string> out;
  for (std::size_t from = line.find('`'); from != std::string::npos; from = line.find('`', from)) {
    const std::size_t to = line.find('`', from + 1);
    if (to == std::string::npos) break;
    out.push_back(line.substr(from + 1, to - from - 1));
    from = to + 1;
  }
  return out;
}

// Chapters by the name of the type; types that share a chapter each have it.
std::map<std::string, Chapter> read_document() {
  std::ifstream file(NTT_SOURCE_DIR "/events/EVENTS.md");
  EXPECT_TRUE(file);
  std::map<std::string, Chapter> out;
  std::vector<std::string> names;
  bool in_example = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("### ")) {
      names = words_in_quotes(line);
      if (names.empty()) names = {line.substr(4)};
      for (const std::string& name : names) {
        EXPECT_FALSE(out.contains(name)) << name;
        std::istringstream(line.substr(line.rfind(' '))) >> out[name].version;
      }
    }
    for (const std::string& name : names) {
      if (line.starts_with("| `")) {
        out[name].fields.insert(words_in_quotes(line)[0]);
        if (line.find(", optional |") != std::string::npos) {
          out[name].optional_fields.insert(words_in_quotes(line)[0]);
        }
      }
      if (in_example && line != "```") out[name].example += line;
    }
    if (line.starts_with("```")) in_example = line == "```json";
  }
  return out;
}

void expect_fields(const Chapter& chapter, const std::vector<FieldInfo>& expected,
                   const std::string& name) {
  std::set<std::string> fields;
  std::set<std::string> optional_fields;
  for (const FieldInfo& field : expected) {
    fields.insert(field.name);
    if (field.optional) optional_fields.insert(field.name);
  }
  EXPECT_EQ(chapter.fields, fields) << name;
  EXPECT_EQ(chapter.optional_fields, optional_fields) << name;
}

TEST(CatalogueTest, EveryTypeAndEveryFieldIsInTheDocumentAndNothingElse) {
  auto chapters = read_document();
  for (const PayloadKind& kind : all_payload_kinds()) {
    ASSERT_TRUE(chapters.contains(kind.type)) << kind.type;
    EXPECT_EQ(chapters[kind.type].version, kind.version) << kind.type;
    expect_fields(chapters[kind.type], kind.fields, kind.type);
    chapters.erase(kind.type);
  }
  expect_fields(chapters["SourceInfo"], fields_of<SourceInfo>(), "SourceInfo");
  expect_fields(chapters["VolumeOutcome"], fields_of<VolumeOutcome>(), "VolumeOutcome");
  expect_fields(chapters["Region"], fields_of<Region>(), "Region");
  expect_fields(chapters["ArchiveMember"], fields_of<ArchiveMember>(), "ArchiveMember");
  expect_fields(chapters["EvidenceTime"], fields_of<EvidenceTime>(), "EvidenceTime");
  expect_fields(chapters["EvidenceFile"], fields_of<EvidenceFile>(), "EvidenceFile");
  expect_fields(chapters["Evidence"], fields_of<Evidence>(), "Evidence");
  for (const char* part : {"SourceInfo", "VolumeOutcome", "Region", "ArchiveMember", "EvidenceTime",
                           "EvidenceFile", "Evidence"}) {
    chapters.erase(part);
  }
  for (const auto& [name, chapter] : chapters) ADD_FAILURE() << name << " is not in payload.h";
}

TEST(CatalogueTest, EveryExampleIsReadWhole) {
  auto chapters = read_document();
  for (const PayloadKind& kind : all_payload_kinds()) {
    const Json example = Json::parse(chapters[kind.type].example, nullptr, false);
    ASSERT_FALSE(example.is_discarded()) << kind.type;
    const auto data = kind.rewrite(kind.version, example.dump());
    ASSERT_TRUE(data) << kind.type << ": " << data.error().message;
    EXPECT_EQ(*data, example.dump()) << kind.type;
    EXPECT_NE(*data, kind.default_data) << kind.type << ": an example says something";
  }
}

}  // namespace
}  // namespace ntt::events
