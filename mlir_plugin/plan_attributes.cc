#include "mlir_plugin/plan_attributes.h"

#include <cstdint>
#include <string>

#include "llvm/ADT/SmallVector.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"

namespace allot {

mlir::Attribute AttributeOf(const ir::text::Attr& attr, mlir::MLIRContext* context) {
  mlir::Builder builder(context);
  if (attr.If<ir::text::Unit>() != nullptr) return builder.getUnitAttr();
  if (const auto* truth = attr.If<bool>()) return builder.getBoolAttr(*truth);
  if (const auto* number = attr.If<ir::text::Integer>()) {
    return builder.getI64IntegerAttr(number->value);
  }
  if (const auto* number = attr.If<float>()) return builder.getF32FloatAttr(*number);
  if (const auto* text = attr.If<std::string>()) return builder.getStringAttr(*text);
  if (const auto* integers = attr.If<ir::text::Integers>()) {
    return builder.getDenseI64ArrayAttr(*integers);
  }
  if (const auto* floats = attr.If<ir::text::Floats>()) {
    return builder.getDenseF32ArrayAttr(*floats);
  }
  if (const auto* array = attr.If<ir::text::Array>()) {
    llvm::SmallVector<mlir::Attribute> elements;
    for (const ir::text::Attr& element : *array) elements.push_back(AttributeOf(element, context));
    return builder.getArrayAttr(elements);
  }
  if (const auto* dictionary = attr.If<ir::text::Dictionary>()) {
    llvm::SmallVector<mlir::NamedAttribute> entries;
    for (const ir::text::NamedAttr& entry : *dictionary) {
      entries.push_back(builder.getNamedAttr(entry.name, AttributeOf(entry.value, context)));
    }
    return builder.getDictionaryAttr(entries);
  }
  std::string text;
  ir::text::PrintAttr(attr, text);
  // The caller says what is wrong, at the place of the operation.
  const mlir::ScopedDiagnosticHandler quiet(context,
                                            [](mlir::Diagnostic&) { return mlir::success(); });
  return mlir::parseAttribute(text, context);
}

}  // namespace allot
