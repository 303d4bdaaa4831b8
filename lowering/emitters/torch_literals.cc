#include "lowering/emitters/torch_literals.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "ir/node_name.h"
#include "ir/text/syntax.h"
#include "lowering/emitters/torch_types.h"
#include "support/status.h"

namespace allot {
namespace {

std::string Spelled(const ir::text::Attr& attr) {
  std::string text;
  ir::text::PrintAttr(attr, text);
  return text;
}

std::string Real(float value) { return Spelled(ir::text::Attr{value}); }
std::string Text(const std::string& text) { return TorchString(text); }

template <typename Values, typename Spell>
std::string List(const Values& values, Spell spell) {
  std::vector<std::string> texts;
  for (const auto& value : values) texts.push_back(spell(value));
  return absl::StrCat("[", absl::StrJoin(texts, ", "), "]");
}

}  // namespace

std::string TorchInteger(int64_t value) { return absl::StrCat(value, " : si64"); }

std::string TorchString(absl::string_view text) { return Spelled(ir::text::StringAttr(text)); }

std::string TorchKey(const std::string& name) {
  for (char c : name) {
    const bool bare = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '.';
    if (!bare) return TorchString(name);
  }
  return name;
}

absl::Status TorchLiterals::Check(const std::string& name, const ir::Constant& constant) const {
  if (!std::holds_alternative<ir::OpaqueTensor>(constant.storage) &&
      !TorchElement(constant.element).empty()) {
    return absl::OkStatus();
  }
  return InputError("constant '", name, "' is no dense tensor of an element type that IREE's ONNX ",
                    "form can spell");
}

std::string TorchLiterals::Of(const ir::Constant& constant) {
  const std::string type = BuiltinType(constant.type(), /*sign=*/true);
  const auto& bytes = std::get<ir::InlineBytes>(constant.storage).bytes;
  if (bytes == nullptr || bytes->empty()) return "dense<> : " + type;
  const std::string name = absl::StrCat("c", resources_.size());
  resources_.push_back(ir::text::HexOf(*bytes));
  return absl::StrCat("dense_resource<", name, "> : ", type);
}

absl::StatusOr<std::string> TorchLiterals::OfAttribute(const ir::Node& node,
                                                       const std::string& name,
                                                       const ir::Attribute& attribute) {
  if (const auto* integer = attribute.If<int64_t>()) return TorchInteger(*integer);
  if (const auto* number = attribute.If<float>()) return Real(*number);
  if (const auto* text = attribute.If<std::string>()) return Text(*text);
  if (const auto* integers = attribute.If<std::vector<int64_t>>()) {
    return List(*integers, TorchInteger);
  }
  if (const auto* numbers = attribute.If<std::vector<float>>()) return List(*numbers, Real);
  if (const auto* texts = attribute.If<std::vector<std::string>>()) return List(*texts, Text);
  if (const auto* constant = attribute.If<ir::ConstantId>()) {
    const ir::Constant& tensor = module_.constants[*constant];
    ALLOT_RETURN_IF_ERROR(Check(name, tensor));
    if (std::holds_alternative<ir::InlineBytes>(tensor.storage)) return Of(tensor);
  }
  return InputError("attribute '", name, "' of node '", ir::NameOrPlace(node),
                    "' is of a kind that IREE's ONNX form cannot spell");
}

std::string TorchLiterals::Resources() const {
  if (resources_.empty()) return "";
  std::string text = "\n{-#\n  dialect_resources: {\n    builtin: {\n";
  for (size_t i = 0; i < resources_.size(); ++i) {
    // Eight bytes of alignment, said in front of the data.
    absl::StrAppend(&text, "      c", i, ": \"0x08000000", resources_[i], "\"",
                    i + 1 < resources_.size() ? ",\n" : "\n");
  }
  return text + "    }\n  }\n#-}\n";
}

}  // namespace allot
