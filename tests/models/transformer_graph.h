// Transformers as graphs, and what training them holds, counted from their sizes by hand.
#pragma once

#include <cstdint>

#include "ir/module.h"

namespace allot::testing {

struct TransformerSizes {
  int64_t batch = 4, tokens = 64, width = 128, heads = 4, layers = 8, vocabulary = 512;
};

// Like BERT (Devlin et al., NAACL 2019): norms behind each half of a layer, a classifier of two
// classes for each token.
ir::Module BertGraph(const TransformerSizes& sizes);
// Like GPT-2 (Radford et al., 2019): norms before each half, queries, keys and values in one
// product, a mask, and logits by the table of the embedding itself.
ir::Module GptGraph(const TransformerSizes& sizes);

}  // namespace allot::testing
