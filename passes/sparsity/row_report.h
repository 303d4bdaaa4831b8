// What a division of rows is, for programs: the value of kRowsMetadata.
#pragma once

#include <string>

#include "placement/kinds/rows/model/problem.h"
#include "support/json.h"

namespace allot {

// {"parts", "divided", "exchange", "reason", "words", "random_words", "random_words_expected",
// "cyclic_words", "gathered_words", "training_words", "imbalance", "messages", "most_sent",
// "links": [{"from", "to", "words"}], "tensors", "inputs"}, words for each sample. "training_words"
// are those of a step forward and back: a partial sum comes back for each word but those of inputs.
// "gathered_words" come on top: of tensors that others read whole.
Json RowReport(const rows::Problem& problem, const rows::Division& division, bool divided,
               bool exchanges, int64_t gathered_words, const std::string& reason);

}  // namespace allot
