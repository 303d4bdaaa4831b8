#include "passes/nodes/pure_nodes.h"

#include "absl/strings/match.h"

namespace allot {

bool IsPure(const ir::Node& node, const CalledFunctions& functions) {
  if (!node.regions.empty() || functions.Find(node) >= 0) return false;
  const bool known_domain = node.domain.empty() || node.domain == "ai.onnx" ||
                            node.domain == "ai.onnx.ml" || node.domain == "com.microsoft";
  if (!known_domain) return false;
  for (const char* random : {"Random", "Dropout", "Multinomial", "Bernoulli", "Sampling"}) {
    if (absl::StrContains(node.op_type, random)) return false;
  }
  return true;
}

}  // namespace allot
