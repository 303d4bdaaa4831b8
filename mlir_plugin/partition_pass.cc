// allot-partition: each part of a placed model as a function of its own, with transfers between
// them; or only the transfers.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallVector.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/Pass.h"

#include "ir/text/plan_attributes.h"
#include "mlir_plugin/passes.h"
#include "mlir_plugin/placed_body.h"
#include "mlir_plugin/transfers.h"

namespace allot {
namespace {

// What a part takes and gives, in order of first use, and what goes along inside of it.
struct PartSignature {
  llvm::SetVector<mlir::Value> inputs, outputs;
  llvm::SetVector<mlir::Operation*> along;
};

// MLIR 19 clones operations that are not registered without their properties.
void CopyProperties(mlir::Operation* from, mlir::Operation* to) {
  if (!from->isRegistered()) {
    if (const mlir::Attribute properties = from->getPropertiesAsAttribute()) {
      (void)to->setPropertiesFromAttribute(properties, nullptr);
    }
  }
  for (const auto& [region, copy] : llvm::zip(from->getRegions(), to->getRegions())) {
    for (const auto& [block, its_copy] : llvm::zip(region, copy)) {
      for (const auto& [inner, inner_copy] : llvm::zip(block, its_copy)) {
        CopyProperties(&inner, &inner_copy);
      }
    }
  }
}

void Clone(mlir::Operation& operation, mlir::OpBuilder& builder, mlir::IRMapping& mapping) {
  CopyProperties(&operation, builder.clone(operation, mapping));
}

class Partitioner {
 public:
  Partitioner(mlir::ModuleOp module, PlacedBody& body, bool modules)
      : module_(module),
        body_(body),
        modules_(modules),
        transfers_(body.is_torch()),
        builder_(module.getContext()) {}

  llvm::LogicalResult Run() {
    mlir::Operation* const owner = body_.owner();
    mlir::Block& block = body_.block();
    for (const PlacedPart& part : body_.parts()) signatures_.push_back(SignatureOf(part));
    builder_.setInsertionPoint(owner);
    mlir::func::FuncOp main = MakeMain();
    std::vector<mlir::func::FuncOp> functions;
    for (size_t i = 0; i < signatures_.size(); ++i) functions.push_back(Outline(i));
    builder_.setInsertionPointToEnd(&main.front());
    for (size_t i = 0; i < signatures_.size(); ++i) {
      if (mlir::failed(Call(i, functions[i]))) return mlir::failure();
    }
    Return(block.getTerminator());
    if (mlir::failed(StateEnds(main))) return mlir::failure();
    owner->erase();
    mlir::SymbolTable::setSymbolName(main, name_);
    return mlir::success();
  }

 private:
  bool IsOutside(mlir::Value value, int part) const {
    mlir::Operation* const producer = value.getDefiningOp();
    return producer == nullptr || body_.PartOf(producer) != part;
  }

  // Adds what `operation` takes: what goes along is gone into, all else is an input.
  void AddInputs(mlir::Operation* operation, int part, PartSignature& signature) const {
    for (const mlir::Value value : UsedBy(operation)) {
      mlir::Operation* const producer = value.getDefiningOp();
      if (producer != nullptr && body_.PartOf(producer) < 0) {
        if (signature.along.insert(producer)) AddInputs(producer, part, signature);
      } else if (IsOutside(value, part)) {
        signature.inputs.insert(value);
      }
    }
  }

  PartSignature SignatureOf(const PlacedPart& part) const {
    PartSignature signature;
    const int number = body_.PartOf(part.operations[0]);
    for (mlir::Operation* const operation : part.operations) {
      AddInputs(operation, number, signature);
    }
    for (mlir::Operation* const operation : part.operations) {
      for (const mlir::OpResult result : operation->getResults()) {
        const bool leaves = llvm::any_of(result.getUsers(), [&](mlir::Operation* user) {
          mlir::Operation* const at = body_.block().findAncestorOpInBlock(*user);
          // What goes along may be elsewhere, too.
          return body_.PartOf(at) != number;
        });
        if (leaves) signature.outputs.insert(result);
      }
    }
    return signature;
  }

  // The function in the place of the model: its signature, without a body.
  mlir::func::FuncOp MakeMain() {
    mlir::Operation* const owner = body_.owner();
    mlir::Block& block = body_.block();
    const auto symbol = owner->getAttrOfType<mlir::StringAttr>("sym_name");
    name_ = symbol ? symbol.getValue().str() : "main";
    const mlir::FunctionType type = builder_.getFunctionType(
        block.getArgumentTypes(), block.getTerminator()->getOperandTypes());
    auto main = builder_.create<mlir::func::FuncOp>(owner->getLoc(), name_ + ".parts", type);
    for (const mlir::NamedAttribute entry : owner->getDiscardableAttrs()) {
      const llvm::StringRef name = entry.getName().getValue();
      if (ir::text::IsPlanAttribute({name.data(), name.size()})) continue;
      main->setDiscardableAttr(entry.getName(), entry.getValue());
    }
    if (auto function = llvm::dyn_cast<mlir::func::FuncOp>(owner)) {
      if (const mlir::ArrayAttr all = function.getAllArgAttrs()) main.setAllArgAttrs(all);
      if (const mlir::ArrayAttr all = function.getAllResultAttrs()) main.setAllResultAttrs(all);
      main.setVisibility(function.getVisibility());
    }
    mlir::Block* const entry = main.addEntryBlock();
    for (size_t i = 0; i < block.getNumArguments(); ++i) {
      mlir::BlockArgument argument = entry->getArgument(static_cast<unsigned>(i));
      argument.setLoc(block.getArgument(static_cast<unsigned>(i)).getLoc());
      in_main_.map(block.getArgument(static_cast<unsigned>(i)), argument);
    }
    return main;
  }

  mlir::func::FuncOp Outline(size_t index) {
    const PlacedPart& part = body_.parts()[index];
    const PartSignature& signature = signatures_[index];
    const auto types = [](const llvm::SetVector<mlir::Value>& values) {
      llvm::SmallVector<mlir::Type> all;
      for (const mlir::Value value : values) all.push_back(value.getType());
      return all;
    };
    const mlir::Location place = part.operations[0]->getLoc();
    mlir::OpBuilder builder(module_.getContext());
    auto function = mlir::func::FuncOp::create(
        place, absl::StrCat(name_, "_part", part.number),
        builder.getFunctionType(types(signature.inputs), types(signature.outputs)));
    // What torch-mlir says of a function holds for each; IREE asks for the operator set in each.
    for (const mlir::NamedAttribute entry : body_.owner()->getDiscardableAttrs()) {
      if (entry.getName().getValue().starts_with("torch.")) {
        function->setDiscardableAttr(entry.getName(), entry.getValue());
      }
    }
    function->setDiscardableAttr("place.device", builder.getStringAttr(part.device));
    function->setDiscardableAttr("place.part", builder.getI64IntegerAttr(part.number));
    mlir::Block* const block = function.addEntryBlock();
    mlir::IRMapping mapping;
    for (size_t i = 0; i < signature.inputs.size(); ++i) {
      mapping.map(signature.inputs[i], block->getArgument(static_cast<unsigned>(i)));
    }
    builder.setInsertionPointToEnd(block);
    const int number = static_cast<int>(index);
    for (mlir::Operation& operation : body_.block()) {
      if (body_.PartOf(&operation) == number || signature.along.contains(&operation)) {
        Clone(operation, builder, mapping);
      }
    }
    llvm::SmallVector<mlir::Value> results;
    for (const mlir::Value output : signature.outputs) results.push_back(mapping.lookup(output));
    builder.create<mlir::func::ReturnOp>(place, results);
    Insert(function, part);
    return function;
  }

  // Behind the model, or into the module of its device.
  void Insert(mlir::func::FuncOp function, const PlacedPart& part) {
    if (!modules_) {
      function.setPrivate();
      mlir::SymbolTable(module_).insert(function);
      return;
    }
    mlir::ModuleOp& of_device = modules_of_[part.device];
    if (!of_device) {
      of_device = mlir::ModuleOp::create(function.getLoc(), part.device);
      of_device->setDiscardableAttr("place.device",
                                    mlir::StringAttr::get(module_.getContext(), part.device));
      mlir::SymbolTable(module_).insert(of_device);
    }
    mlir::SymbolTable(of_device).insert(function);
  }

  llvm::LogicalResult Call(size_t index, mlir::func::FuncOp function) {
    const PlacedPart& part = body_.parts()[index];
    llvm::SmallVector<mlir::Value> operands;
    for (const mlir::Value input : signatures_[index].inputs) {
      const mlir::Value there = transfers_.On(in_main_.lookup(input), part, builder_);
      if (!there) return mlir::failure();
      operands.push_back(there);
    }
    mlir::Operation* call = nullptr;
    if (modules_) {
      // A call into another module, which the linker of all devices resolves.
      mlir::OperationState state(function.getLoc(), "place.call");
      state.addOperands(operands);
      state.addTypes(function.getResultTypes());
      state.addAttribute("callee", mlir::SymbolRefAttr::get(
                                       modules_of_[part.device].getSymNameAttr(),
                                       {mlir::FlatSymbolRefAttr::get(function.getSymNameAttr())}));
      call = builder_.create(state);
    } else {
      call = builder_.create<mlir::func::CallOp>(function.getLoc(), function, operands);
    }
    call->setDiscardableAttr("place.device", builder_.getStringAttr(part.device));
    for (size_t i = 0; i < signatures_[index].outputs.size(); ++i) {
      const mlir::Value result = call->getResult(static_cast<unsigned>(i));
      in_main_.map(signatures_[index].outputs[i], result);
      transfers_.SetHome(result, part);
    }
    return mlir::success();
  }

  void Return(mlir::Operation* terminator) {
    PartSignature signature;
    AddInputs(terminator, -2, signature);
    for (mlir::Operation& operation : body_.block()) {
      if (signature.along.contains(&operation)) Clone(operation, builder_, in_main_);
    }
    llvm::SmallVector<mlir::Value> results;
    for (const mlir::Value value : terminator->getOperands()) {
      results.push_back(in_main_.lookup(value));
    }
    builder_.create<mlir::func::ReturnOp>(terminator->getLoc(), results);
  }

  // Where inputs are to be given and outputs are left.
  llvm::LogicalResult StateEnds(mlir::func::FuncOp main) {
    mlir::Operation* const end = main.front().getTerminator();
    for (const mlir::BlockArgument argument : main.getArguments()) {
      const PlacedPart* const home = transfers_.HomeOf(argument);
      if (home == nullptr) continue;
      const auto [name, value] = EndOf(*home, argument.getLoc());
      if (!value) return mlir::failure();
      main.setArgAttr(argument.getArgNumber(), name, value);
    }
    for (unsigned i = 0; i < end->getNumOperands(); ++i) {
      const PlacedPart* const home = transfers_.HomeOf(end->getOperand(i));
      if (home == nullptr) continue;
      const auto [name, value] = EndOf(*home, end->getLoc());
      if (!value) return mlir::failure();
      main.setResultAttr(i, name, value);
    }
    return mlir::success();
  }
  std::pair<llvm::StringRef, mlir::Attribute> EndOf(const PlacedPart& part, mlir::Location place) {
    if (body_.is_torch()) return {"iree.abi.affinity", Transfers::AffinityOf(part, place)};
    return {"place.device", builder_.getStringAttr(part.device)};
  }

  mlir::ModuleOp module_;
  PlacedBody& body_;
  const bool modules_;
  Transfers transfers_;
  mlir::OpBuilder builder_;
  std::string name_;
  std::vector<PartSignature> signatures_;
  mlir::IRMapping in_main_;  // values of the model, in the function in its place
  std::map<std::string, mlir::ModuleOp> modules_of_;
};

// Transfers in the place where they are needed; all else stays as it is.
llvm::LogicalResult InsertTransfers(PlacedBody& body) {
  Transfers transfers(body.is_torch());
  mlir::OpBuilder builder(body.owner()->getContext());
  for (const PlacedPart& part : body.parts()) {
    for (mlir::Operation* const operation : part.operations) {
      for (const mlir::OpResult result : operation->getResults()) transfers.SetHome(result, part);
    }
  }
  std::vector<mlir::Operation*> placed;
  for (mlir::Operation& operation : body.block()) {
    if (body.PartOf(&operation) >= 0) placed.push_back(&operation);
  }
  for (mlir::Operation* const operation : placed) {
    const PlacedPart& part = body.parts()[static_cast<size_t>(body.PartOf(operation))];
    builder.setInsertionPoint(operation);
    for (mlir::Value value : UsedBy(operation)) {
      const mlir::Value there = transfers.On(value, part, builder);
      if (!there) return mlir::failure();
      if (there == value) continue;
      value.replaceUsesWithIf(
          there, [&](mlir::OpOperand& use) { return operation->isAncestor(use.getOwner()); });
    }
  }
  auto function = llvm::dyn_cast<mlir::func::FuncOp>(body.owner());
  if (!function || !body.is_torch()) return mlir::success();
  const auto state = [&](mlir::Value value, auto set) {
    const PlacedPart* const home = transfers.HomeOf(value);
    if (home == nullptr) return mlir::success();
    const mlir::Attribute affinity = Transfers::AffinityOf(*home, value.getLoc());
    if (!affinity) return mlir::failure();
    set(affinity);
    return mlir::success();
  };
  for (const mlir::BlockArgument argument : function.getArguments()) {
    if (mlir::failed(state(argument, [&](mlir::Attribute affinity) {
          function.setArgAttr(argument.getArgNumber(), "iree.abi.affinity", affinity);
        }))) {
      return mlir::failure();
    }
  }
  mlir::Operation* const end = body.block().getTerminator();
  for (unsigned i = 0; i < end->getNumOperands(); ++i) {
    if (mlir::failed(state(end->getOperand(i), [&](mlir::Attribute affinity) {
          function.setResultAttr(i, "iree.abi.affinity", affinity);
        }))) {
      return mlir::failure();
    }
  }
  return mlir::success();
}

class PartitionPass final
    : public mlir::PassWrapper<PartitionPass, mlir::OperationPass<mlir::ModuleOp>> {
 public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PartitionPass)

  PartitionPass() = default;
  PartitionPass(const PartitionPass& other) : PassWrapper(other) {}
  explicit PartitionPass(const PartitionPassOptions& options) {
    outline_ = options.outline;
    modules_ = options.modules;
  }

  llvm::StringRef getArgument() const override { return "allot-partition"; }
  llvm::StringRef getName() const override { return "AllotPartition"; }
  llvm::StringRef getDescription() const override {
    return "Make a function of each part of a placed model, with transfers between devices";
  }
  void getDependentDialects(mlir::DialectRegistry& registry) const override {
    registry
        .insert<mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::tensor::TensorDialect>();
  }

  void runOnOperation() override {
    mlir::ModuleOp module = getOperation();
    llvm::FailureOr<PlacedBody> body = PlacedBody::Find(module);
    if (mlir::failed(body)) return signalPassFailure();
    if (!getContext().allowsUnregisteredDialects()) {
      const llvm::StringRef needed = body->is_torch() ? "flow" : "place";
      if (getContext().getLoadedDialect(needed) == nullptr) {
        mlir::emitError(body->owner()->getLoc())
            << "transfers are operations of the dialect '" << needed
            << "', which is not loaded: --allow-unregistered-dialect";
        return signalPassFailure();
      }
    }
    num_parts_ += body->parts().size();
    const llvm::LogicalResult done =
        outline_ ? Partitioner(module, *body, modules_).Run() : InsertTransfers(*body);
    if (mlir::failed(done)) signalPassFailure();
  }

 private:
  Option<bool> outline_{*this, "outline",
                        llvm::cl::desc("functions; false: only insert the transfers"),
                        llvm::cl::init(true)};
  Option<bool> modules_{*this, "modules", llvm::cl::desc("a module for each device"),
                        llvm::cl::init(false)};

  Statistic num_parts_{this, "parts", "parts of the model"};
};

}  // namespace

std::unique_ptr<mlir::Pass> CreatePartitionPass(const PartitionPassOptions& options) {
  return std::make_unique<PartitionPass>(options);
}

}  // namespace allot
