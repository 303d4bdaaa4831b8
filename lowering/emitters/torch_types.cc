#include "lowering/emitters/torch_types.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace allot {
namespace {

std::string Size(const ir::Dim& dim) { return dim.known() ? absl::StrCat(dim.size) : "?"; }

}  // namespace

absl::string_view TorchElement(ir::ElementType element) {
  switch (element) {
    case ir::ElementType::kBool:
      return "i1";
    case ir::ElementType::kInt8:
      return "si8";
    case ir::ElementType::kInt16:
      return "si16";
    case ir::ElementType::kInt32:
      return "si32";
    case ir::ElementType::kInt64:
      return "si64";
    case ir::ElementType::kUint8:
      return "ui8";
    case ir::ElementType::kUint16:
      return "ui16";
    case ir::ElementType::kUint32:
      return "ui32";
    case ir::ElementType::kUint64:
      return "ui64";
    case ir::ElementType::kFloat16:
      return "f16";
    case ir::ElementType::kBfloat16:
      return "bf16";
    case ir::ElementType::kFloat:
      return "f32";
    case ir::ElementType::kDouble:
      return "f64";
    case ir::ElementType::kFloat8E4M3FN:
      return "f8E4M3FN";
    case ir::ElementType::kFloat8E4M3FNUZ:
      return "f8E4M3FNUZ";
    case ir::ElementType::kFloat8E5M2:
      return "f8E5M2";
    case ir::ElementType::kFloat8E5M2FNUZ:
      return "f8E5M2FNUZ";
    case ir::ElementType::kComplex64:
      return "complex<f32>";
    case ir::ElementType::kComplex128:
      return "complex<f64>";
    default:
      return "";
  }
}

std::string TorchType(const ir::Type& type) {
  const std::string sizes = absl::StrJoin(
      *type.shape, ",", [](std::string* out, const ir::Dim& dim) { *out += Size(dim); });
  return absl::StrCat("!torch.vtensor<[", sizes, "],", TorchElement(type.element), ">");
}

std::string BuiltinType(const ir::Type& type, bool sign) {
  std::string text = "tensor<";
  for (const ir::Dim& dim : *type.shape) absl::StrAppend(&text, Size(dim), "x");
  absl::string_view element = TorchElement(type.element);
  const bool has_sign = absl::StartsWith(element, "si") || absl::StartsWith(element, "ui");
  if (has_sign && !sign) element.remove_prefix(1);
  return absl::StrCat(text, element, ">");
}

}  // namespace allot
