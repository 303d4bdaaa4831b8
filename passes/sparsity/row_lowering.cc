#include "passes/sparsity/row_lowering.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "ir/node_name.h"
#include "passes/sparsity/graph_writer.h"
#include "passes/sparsity/weight_pieces.h"
#include "support/status.h"

namespace allot {
namespace {

using Rows = std::vector<int64_t>;

// A value of some neurons, neurons first.
struct Neurons {
  ir::ValueId value;
  Rows order;  // which neuron each row is
};

class Lowering {
 public:
  Lowering(ir::Module& module, const RowProblem& rows, const rows::Division& division,
           RowExchange exchange)
      : module_(module),
        tensors_(rows.network.tensors),
        problem_(rows.problem),
        division_(division),
        exchange_(exchange),
        writer_(module),
        parts_(static_cast<size_t>(problem_.parts)),
        of_part_(tensors_.size()),
        whole_(tensors_.size()) {
    result_.links.assign(parts_ * parts_, 0);
  }

  absl::StatusOr<LoweredRows> Run() {
    FindNeeds();
    FindOthersThatRead();
    for (size_t t = 0; t < tensors_.size(); ++t) {
      if (tensors_[t].product.valid()) {
        ALLOT_RETURN_IF_ERROR(WriteLayer(t), "'", problem_.tensors[t].name, "': ");
      } else {
        WriteInput(t);
      }
    }
    for (size_t t = 0; t < tensors_.size(); ++t) {
      if (read_whole_[t]) WriteWhole(t);
    }
    for (size_t t = tensors_.size(); t-- > 0;) {
      if (!tensors_[t].product.valid()) continue;
      for (size_t i = tensors_[t].tail.size(); i-- > 0;) {
        module_.graph.Erase(tensors_[t].tail[i].node);
      }
      module_.graph.Erase(tensors_[t].product);
    }
    return result_;
  }

 private:
  const std::string& NameOf(size_t t) const { return problem_.tensors[t].name; }

  // The neurons of tensor t that part q reads.
  void FindNeeds() {
    needs_.resize(tensors_.size());
    for (size_t t = 0; t < tensors_.size(); ++t) {
      const auto neurons = static_cast<size_t>(tensors_[t].neurons);
      std::vector<std::vector<bool>> needed(parts_, std::vector<bool>(neurons));
      for (size_t u = t + 1; u < tensors_.size(); ++u) {
        for (const rows::Source& source : problem_.tensors[u].sources) {
          if (source.input != static_cast<int32_t>(t)) continue;
          for (size_t row = 0; row < division_[u].size(); ++row) {
            std::vector<bool>& of = needed[static_cast<size_t>(division_[u][row])];
            for (const int32_t column : source.Row(row)) of[static_cast<size_t>(column)] = true;
          }
        }
      }
      needs_[t].resize(parts_);
      for (size_t q = 0; q < parts_; ++q) {
        for (size_t i = 0; i < neurons; ++i) {
          if (needed[q][i]) needs_[t][q].push_back(static_cast<int64_t>(i));
        }
      }
    }
  }

  // Tensors that nodes outside of the network read, or the model gives.
  void FindOthersThatRead() {
    read_whole_.assign(tensors_.size(), false);
    std::map<ir::NodeId, size_t> inside;
    for (size_t t = 0; t < tensors_.size(); ++t) {
      if (tensors_[t].product.valid()) inside[tensors_[t].product] = t;
      for (const TailStep& step : tensors_[t].tail) inside[step.node] = t;
    }
    for (size_t t = 0; t < tensors_.size(); ++t) {
      if (!tensors_[t].product.valid()) continue;
      const ir::ValueId value = tensors_[t].value;
      read_whole_[t] = module_.graph.IsOutput(value);
      for (const ir::NodeId user : module_.graph.users(value)) {
        if (inside.count(user) == 0) read_whole_[t] = true;
      }
    }
  }

  Rows RowsOf(size_t t, size_t part) const {
    Rows rows;
    for (size_t i = 0; i < division_[t].size(); ++i) {
      if (static_cast<size_t>(division_[t][i]) == part) rows.push_back(static_cast<int64_t>(i));
    }
    return rows;
  }

  std::string Name(size_t part, size_t t, absl::string_view what) const {
    return absl::StrCat(RowPartPrefix(static_cast<int32_t>(part)), NameOf(t), what);
  }

  void WriteInput(size_t t) {
    if (exchange_ == RowExchange::kWhole) {
      whole_[t].value = writer_.Transpose(absl::StrCat("rows/", NameOf(t)), tensors_[t].value);
      for (int64_t i = 0; i < tensors_[t].neurons; ++i) whole_[t].order.push_back(i);
      return;
    }
    of_part_[t].resize(parts_);
    for (size_t p = 0; p < parts_; ++p) {
      // What nobody reads need not be taken.
      Rows rows;
      for (const int64_t row : RowsOf(t, p)) {
        for (size_t q = 0; q < parts_; ++q) {
          if (!std::binary_search(needs_[t][q].begin(), needs_[t][q].end(), row)) continue;
          rows.push_back(row);
          break;
        }
      }
      if (rows.empty()) continue;
      const ir::ValueId taken =
          writer_.Gather(Name(p, t, ".take"), tensors_[t].value, rows, tensors_[t].neurons, 1);
      of_part_[t][p] = {writer_.Transpose(Name(p, t, ".turn"), taken), std::move(rows)};
    }
  }

  // Where neurons stand among the rows of a value.
  static Rows Positions(const Rows& order, const Rows& neurons) {
    std::map<int64_t, int64_t> position;
    for (size_t i = 0; i < order.size(); ++i) position[order[i]] = static_cast<int64_t>(i);
    Rows positions;
    for (const int64_t neuron : neurons) positions.push_back(position.at(neuron));
    return positions;
  }

  // What part q reads of tensor t, its own neurons first: made once for all that read it there.
  absl::StatusOr<Neurons> Received(size_t t, size_t q) {
    const auto [at, added] = received_.try_emplace({t, q});
    if (!added) return at->second;
    Neurons& received = at->second;
    if (exchange_ == RowExchange::kWhole) {
      received.order = needs_[t][q];
      if (received.order.empty()) received.order.push_back(0);  // weights of zero
      // In the order in which they lie: neighbours are copied together.
      const Rows positions = Positions(whole_[t].order, received.order);
      std::vector<std::pair<int64_t, int64_t>> sorted;
      for (size_t i = 0; i < positions.size(); ++i) {
        sorted.emplace_back(positions[i], received.order[i]);
      }
      std::sort(sorted.begin(), sorted.end());
      Rows from;
      received.order.clear();
      for (const auto& [position, neuron] : sorted) {
        from.push_back(position);
        received.order.push_back(neuron);
      }
      received.value = writer_.Gather(Name(q, t, ".read"), whole_[t].value, from,
                                      static_cast<int64_t>(whole_[t].order.size()), 0);
      return received;
    }
    std::vector<ir::ValueId> pieces;
    Rows needed = needs_[t][q];
    if (needed.empty()) {  // a weight of zero for some neuron that costs nothing
      if (!of_part_[t][q].value.valid()) {
        return InputError("the rows of part ", q, " read nothing, and it has no neuron of '",
                          NameOf(t), "'; fewer parts would");
      }
      needed.push_back(of_part_[t][q].order[0]);
    }
    for (size_t step = 0; step < parts_; ++step) {
      const size_t p = step == 0 ? q : step <= q ? step - 1 : step;
      Rows neurons;
      for (const int64_t neuron : needed) {
        if (static_cast<size_t>(division_[t][static_cast<size_t>(neuron)]) == p) {
          neurons.push_back(neuron);
        }
      }
      if (neurons.empty()) continue;
      const Neurons& from = of_part_[t][p];
      const auto all = static_cast<int64_t>(from.order.size());
      const std::string name = p == q ? Name(p, t, ".own") : Name(p, t, absl::StrCat(".to", q));
      pieces.push_back(writer_.Gather(name, from.value, Positions(from.order, neurons), all, 0));
      received.order.insert(received.order.end(), neurons.begin(), neurons.end());
      if (p == q) continue;
      const int64_t words = static_cast<int64_t>(neurons.size()) * problem_.tensors[t].words;
      result_.words += words;
      result_.links[p * parts_ + q] += words;
    }
    received.value = writer_.Concat(Name(q, t, ".read"), std::move(pieces));
    return received;
  }

  // The product of a part's rows.
  absl::StatusOr<ir::ValueId> Product(size_t t, size_t q, const Rows& rows,
                                      const std::string& elements) {
    const RowTensor& tensor = tensors_[t];
    ALLOT_ASSIGN_OR_RETURN(const Neurons read, Received(static_cast<size_t>(tensor.input), q));
    result_.weight_elements += static_cast<int64_t>(rows.size() * read.order.size());
    ALLOT_ASSIGN_OR_RETURN(const ir::ValueId weights,
                           WriteWeights(module_, writer_, Name(q, t, ".weights"), tensor.weights,
                                        tensor.neurons_first, elements, rows, read.order));
    return writer_.Node("MatMul", Name(q, t, ".product"), {weights, read.value});
  }

  // Bias and tail, on rows `rows` in that order. `part`: whose nodes they are; `added`: the other
  // operand of an addition of tensors.
  template <typename Added>
  absl::StatusOr<ir::ValueId> Tail(size_t t, ir::ValueId value, const Rows& rows,
                                   const std::string& prefix, Added added) {
    const RowTensor& tensor = tensors_[t];
    if (tensor.bias.valid()) {
      ALLOT_ASSIGN_OR_RETURN(const ir::ValueId bias,
                             WriteOperand(module_, writer_, prefix + ".bias", tensor.bias, rows));
      value = writer_.Node("Add", prefix + ".biased", {value, bias});
    }
    for (const TailStep& step : tensor.tail) {
      const ir::Node node = module_.graph.node(step.node);
      std::vector<ir::ValueId> operands = node.operands;
      for (size_t i = 0; i < operands.size(); ++i) {
        if (i == step.operand) {
          operands[i] = value;
        } else if (step.added >= 0) {
          ALLOT_ASSIGN_OR_RETURN(operands[i], added(static_cast<size_t>(step.added)));
        } else if (operands[i].valid()) {
          ALLOT_ASSIGN_OR_RETURN(
              operands[i], WriteOperand(module_, writer_, prefix + ".operand", operands[i], rows));
        }
      }
      const std::string name = ir::NameOrPlace(node);
      const size_t slash = prefix.find('/');
      value =
          writer_.Copy(node, absl::StrCat(prefix.substr(0, slash + 1), name), std::move(operands));
    }
    return value;
  }

  absl::Status WriteLayer(size_t t) {
    constexpr int64_t kMostBytes = int64_t{1} << 31;
    ALLOT_ASSIGN_OR_RETURN(const std::string elements,
                           ElementsOf(module_, tensors_[t].weights, kMostBytes), "weights ");
    of_part_[t].resize(parts_);
    std::vector<ir::ValueId> products;
    for (size_t q = 0; q < parts_; ++q) {
      Rows rows = RowsOf(t, q);
      if (rows.empty()) continue;
      ALLOT_ASSIGN_OR_RETURN(ir::ValueId value, Product(t, q, rows, elements));
      if (exchange_ == RowExchange::kWhole) {
        products.push_back(value);
        whole_[t].order.insert(whole_[t].order.end(), rows.begin(), rows.end());
        continue;
      }
      const auto added = [&](size_t other) -> absl::StatusOr<ir::ValueId> {
        ALLOT_ASSIGN_OR_RETURN(const Neurons read, Received(other, q));
        return writer_.Gather(Name(q, t, ".added"), read.value, Positions(read.order, rows),
                              static_cast<int64_t>(read.order.size()), 0);
      };
      ALLOT_ASSIGN_OR_RETURN(value, Tail(t, value, rows, Name(q, t, ""), added));
      of_part_[t][q] = {value, std::move(rows)};
    }
    if (exchange_ == RowExchange::kParts) return absl::OkStatus();
    const std::string prefix = absl::StrCat("rows/", NameOf(t));
    const Rows& order = whole_[t].order;
    const auto added = [&](size_t other) -> absl::StatusOr<ir::ValueId> {
      return writer_.Gather(prefix + ".added", whole_[other].value,
                            Positions(whole_[other].order, order), tensors_[t].neurons, 0);
    };
    const ir::ValueId joined = writer_.Concat(prefix + ".joined", std::move(products));
    ALLOT_ASSIGN_OR_RETURN(whole_[t].value, Tail(t, joined, order, prefix, added));
    return absl::OkStatus();
  }

  // Batch first, and in the order of the neurons, for others.
  void WriteWhole(size_t t) {
    Neurons joined = whole_[t];
    const std::string prefix = absl::StrCat("rows/", NameOf(t));
    if (exchange_ == RowExchange::kParts) {
      std::vector<ir::ValueId> pieces;
      for (const Neurons& part : of_part_[t]) {
        if (!part.value.valid()) continue;
        pieces.push_back(part.value);
        joined.order.insert(joined.order.end(), part.order.begin(), part.order.end());
        if (&part != &of_part_[t].front()) {
          result_.gathered += static_cast<int64_t>(part.order.size()) * problem_.tensors[t].words;
        }
      }
      joined.value = writer_.Concat(prefix + ".joined", std::move(pieces));
    }
    Rows neurons;
    for (int64_t i = 0; i < tensors_[t].neurons; ++i) neurons.push_back(i);
    const ir::ValueId ordered =
        writer_.Gather(prefix + ".ordered", joined.value, Positions(joined.order, neurons),
                       tensors_[t].neurons, 0);
    writer_.TakeOver(tensors_[t].value, writer_.Transpose(prefix + ".turned", ordered));
  }

  ir::Module& module_;
  const std::vector<RowTensor>& tensors_;
  const rows::Problem& problem_;
  const rows::Division& division_;
  const RowExchange exchange_;
  GraphWriter writer_;
  const size_t parts_;
  std::vector<std::vector<Rows>> needs_;       // by tensor and part
  std::vector<bool> read_whole_;               // by tensor
  std::vector<std::vector<Neurons>> of_part_;  // by tensor and part, of kParts
  std::vector<Neurons> whole_;                 // by tensor, of kWhole
  std::map<std::pair<size_t, size_t>, Neurons> received_;
  LoweredRows result_;
};

}  // namespace

std::string RowPartPrefix(int32_t part) { return absl::StrCat("rows.p", part, "/"); }

absl::StatusOr<LoweredRows> LowerRows(ir::Module& module, const RowProblem& rows,
                                      const rows::Division& division, RowExchange exchange) {
  return Lowering(module, rows, division, exchange).Run();
}

}  // namespace allot
