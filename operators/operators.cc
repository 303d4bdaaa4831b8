#include "operators/operators.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace allot {

struct Operators::Table {
  using Names = std::pair<absl::string_view, absl::string_view>;  // domain, operator

  Table() = default;
  Table(const Table& other) {
    for (const Operator& op : other.records) Add(op);
  }
  Table& operator=(const Table&) = delete;

  static Names NamesOf(const Operator& op) { return {op.domain, op.op_type}; }

  void Add(Operator op) {
    Operator* place = nullptr;
    if (const auto found = by_name.find(NamesOf(op)); found != by_name.end()) {
      place = found->second;
      by_name.erase(found);  // it looks at the names that go
      *place = std::move(op);
    } else {
      place = &records.emplace_back(std::move(op));
    }
    by_name.emplace(NamesOf(*place), place);
  }

  std::deque<Operator> records;  // which stay where they are
  absl::flat_hash_map<Names, Operator*> by_name;
};

Operators::Operators() : table_(std::make_shared<Table>()) {}

void Operators::Add(Operator op) {
  if (op.domain == "ai.onnx") op.domain = "";
  if (table_.use_count() > 1) table_ = std::make_shared<Table>(*table_);
  table_->Add(std::move(op));
}

const Operator* Operators::Find(absl::string_view domain, absl::string_view op_type) const {
  if (domain == "ai.onnx") domain = "";
  const auto found = table_->by_name.find(Table::Names(domain, op_type));
  return found == table_->by_name.end() ? nullptr : found->second;
}

const std::deque<Operator>& Operators::records() const { return table_->records; }

std::string OperatorName(const Operator& op) {
  return op.domain.empty() ? op.op_type : absl::StrCat(op.domain, ":", op.op_type);
}

}  // namespace allot
