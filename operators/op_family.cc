#include "operators/op_family.h"

#include <utility>

#include "absl/container/flat_hash_map.h"

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
#include "operators/op_families.def"
#undef ALLOT_OP
#undef ALLOT_INT8_OP
};

using Names = std::pair<absl::string_view, absl::string_view>;  // domain, operator

const absl::flat_hash_map<Names, const OpEntry*>& EntryOf() {
  static const auto& entries = *[] {
    auto* made = new absl::flat_hash_map<Names, const OpEntry*>();
    for (const OpEntry& op : kOps) made->emplace(Names(op.domain, op.op_type), &op);
    return made;
  }();
  return entries;
}

}  // namespace

absl::Span<const OpEntry> KnownOps() { return kOps; }

const OpEntry* FindKnownOp(absl::string_view domain, absl::string_view op_type) {
  if (domain == "ai.onnx") domain = "";
  const auto found = EntryOf().find(Names(domain, op_type));
  return found == EntryOf().end() ? nullptr : found->second;
}

}  // namespace allot
