#include "passes/sparsity/row_needs.h"

#include <map>
#include <set>
#include <utility>

namespace allot {

std::vector<std::vector<std::vector<int64_t>>> NeedsOf(const RowProblem& rows,
                                                       const rows::Division& division) {
  const std::vector<rows::Tensor>& tensors = rows.problem.tensors;
  const auto parts = static_cast<size_t>(rows.problem.parts);
  // By tensor: parts by neuron, a row of flags for each neuron.
  std::vector<std::vector<bool>> needed(tensors.size());
  for (size_t t = 0; t < tensors.size(); ++t) {
    needed[t].resize(static_cast<size_t>(tensors[t].neurons) * parts);
    for (const rows::Source& source : tensors[t].sources) {
      std::vector<bool>& of = needed[static_cast<size_t>(source.input)];
      for (size_t row = 0; row < division[t].size(); ++row) {
        const auto part = static_cast<size_t>(division[t][row]);
        for (const int32_t column : source.Row(row)) {
          of[static_cast<size_t>(column) * parts + part] = true;
        }
      }
    }
  }
  std::vector<std::vector<std::vector<int64_t>>> needs(tensors.size());
  for (size_t t = 0; t < tensors.size(); ++t) {
    needs[t].resize(parts);
    for (size_t i = 0; i < needed[t].size(); ++i) {
      if (needed[t][i]) needs[t][i % parts].push_back(static_cast<int64_t>(i / parts));
    }
  }
  return needs;
}

std::vector<bool> ReadByOthers(const ir::Module& module, const std::vector<RowTensor>& tensors) {
  std::set<ir::NodeId> inside;
  for (const RowTensor& tensor : tensors) {
    if (tensor.product.valid()) inside.insert(tensor.product);
    if (tensor.concat.valid()) inside.insert(tensor.concat);
    for (const TailStep& step : tensor.tail) inside.insert(step.node);
  }
  std::vector<bool> read(tensors.size());
  for (size_t t = 0; t < tensors.size(); ++t) {
    if (tensors[t].is_input()) continue;
    const ir::ValueId value = tensors[t].value;
    read[t] = module.graph.IsOutput(value);
    for (const ir::NodeId user : module.graph.users(value)) {
      if (inside.count(user) == 0) read[t] = true;
    }
  }
  return read;
}

std::vector<GroupsAlike> GroupsOf(const std::vector<RowTensor>& tensors, size_t t,
                                  const std::vector<int64_t>& rows) {
  const RowTensor& tensor = tensors[t];
  const int64_t rows_of = tensor.neurons / tensor.groups;
  const int64_t columns_of = tensors[static_cast<size_t>(tensor.input)].neurons / tensor.groups;
  std::map<int64_t, std::vector<int64_t>> of_group;
  for (const int64_t row : rows) of_group[row / rows_of].push_back(row);
  std::map<size_t, GroupsAlike> by_rows;
  for (const auto& [group, its] : of_group) {
    GroupsAlike& alike = by_rows[its.size()];
    ++alike.groups;
    alike.rows.insert(alike.rows.end(), its.begin(), its.end());
    for (int64_t i = 0; i < columns_of; ++i) alike.columns.push_back(group * columns_of + i);
  }
  std::vector<GroupsAlike> all;
  for (auto& [_, alike] : by_rows) all.push_back(std::move(alike));
  return all;
}

std::vector<int64_t> RowsOfPart(const std::vector<RowTensor>& tensors, size_t t,
                                const std::vector<int32_t>& owners, int32_t part) {
  std::vector<int64_t> rows;
  for (size_t i = 0; i < owners.size(); ++i) {
    if (owners[i] == part) rows.push_back(static_cast<int64_t>(i));
  }
  if (tensors[t].groups == 1) return rows;
  std::vector<int64_t> ordered;
  for (const GroupsAlike& alike : GroupsOf(tensors, t, rows)) {
    ordered.insert(ordered.end(), alike.rows.begin(), alike.rows.end());
  }
  return ordered;
}

}  // namespace allot
