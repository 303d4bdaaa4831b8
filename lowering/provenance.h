// What a plan was made from besides the model: enough to make it again, and to tell what changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/plan.h"

namespace allot {

struct Provenance {
  // A file by its path and the SHA-256 of what is in it, in lower-case hexadecimal. No path: it
  // came through a pipe.
  struct File {
    std::string path, sha256;
    friend bool operator==(const File&, const File&) = default;
  };

  // As --target names it: a file, a built-in name or "host...". The digest is that of the target's
  // canonical text, without rules of the command line: the layout of the file does not matter.
  File target;
  ir::Objective objective = ir::Objective::kLatency;
  std::vector<std::string> pins, forbids;  // "name-regex=device"
  std::vector<std::string> together;       // "name-regex"
  std::string cost_model;
  std::vector<File> costs;
  std::optional<File> start;  // the plan that the search started from
  uint64_t seed = 1;
  bool undivided = false;  // operators were divided, and baselines are of the model before that
  // Uses that share the placement, and what the plan takes in each of them alone.
  struct Scenario {
    std::string name, text;  // as it was given
    int64_t weight = 1;
    Picos value = 0;
    friend bool operator==(const Scenario&, const Scenario&) = default;
  };
  std::vector<Scenario> scenarios;

  friend bool operator==(const Provenance&, const Provenance&) = default;
};

}  // namespace allot
