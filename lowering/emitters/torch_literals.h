// How torch-mlir's ONNX importer spells attributes and constants.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "ir/module.h"

namespace allot {

std::string TorchInteger(int64_t value);          // "3 : si64"
std::string TorchString(absl::string_view text);  // in quotes, escaped
std::string TorchKey(const std::string& name);    // of a dictionary: bare if it can be

// Spells constants of a module; their bytes are collected for the end of the text.
class TorchLiterals {
 public:
  explicit TorchLiterals(const ir::Module& module) : module_(module) {}

  // Whether there is a spelling for the constant `name`; what Of() demands.
  absl::Status Check(const std::string& name, const ir::Constant& constant) const;
  // Of a constant in memory: "dense_resource<c0> : tensor<3xsi64>".
  std::string Of(const ir::Constant& constant);
  // Of an attribute that is no body.
  absl::StatusOr<std::string> OfAttribute(const ir::Node& node, const std::string& name,
                                          const ir::Attribute& attribute);
  // The section that follows the module; empty if no constant was spelled.
  std::string Resources() const;

 private:
  const ir::Module& module_;
  std::vector<std::string> resources_;  // in hexadecimal
};

}  // namespace allot
