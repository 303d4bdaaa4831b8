#include "passes/analysis/op_family.h"

namespace allot {
namespace {

constexpr const char* onnx = "";
constexpr const char* ml = "ai.onnx.ml";
constexpr const char* preview = "ai.onnx.preview";
constexpr const char* ms = "com.microsoft";
constexpr const char* nhwc = "com.ms.internal.nhwc";
constexpr const char* nchwc = "com.microsoft.nchwc";
constexpr const char* training = "ai.onnx.preview.training";

constexpr OpEntry kOps[] = {
#define ALLOT_OP(domain, op, family, rule, amount) \
  {domain, #op, OpFamily::family, WorkRule::rule, amount, false},
#define ALLOT_INT8_OP(domain, op, family, rule, amount) \
  {domain, #op, OpFamily::family, WorkRule::rule, amount, true},
#include "passes/analysis/op_families.def"
#undef ALLOT_OP
#undef ALLOT_INT8_OP
};

}  // namespace

absl::Span<const OpEntry> KnownOps() { return kOps; }

const OpEntry* FindKnownOp(absl::string_view domain, absl::string_view op_type) {
  if (domain == "ai.onnx") domain = "";
  // A few hundred rows: a scan is cheaper than anything else that is done per node.
  for (const OpEntry& op : kOps) {
    if (op_type == op.op_type && domain == op.domain) return &op;
  }
  return nullptr;
}

}  // namespace allot
