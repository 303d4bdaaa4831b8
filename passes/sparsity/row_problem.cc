#include "passes/sparsity/row_problem.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "ir/node_name.h"
#include "passes/sparsity/bit_matrix.h"
#include "support/status.h"
#include "support/units.h"

namespace allot {
namespace {

// Which neurons each row reads, as a source of the kind: those of which one of `kernel` columns
// side by side is set.
rows::Source SourceOfBits(const BitMatrix& bits, int32_t input, int64_t kernel) {
  std::vector<int64_t> begin = {0};
  std::vector<int32_t> columns;
  for (int64_t row = 0; row < bits.rows(); ++row) {
    int64_t last = -1;
    bits.ForEachInRow(row, [&](int64_t column) {
      if (column / kernel == last) return;
      last = column / kernel;
      columns.push_back(static_cast<int32_t>(last));
    });
    begin.push_back(static_cast<int64_t>(columns.size()));
  }
  return rows::SourceOfRows(input, begin, columns);
}

// Both of them, where a tensor is read twice.
void AddSource(rows::Tensor& tensor, rows::Source source) {
  for (rows::Source& other : tensor.sources) {
    if (other.input != source.input) continue;
    std::vector<int64_t> begin = {0};
    std::vector<int32_t> columns;
    for (size_t row = 0; row < other.pattern_of.size(); ++row) {
      const auto a = other.Row(row), b = source.Row(row);
      std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(columns));
      begin.push_back(static_cast<int64_t>(columns.size()));
    }
    const int64_t work = std::max(other.work, source.work);
    other = rows::SourceOfRows(source.input, begin, columns);
    other.work = work;
    return;
  }
  tensor.sources.push_back(std::move(source));
}

// Each neuron reads its own of another tensor, or so many of them one.
rows::Source Identity(int64_t neurons, int32_t input, int64_t spread) {
  std::vector<int64_t> begin = {0};
  std::vector<int32_t> columns;
  for (int64_t i = 0; i < neurons; ++i) {
    columns.push_back(static_cast<int32_t>(i / spread));
    begin.push_back(i + 1);
  }
  rows::Source source = rows::SourceOfRows(input, begin, columns);
  source.work = 0;
  return source;
}

// Each neuron reads all of its group.
rows::Source Grouped(const RowTensor& tensor, int64_t inputs) {
  const int64_t rows_of = tensor.neurons / tensor.groups, columns_of = inputs / tensor.groups;
  std::vector<int64_t> begin = {0};
  std::vector<int32_t> columns;
  for (int64_t row = 0; row < tensor.neurons; ++row) {
    for (int64_t i = 0; i < columns_of; ++i) {
      columns.push_back(static_cast<int32_t>(row / rows_of * columns_of + i));
    }
    begin.push_back(static_cast<int64_t>(columns.size()));
  }
  return rows::SourceOfRows(tensor.input, begin, columns);
}

// So many neurons from `first` on are those of another tensor.
rows::Source Segment(int64_t neurons, int64_t first, int64_t count, int32_t input) {
  std::vector<int64_t> begin = {0};
  std::vector<int32_t> columns;
  for (int64_t i = 0; i < neurons; ++i) {
    if (i >= first && i < first + count) columns.push_back(static_cast<int32_t>(i - first));
    begin.push_back(static_cast<int64_t>(columns.size()));
  }
  rows::Source source = rows::SourceOfRows(input, begin, columns);
  source.work = 0;
  return source;
}

// What the sources of a product do not say by themselves: of kernels, positions and groups.
void WeighRows(const BitMatrix& bits, const RowTensor& tensor, rows::Tensor& rows) {
  const int64_t positions = tensor.product_form.positions;
  if (tensor.kernel == 1 && positions == 1 && tensor.groups == 1) return;
  for (int64_t row = 0; row < bits.rows(); ++row) {
    rows.weights.push_back(SaturatingMultiply(bits.CountRow(row), positions));
  }
}

}  // namespace

absl::StatusOr<RowProblem> ProblemOfRows(const ir::Module& module, double most_density) {
  std::map<ir::NodeId, BitMatrix> bits_of;  // neurons first
  absl::Status status;
  const auto sparse_enough = [&](const RowTensor& layer) {
    if (!status.ok()) return false;
    absl::StatusOr<BitMatrix> bits = NonzerosOf(module, layer.weights);
    if (absl::IsUnimplemented(bits.status())) return false;
    if (!bits.ok()) {
      const ir::Node& node = module.graph.node(layer.product);
      status =
          WithContext(bits.status(), absl::StrCat("weights of '", ir::NameOrPlace(node), "': "));
      return false;
    }
    const double all = static_cast<double>(bits->rows()) * static_cast<double>(bits->columns());
    // In groups most is zero as it is: what is read in parts already is divided further.
    const bool follows = layer.groups > 1 && layer.input >= 0;
    if (!follows && static_cast<double>(bits->Count()) > most_density * all) return false;
    bits_of[layer.product] = layer.neurons_first ? *std::move(bits) : bits->Transposed();
    return true;
  };
  RowProblem result;
  result.network = FindRowNetwork(module, sparse_enough);
  ALLOT_RETURN_IF_ERROR(status);
  for (const RowTensor& tensor : result.network.tensors) {
    rows::Tensor& rows = result.problem.tensors.emplace_back();
    rows.name = module.graph.value(tensor.value).name;
    rows.neurons = static_cast<int32_t>(tensor.neurons);
    rows.words = tensor.form.positions;
    const bool computed = module.graph.value(tensor.value).origin == ir::Value::Origin::kResult;
    if (tensor.is_input() && computed) rows.home = 0;  // where what is not divided is joined
    if (tensor.is_input()) continue;
    if (tensor.product.valid()) {
      const auto bits = bits_of.extract(tensor.product);
      const int64_t inputs = result.network.tensors[static_cast<size_t>(tensor.input)].neurons;
      rows.sources.push_back(tensor.groups > 1
                                 ? Grouped(tensor, inputs)
                                 : SourceOfBits(bits.mapped(), tensor.input, tensor.kernel));
      WeighRows(bits.mapped(), tensor, rows);
    } else if (tensor.concat.valid()) {
      int64_t first = 0;
      for (const int32_t input : tensor.joined) {
        const int64_t count = result.network.tensors[static_cast<size_t>(input)].neurons;
        AddSource(rows, Segment(tensor.neurons, first, count, input));
        first += count;
      }
    } else {
      rows.sources.push_back(Identity(tensor.neurons, tensor.input, tensor.spread));
    }
    for (const TailStep& step : tensor.tail) {
      if (step.other < 0) continue;
      if (rows.weights.empty()) rows.weights = rows::RowWeights(rows);
      AddSource(rows, Identity(tensor.neurons, step.other, 1));
    }
  }
  return result;
}

}  // namespace allot
