// What a division of rows is, for programs: the value of kRowsMetadata.
#pragma once

#include <string>
#include <vector>

#include "placement/kinds/rows/model/problem.h"
#include "support/json.h"

namespace allot {

// What rows::DivisionJson() says, and {"divided", "exchange", "reason", "devices",
// "gathered_words", "training_words"}, words for each sample. "devices" are those of the parts,
// where each has its own. "training_words" are those of "training". "gathered_words" come on top:
// of tensors that others read whole.
Json RowReport(const rows::Problem& problem, const rows::Division& division, bool divided,
               bool exchanges, int64_t gathered_words, const std::string& reason,
               const std::vector<std::string>& devices);

}  // namespace allot
