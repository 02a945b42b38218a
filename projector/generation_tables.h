// The statements that make, index and exchange the partitions of one medium.

#pragma once

#include <string>

#include "projector/pg.h"

namespace ntt::projector {

class GenerationTables {
 public:
  GenerationTables(Pg& pg, std::string medium, const std::string& suffix)
      : pg_(pg), medium_(std::move(medium)), suffix_(suffix) {}

  // The tables that are filled.
  [[nodiscard]] std::string fresh_inode() const { return "inode_n_" + suffix_; }
  [[nodiscard]] std::string fresh_path() const { return "path_n_" + suffix_; }
  [[nodiscard]] std::string fresh_link() const { return "link_n_" + suffix_; }

  events::Status create_inode();
  events::Status create_path();
  events::Status create_link();  // temporary: rows of further links
  events::Status index_inode();
  events::Status index_path(std::size_t path_bytes_max);
  // Puts the fresh tables in the place of those that are there, if any.
  events::Status exchange();
  // For a medium that has no generation any more.
  events::Status drop();

 private:
  events::Status create(const std::string& parent, const std::string& fresh);
  events::Status run(const std::string& sql);
  Pg& pg_;
  std::string medium_;
  std::string suffix_;
};

}  // namespace ntt::projector
