#include "passes/sparsity/row_choice.h"

#include <algorithm>
#include <vector>

#include "support/units.h"
#include "target/peak_rate.h"

namespace allot {
namespace {

constexpr int64_t kElementBytes = 4;
// What runtimes take for a small operator at least, whatever it does: measured in ONNX Runtime on a
// CPU.
constexpr Picos kSmallOperator = 3 * kPicosPerMicro;

// Of the pieces of one layer: weights of a neuron for an input neuron, and neurons that are read.
struct Pieces {
  int64_t count = 0, elements = 0, read = 0;
};

// Convolutions of fewer channels take as long as of so many: runtimes keep maps in blocks, and need
// several of them to use what they load. Measured in ONNX Runtime on a CPU.
constexpr int64_t kChannelBlock = 32;

int64_t InBlocks(int64_t neurons, bool maps) {
  const int64_t block = maps ? kChannelBlock : 1;
  return (neurons + block - 1) / block * block;
}

// In groups each row has the weights of its group alone.
Pieces PiecesOf(const RowProblem& rows, const rows::Division& division, size_t t) {
  const auto parts = static_cast<size_t>(rows.problem.parts);
  const rows::Source& source = rows.problem.tensors[t].sources.front();
  std::vector<int64_t> rows_of(parts);
  const auto inputs =
      static_cast<size_t>(rows.problem.tensors[static_cast<size_t>(source.input)].neurons);
  const bool maps = rows.network.tensors[t].product_form.maps;
  const int64_t groups = rows.network.tensors[t].groups;
  const int64_t in_group = static_cast<int64_t>(inputs) / groups;
  std::vector<std::vector<bool>> reads(parts, std::vector<bool>(inputs));
  for (size_t row = 0; row < division[t].size(); ++row) {
    const auto part = static_cast<size_t>(division[t][row]);
    ++rows_of[part];
    for (const int32_t column : source.Row(row)) reads[part][static_cast<size_t>(column)] = true;
  }
  Pieces pieces;
  for (size_t p = 0; p < parts; ++p) {
    if (rows_of[p] == 0) continue;
    const int64_t read = std::max<int64_t>(std::count(reads[p].begin(), reads[p].end(), true), 1);
    ++pieces.count;
    pieces.elements += InBlocks(rows_of[p], maps) * InBlocks(groups > 1 ? in_group : read, maps);
    pieces.read += read;
  }
  return pieces;
}

// Of so many elements of weights, each used once for each of `uses`.
Picos ProductTime(int64_t elements, const Device& device, int64_t uses) {
  const int64_t flops = PeakRate(device, "float32");
  Picos time = 0;
  if (flops > 0) time = DurationAtRate(SaturatingMultiply(2 * elements, uses), flops);
  if (device.memory_bandwidth > 0) {
    time = std::max(time, DurationAtRate(elements * kElementBytes, device.memory_bandwidth));
  }
  return time;
}

}  // namespace

RowTimes TimesOnOneDevice(const RowProblem& rows, const rows::Division& division,
                          const Device& device, int64_t batch) {
  const Picos op_cost = std::max(device.op_cost, kSmallOperator);
  RowTimes times;
  for (size_t t = 0; t < rows.network.tensors.size(); ++t) {
    const RowTensor& tensor = rows.network.tensors[t];
    if (!tensor.product.valid()) continue;
    const RowTensor& read = rows.network.tensors[static_cast<size_t>(tensor.input)];
    const int64_t uses = SaturatingMultiply(batch, tensor.product_form.positions);
    times.whole = SaturatingAdd(
        times.whole,
        ProductTime(tensor.neurons * (read.neurons / tensor.groups) * tensor.kernel, device, uses) +
            op_cost);
    const Pieces pieces = PiecesOf(rows, division, t);
    // Gathered, and joined again: read and written once each; maps also into blocks and out again.
    const int64_t copies = tensor.product_form.maps ? 4 : 2;
    const int64_t words =
        SaturatingAdd(SaturatingMultiply(pieces.read, read.form.positions),
                      SaturatingMultiply(tensor.neurons, tensor.product_form.positions));
    const int64_t copied = SaturatingMultiply(copies * kElementBytes * words, batch);
    Picos time = ProductTime(pieces.elements * tensor.kernel, device, uses);
    if (device.memory_bandwidth > 0) time += DurationAtRate(copied, device.memory_bandwidth);
    time += (2 * pieces.count + 1) * op_cost;
    times.divided = SaturatingAdd(times.divided, time);
  }
  return times;
}

}  // namespace allot
