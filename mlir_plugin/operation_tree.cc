#include "mlir_plugin/operation_tree.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Location.h"

#include "ir/text/keys.h"

namespace allot {
namespace {

using ir::text::Attr;
using ir::text::Dictionary;
using ir::text::Op;

// Constants of fewer bytes are read: sizes of shapes and the like.
constexpr int64_t kReadBelow = 4096;

absl::string_view ViewOf(llvm::StringRef text) { return {text.data(), text.size()}; }

template <typename Printable>
std::string TextOf(Printable printable) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  printable.print(stream);
  return text;
}

class Reader {
 public:
  OperationTree Run(mlir::Operation* root) {
    tree_.document.ops.push_back(ReadOp(root));
    return std::move(tree_);
  }

 private:
  Op ReadOp(mlir::Operation* operation) {
    Op op;
    op.name = operation->getName().getStringRef().str();
    op.offset = tree_.operations.size();
    offset_ = op.offset;
    tree_.operations.push_back(operation);
    for (const mlir::Value operand : operation->getOperands()) {
      ir::text::Use use;
      use.name = NameOf(operand, use.result);
      use.offset = op.offset;
      op.operands.push_back(std::move(use));
      op.operand_types.push_back(ReadType(operand.getType()));
    }
    if (operation->getNumResults() > 0) {
      ir::text::Definition definition;
      definition.name = "v" + std::to_string(num_names_);
      definition.count = static_cast<int32_t>(operation->getNumResults());
      definition.offset = op.offset;
      for (const mlir::OpResult result : operation->getResults()) {
        names_[result] = num_names_;
        op.result_types.push_back(ReadType(result.getType()));
      }
      ++num_names_;
      op.results.push_back(std::move(definition));
    }
    if (const auto properties =
            llvm::dyn_cast_or_null<mlir::DictionaryAttr>(operation->getPropertiesAsAttribute())) {
      op.properties = ReadDictionary(properties);
    }
    op.attributes = ReadDictionary(operation->getDiscardableAttrDictionary());
    const bool named = op.FindAttr(ir::text::kNodeName) != nullptr;
    op.location = ReadLocation(operation->getLoc(), named);
    for (mlir::Region& region : operation->getRegions()) {
      op.regions.push_back(ReadRegion(region, op.offset));
    }
    return op;
  }

  ir::text::Region ReadRegion(mlir::Region& from, size_t offset) {
    ir::text::Region region;
    for (mlir::Block& block : from) {
      for (const mlir::BlockArgument argument : block.getArguments()) {
        ir::text::Argument read;
        names_[argument] = num_names_;
        read.name = "v" + std::to_string(num_names_++);
        if (const ir::text::ValueType type = ReadType(argument.getType())) read.type = *type;
        read.offset = offset;
        if (const auto name = llvm::dyn_cast<mlir::NameLoc>(argument.getLoc())) {
          read.location = name.getName().str();
        }
        region.arguments.push_back(std::move(read));
      }
      for (mlir::Operation& operation : block) region.ops.push_back(ReadOp(&operation));
    }
    return region;
  }

  std::string NameOf(mlir::Value value, int32_t& result) {
    if (const auto of = llvm::dyn_cast<mlir::OpResult>(value)) {
      result = static_cast<int32_t>(of.getResultNumber());
    }
    const auto found = names_.find(value);
    // Of a value that stands behind its use the reader of the tree says so.
    return found == names_.end() ? "later" : "v" + std::to_string(found->second);
  }

  // The line of the text stands for the place of a node without a name, as when it is read from
  // there.
  static std::optional<ir::Location> ReadLocation(mlir::Location from, bool named) {
    ir::Location location;
    if (const auto name = llvm::dyn_cast<mlir::NameLoc>(from)) {
      location.name = name.getName().str();
      SetFile(name.getChildLoc(), location);
      return location;
    }
    if (named) return std::nullopt;
    SetFile(from, location);
    return location;
  }
  static void SetFile(mlir::Location from, ir::Location& location) {
    if (const auto fused = llvm::dyn_cast<mlir::FusedLoc>(from)) {
      if (!fused.getLocations().empty()) SetFile(fused.getLocations().front(), location);
    } else if (const auto call = llvm::dyn_cast<mlir::CallSiteLoc>(from)) {
      SetFile(call.getCallee(), location);
    } else if (const auto file = llvm::dyn_cast<mlir::FileLineColLoc>(from)) {
      location.file = file.getFilename().str();
      location.index = file.getLine();
    }
  }

  ir::text::ValueType ReadType(mlir::Type type) {
    const auto found = types_.find(type);
    if (found != types_.end()) return found->second;
    absl::StatusOr<ir::text::ValueType> read =
        ir::text::ParseValueType(TextOf(type), ir::text::Dialects::kAny);
    ir::text::ValueType result = read.ok() ? *std::move(read) : ir::Type::Unknown();
    types_[type] = result;
    return result;
  }

  Dictionary ReadDictionary(mlir::DictionaryAttr from) {
    Dictionary dictionary;
    for (const mlir::NamedAttribute entry : from) {
      Set(dictionary, ViewOf(entry.getName().getValue()), ReadAttr(entry.getValue()));
    }
    return dictionary;
  }

  Attr ReadAttr(mlir::Attribute from) {
    Attr attr =
        llvm::TypeSwitch<mlir::Attribute, Attr>(from)
            .Case([](mlir::UnitAttr) { return Attr{ir::text::Unit{}}; })
            .Case([](mlir::BoolAttr truth) { return Attr{truth.getValue()}; })
            .Case([](mlir::IntegerAttr number) { return IntegerOf(number); })
            .Case([](mlir::FloatAttr number) {
              return Attr{static_cast<float>(number.getValueAsDouble())};
            })
            .Case([](mlir::StringAttr text) { return Attr{text.getValue().str()}; })
            .Case([&](mlir::ArrayAttr array) {
              ir::text::Array elements;
              for (const mlir::Attribute element : array) {
                elements.push_back(ReadAttr(element));
              }
              return Attr{std::move(elements)};
            })
            .Case([&](mlir::DictionaryAttr dictionary) { return Attr{ReadDictionary(dictionary)}; })
            .Case([](mlir::DenseI64ArrayAttr array) {
              return Attr{ir::text::Integers(array.asArrayRef().begin(), array.asArrayRef().end())};
            })
            .Case([](mlir::DenseF32ArrayAttr array) {
              return Attr{ir::text::Floats(array.asArrayRef().begin(), array.asArrayRef().end())};
            })
            .Case([&](mlir::DenseResourceElementsAttr elements) { return ResourceOf(elements); })
            .Case([&](mlir::DenseIntOrFPElementsAttr elements) { return ElementsOf(elements); })
            .Default([](mlir::Attribute other) { return SpelledOf(other); });
    attr.offset = offset_;
    return attr;
  }

  static Attr IntegerOf(mlir::IntegerAttr number) {
    const llvm::APInt value = number.getValue();
    if (value.getBitWidth() > 64) return SpelledOf(number);
    const bool is_unsigned = number.getType().isUnsignedInteger();
    return ir::text::IntegerAttr(is_unsigned ? static_cast<int64_t>(value.getZExtValue())
                                             : value.getSExtValue());
  }

  // Of other dialects, and types and symbols: by their text.
  static Attr SpelledOf(mlir::Attribute from) {
    std::string text = TextOf(from);
    absl::StatusOr<Attr> read = ir::text::ParseAttr(text, ir::text::Dialects::kAny);
    return read.ok() ? *std::move(read) : Attr{ir::text::Verbatim{std::move(text)}};
  }

  // A constant whose elements are not looked at, as if they lay in a file.
  static Attr UnreadOf(absl::string_view name, ir::Type type, int64_t bytes) {
    ir::text::DialectAttr attr;
    attr.name = std::string(ir::text::kExternal);
    attr.arguments = {ir::text::StringAttr(name), ir::text::IntegerAttr(0),
                      ir::text::IntegerAttr(bytes)};
    attr.type = std::move(type);
    return Attr{std::move(attr)};
  }

  Attr ResourceOf(mlir::DenseResourceElementsAttr from) {
    const ir::text::ValueType type = ReadType(from.getType());
    const auto handle = from.getRawHandle();
    const std::string key = handle.getKey().str();
    const mlir::AsmResourceBlob* blob = handle.getBlob();
    if (!type.has_value() || !type->is_static() || blob == nullptr) return SpelledOf(from);
    const llvm::ArrayRef<char> data = blob->getData();
    if (static_cast<int64_t>(data.size()) >= kReadBelow) {
      return UnreadOf(key, *type, static_cast<int64_t>(data.size()));
    }
    return Attr{
        ir::text::Elements{*type, std::make_shared<const std::string>(data.begin(), data.end())}};
  }

  Attr ElementsOf(mlir::DenseIntOrFPElementsAttr from) {
    const ir::text::ValueType type = ReadType(from.getType());
    if (!type.has_value() || !type->is_static()) return SpelledOf(from);
    const int64_t bytes = ir::PackedBytes(type->element, from.getNumElements());
    if (bytes >= kReadBelow) return UnreadOf("constant", *type, bytes);
    std::string read;
    if (type->element == ir::ElementType::kBool) {
      for (const bool truth : from.getValues<bool>()) read += static_cast<char>(truth);
    } else {
      const llvm::ArrayRef<char> raw = from.getRawData();
      const int64_t copies = from.isSplat() ? from.getNumElements() : 1;
      for (int64_t i = 0; i < copies; ++i) read.append(raw.begin(), raw.end());
    }
    return Attr{ir::text::Elements{*type, std::make_shared<const std::string>(std::move(read))}};
  }

  OperationTree tree_;
  size_t offset_ = 0;  // of the op being read
  unsigned num_names_ = 0;
  llvm::DenseMap<mlir::Value, unsigned> names_;
  llvm::DenseMap<mlir::Type, ir::text::ValueType> types_;
};

}  // namespace

OperationTree TreeOf(mlir::Operation* root) { return Reader().Run(root); }

}  // namespace allot
