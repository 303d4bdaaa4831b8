#include "mlir_plugin/transfers.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"

#include "ir/text/syntax.h"

namespace allot {
namespace {

std::string TextOf(mlir::Type type) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  type.print(stream);
  return text;
}

// !torch.vtensor<[2,?],si64> as tensor<2x?xi64>: integers have no sign there. Null if it has no
// rank.
mlir::RankedTensorType BuiltinTypeOf(mlir::Type torch) {
  const absl::StatusOr<ir::text::ValueType> type =
      ir::text::ParseValueType(TextOf(torch), ir::text::Dialects::kAny);
  if (!type.ok() || !type->has_value() || !(*type)->is_ranked_tensor()) return {};
  absl::string_view element = ir::MlirName((*type)->element);
  absl::ConsumePrefix(&element, "u");
  const mlir::Type parsed = mlir::parseType({element.data(), element.size()}, torch.getContext());
  if (!parsed) return {};
  llvm::SmallVector<int64_t> sizes;
  for (const ir::Dim& dim : *(*type)->shape) {
    sizes.push_back(dim.known() ? dim.size : mlir::ShapedType::kDynamic);
  }
  return mlir::RankedTensorType::get(sizes, parsed);
}

mlir::Value Make(mlir::OpBuilder& builder, mlir::Location place, llvm::StringRef name,
                 mlir::ValueRange operands, mlir::Type result,
                 llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
  mlir::OperationState state(place, name);
  state.addOperands(operands);
  state.addTypes(result);
  state.addAttributes(attributes);
  return builder.create(state)->getResult(0);
}

}  // namespace

const PlacedPart* Transfers::HomeOf(mlir::Value value) const {
  const auto found = homes_.find(Key(value));
  return found == homes_.end() ? nullptr : found->second;
}

mlir::Value Transfers::On(mlir::Value value, const PlacedPart& part, mlir::OpBuilder& builder) {
  const PlacedPart* const home = HomeOf(value);
  if (home == nullptr) {
    // Inputs are given where they are needed first.
    if (llvm::isa<mlir::BlockArgument>(value)) SetHome(value, part);
    return value;
  }
  if (home->device == part.device) return value;
  mlir::Value& brought = brought_[{Key(value), part.device}];
  if (brought) return brought;
  if (is_torch_) return brought = MakeFlowTransfer(value, part, builder);
  return brought = Make(builder, value.getLoc(), "place.transfer", value, value.getType(),
                        {builder.getNamedAttr("from", builder.getStringAttr(home->device)),
                         builder.getNamedAttr("to", builder.getStringAttr(part.device))});
}

mlir::Attribute Transfers::AffinityOf(const PlacedPart& part, mlir::Location place) {
  if (part.affinity) return part.affinity;
  mlir::Attribute affinity;
  {
    const mlir::ScopedDiagnosticHandler quiet(place.getContext(),
                                              [](mlir::Diagnostic&) { return mlir::success(); });
    affinity = mlir::parseAttribute(absl::StrCat("#hal.device.promise<@", part.device, ">"),
                                    place.getContext());
  }
  if (!affinity) {
    mlir::emitError(place) << "there is no affinity for device '" << part.device
                           << "': run allot-place with words=both, and mlir-opt with "
                              "--allow-unregistered-dialect";
  }
  return affinity;
}

mlir::Value Transfers::MakeFlowTransfer(mlir::Value value, const PlacedPart& to,
                                        mlir::OpBuilder& builder) {
  const mlir::Location place = value.getLoc();
  const mlir::RankedTensorType type = BuiltinTypeOf(value.getType());
  if (!type) {
    mlir::emitError(place) << "a value of type " << value.getType()
                           << " cannot go to another device: a tensor of known rank can";
    return {};
  }
  const mlir::Attribute affinity = AffinityOf(to, place);
  if (!affinity) return {};
  llvm::SmallVector<mlir::Value> operands = {
      Make(builder, place, "torch_c.to_builtin_tensor", value, type)};
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (!type.isDynamicDim(static_cast<unsigned>(i))) continue;
    const mlir::Value index = builder.create<mlir::arith::ConstantIndexOp>(place, i);
    operands.push_back(builder.create<mlir::tensor::DimOp>(place, operands[0], index));
  }
  const mlir::Value there = Make(builder, place, "flow.tensor.transfer", operands, type,
                                 {builder.getNamedAttr("target", affinity)});
  return Make(builder, place, "torch_c.from_builtin_tensor", there, value.getType());
}

}  // namespace allot
