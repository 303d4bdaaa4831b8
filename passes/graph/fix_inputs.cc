// Gives inputs of the model one value for ever: they become initializers. Where an input decides
// which branch of an If is taken, fold-conditions can then take it.
#include <bit>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "operators/rules/partial_value.h"
#include "passes/inlining/inlining.h"
#include "passes/pipeline/pass.h"
#include "support/nearest_name.h"
#include "support/options.h"
#include "support/registry.h"
#include "support/status.h"

namespace allot {
namespace {

struct Options {
  std::string values;
};

// The bytes of one element, little endian.
absl::StatusOr<std::string> ElementBytes(ir::ElementType element, const std::string& text) {
  uint64_t bits = 0;
  int64_t integer = 0;
  double real = 0;
  if (element == ir::ElementType::kBool) {
    if (text != "true" && text != "false" && text != "1" && text != "0") {
      return InputError("is a truth value: true or false, not '", text, "'");
    }
    bits = text == "true" || text == "1" ? 1 : 0;
  } else if (const auto range = RangeOf(element)) {
    if (!absl::SimpleAtoi(text, &integer) || integer < range->low || integer > range->high) {
      return InputError("is of type ", ir::DtypeName(element), ", and '", text, "' is none");
    }
    bits = static_cast<uint64_t>(integer);
  } else if (element == ir::ElementType::kFloat || element == ir::ElementType::kDouble) {
    if (!absl::SimpleAtod(text, &real)) {
      return InputError("is of type ", ir::DtypeName(element), ", and '", text, "' is none");
    }
    bits = element == ir::ElementType::kFloat ? std::bit_cast<uint32_t>(static_cast<float>(real))
                                              : std::bit_cast<uint64_t>(real);
  } else {
    return InputError("is of type ", ir::DtypeName(element),
                      "; truth values, integers, float32 and float64 can be fixed");
  }
  std::string bytes;
  for (int i = 0; i < ir::BitWidth(element) / 8; ++i) {
    bytes.push_back(static_cast<char>((bits >> (8 * i)) & 0xff));
  }
  return bytes;
}

// Every element the same; dimensions that are open count one.
absl::StatusOr<ir::Constant> MakeConstant(const ir::Type& type, const std::string& text) {
  if (!type.is_ranked_tensor()) return InputError("is no tensor of known rank");
  ir::Constant constant;
  constant.element = type.element;
  int64_t count = 1;
  for (const ir::Dim& dim : *type.shape) {
    constant.dims.push_back(dim.known() ? dim.size : 1);
    count = SaturatingMultiply(count, constant.dims.back());
  }
  if (count > kMaxTrackedElements) {
    return InputError("has ", count, " elements, more than ", kMaxTrackedElements);
  }
  ALLOT_ASSIGN_OR_RETURN(const std::string one, ElementBytes(type.element, text));
  std::string bytes;
  for (int64_t i = 0; i < count; ++i) bytes += one;
  constant.storage = ir::InlineBytes{std::make_shared<const std::string>(std::move(bytes))};
  return constant;
}

class FixInputs final : public GraphPass {
 public:
  explicit FixInputs(Options options) : options_(std::move(options)) {}

  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    std::map<ir::ValueId, ir::ConstantId> fixed;
    for (const absl::string_view piece : absl::StrSplit(options_.values, ';', absl::SkipEmpty())) {
      const size_t equal = piece.rfind('=');
      if (equal == piece.npos || equal == 0) {
        return InputError("'", piece, "': expected NAME=VALUE, such as use_cache_branch=true");
      }
      const std::string name(piece.substr(0, equal)), value(piece.substr(equal + 1));
      ALLOT_ASSIGN_OR_RETURN(const ir::ValueId input, FindInput(module.graph, name));
      ALLOT_ASSIGN_OR_RETURN(ir::Constant constant,
                             MakeConstant(module.graph.value(input).type, value), "input '", name,
                             "' ");
      if (fixed.count(input) > 0) {
        return InputError("input '", name, "' has a value already; give it one");
      }
      constant.name = name;
      fixed[input] = module.constants.Add(std::move(constant));
    }
    if (fixed.empty()) return false;
    const auto none = [](const ir::Graph&, const ir::Node&, ir::NodeId, bool) {
      return std::optional<Inlined>();
    };
    module.graph = Inliner(module, none, fixed).Run();
    context.statistics->Add("inputs fixed", static_cast<int64_t>(fixed.size()));
    return true;
  }

 private:
  static absl::StatusOr<ir::ValueId> FindInput(const ir::Graph& graph, const std::string& name) {
    std::vector<std::string> names;
    for (const ir::ValueId input : graph.inputs()) {
      if (graph.value(input).name == name) return input;
      names.push_back(graph.value(input).name);
    }
    return InputError("the model has no input '", name, "'", DidYouMean(name, names));
  }

  Options options_;
};

}  // namespace

Entry<GraphPass> FixInputsEntry() {
  return MakeEntry<GraphPass, FixInputs>(
      "fix-inputs", "give inputs of the model one value for ever",
      OptionSchema<Options>().Add("values", &Options::values, "NAME=VALUE;NAME=VALUE"));
}

}  // namespace allot
