// Door 5: the operators that are known, by domain and name.
#pragma once

#include <deque>
#include <memory>

#include "absl/strings/string_view.h"

#include "operators/operator.h"

namespace allot {

// A value that is cheap to copy: copies share their records until one of them gets another.
class Operators {
 public:
  // None.
  Operators();
  // One that is there already is replaced. Domain "ai.onnx" is written "". O(1) unless the records
  // are shared; then all are copied.
  void Add(Operator op);
  // nullptr if it is not known. "ai.onnx" and "" are the same domain. The record lives for as long
  // as this value and its copies.
  const Operator* Find(absl::string_view domain, absl::string_view op_type) const;
  // In the order in which they were added.
  const std::deque<Operator>& records() const;

 private:
  struct Table;
  std::shared_ptr<Table> table_;  // changed only by its one owner
};

// All that are built in.
const Operators& BuiltinOperators();

}  // namespace allot
