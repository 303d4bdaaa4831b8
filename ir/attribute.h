// Attributes of nodes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "support/id.h"

namespace allot::ir {

using ConstantId = Id<struct ConstantTag>;

// The body of an If, Loop or Scan: an index into Node::regions.
struct RegionIndex {
  int32_t index = 0;
  friend bool operator==(const RegionIndex&, const RegionIndex&) = default;
};
// Inside a function: the value of the function's attribute of that name.
struct AttributeReference {
  std::string name;
  int32_t type = 0;  // ONNX's AttributeProto.AttributeType
  friend bool operator==(const AttributeReference&, const AttributeReference&) = default;
};
// An attribute of a form we have nothing to say about (lists of tensors, types, ...): the
// serialized AttributeProto, carried untouched.
struct OpaqueAttribute {
  std::string proto;
  friend bool operator==(const OpaqueAttribute&, const OpaqueAttribute&) = default;
};

using AttributeValue = std::variant<int64_t, float, std::string, std::vector<int64_t>,
                                    std::vector<float>, std::vector<std::string>, ConstantId,
                                    RegionIndex, AttributeReference, OpaqueAttribute>;

struct Attribute {
  AttributeValue value;
  std::string doc;             // ONNX's doc_string, carried
  std::string unknown_fields;  // serialized, carried

  template <typename T>
  const T* If() const {
    return std::get_if<T>(&value);
  }
};

using AttributeMap = std::map<std::string, Attribute>;

// The attribute `name` as a T, or nullptr.
template <typename T>
const T* FindAttribute(const AttributeMap& attributes, const std::string& name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? nullptr : found->second.If<T>();
}

}  // namespace allot::ir
