#include "passes/sparsity/row_lowering.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "ir/node_name.h"
#include "passes/sparsity/graph_writer.h"
#include "passes/sparsity/row_needs.h"
#include "passes/sparsity/weight_pieces.h"
#include "placement/kinds/rows/search/divide.h"
#include "support/status.h"

namespace allot {
namespace {

using Rows = std::vector<int64_t>;

// A value of some neurons: maps as in the model, matrices in the layout asked for.
struct Neurons {
  ir::ValueId value;
  Rows order;  // which neuron comes first, second, ...
};

// `spread` neurons for each of these, side by side.
Rows Spread(const Rows& neurons, int64_t spread) {
  Rows rows;
  rows.reserve(neurons.size() * static_cast<size_t>(spread));
  for (const int64_t neuron : neurons) {
    for (int64_t i = 0; i < spread; ++i) rows.push_back(neuron * spread + i);
  }
  return rows;
}

// The neurons that these are spread from: neighbours of one of them once.
Rows Gathered(const Rows& rows, int64_t spread) {
  Rows neurons;
  for (const int64_t row : rows) {
    if (neurons.empty() || neurons.back() != row / spread) neurons.push_back(row / spread);
  }
  return neurons;
}

class Lowering {
 public:
  Lowering(ir::Module& module, const RowProblem& rows, const rows::Division& division,
           RowExchange exchange, RowLayout layout, int64_t most_turned)
      : module_(module),
        tensors_(rows.network.tensors),
        problem_(rows.problem),
        division_(division),
        exchange_(exchange),
        neurons_first_(layout == RowLayout::kNeuronsFirst),
        left_to_turn_(most_turned),
        writer_(module),
        parts_(static_cast<size_t>(problem_.parts)),
        needs_(NeedsOf(rows, division)),
        read_whole_(ReadByOthers(module, tensors_)),
        of_part_(tensors_.size()),
        whole_(tensors_.size()) {
    result_.links.assign(parts_ * parts_, 0);
  }

  absl::StatusOr<LoweredRows> Run() {
    for (size_t t = 0; t < tensors_.size(); ++t) {
      if (tensors_[t].is_input()) {
        WriteInput(t);
      } else {
        ALLOT_RETURN_IF_ERROR(WriteLayer(t), "'", problem_.tensors[t].name, "': ");
      }
    }
    for (size_t t = 0; t < tensors_.size(); ++t) {
      if (read_whole_[t]) WriteWhole(t);
    }
    for (size_t t = tensors_.size(); t-- > 0;) {
      for (size_t i = tensors_[t].tail.size(); i-- > 0;) {
        module_.graph.Erase(tensors_[t].tail[i].node);
      }
      if (tensors_[t].product.valid()) module_.graph.Erase(tensors_[t].product);
      if (tensors_[t].concat.valid()) module_.graph.Erase(tensors_[t].concat);
    }
    return result_;
  }

 private:
  const std::string& NameOf(size_t t) const { return problem_.tensors[t].name; }

  Rows RowsOf(size_t t, size_t part) const {
    return RowsOfPart(tensors_, t, division_[t], static_cast<int32_t>(part));
  }

  std::string Name(size_t part, size_t t, absl::string_view what) const {
    return absl::StrCat(RowPartPrefix(static_cast<int32_t>(part)), NameOf(t), what);
  }

  // The dimension of neurons.
  int64_t AxisOf(const NeuronForm& form) const { return form.maps || !neurons_first_ ? 1 : 0; }

  // A matrix, batch first, in the layout asked for; and back.
  ir::ValueId Turned(const std::string& name, ir::ValueId value) {
    return neurons_first_ ? writer_.Transpose(name, value) : value;
  }

  // Some neurons of a value that holds `all` of them in this form.
  ir::ValueId Take(const std::string& name, ir::ValueId value, const NeuronForm& form,
                   const Rows& positions, size_t all) {
    return writer_.Gather(name, value, positions, static_cast<int64_t>(all), AxisOf(form));
  }

  void WriteInput(size_t t) {
    const RowTensor& tensor = tensors_[t];
    if (exchange_ == RowExchange::kWhole) {
      whole_[t].value =
          tensor.form.maps ? tensor.value : Turned(absl::StrCat("rows/", NameOf(t)), tensor.value);
      for (int64_t i = 0; i < tensor.neurons; ++i) whole_[t].order.push_back(i);
      return;
    }
    of_part_[t].resize(parts_);
    for (size_t p = 0; p < parts_; ++p) {
      // What nobody reads need not be taken, but for something that products can read.
      const Rows owned = RowsOf(t, p);
      Rows rows;
      for (const int64_t row : owned) {
        for (size_t q = 0; q < parts_; ++q) {
          if (!std::binary_search(needs_[t][q].begin(), needs_[t][q].end(), row)) continue;
          rows.push_back(row);
          break;
        }
      }
      if (owned.empty()) continue;
      if (rows.empty()) rows.push_back(owned[0]);
      ir::ValueId taken =
          writer_.Gather(Name(p, t, ".take"), tensor.value, rows, tensor.neurons, 1);
      if (!tensor.form.maps) taken = Turned(Name(p, t, ".turn"), taken);
      // A node of the part, wherever the value is made: from there it is sent.
      if (taken == tensor.value) taken = writer_.Node("Identity", Name(p, t, ".take"), {taken});
      of_part_[t][p] = {taken, std::move(rows)};
    }
  }

  // Where neurons stand in an order.
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
    const NeuronForm& form = tensors_[t].form;
    if (exchange_ == RowExchange::kWhole) {
      Rows needed = needs_[t][q];
      if (needed.empty()) needed.push_back(0);  // weights of zero
      // In the order in which they lie: neighbours are copied together.
      const Rows positions = Positions(whole_[t].order, needed);
      std::vector<std::pair<int64_t, int64_t>> sorted;
      for (size_t i = 0; i < positions.size(); ++i) sorted.emplace_back(positions[i], needed[i]);
      std::sort(sorted.begin(), sorted.end());
      Rows from;
      for (const auto& [position, neuron] : sorted) {
        from.push_back(position);
        received.order.push_back(neuron);
      }
      received.value =
          Take(Name(q, t, ".read"), whole_[t].value, form, from, whole_[t].order.size());
      return received;
    }
    std::vector<ir::ValueId> pieces;
    Rows needed = needs_[t][q];
    if (needed.empty()) {  // a weight of zero for some neuron that costs nothing
      if (!of_part_[t][q].value.valid()) {
        return absl::InternalError(absl::StrCat("part ", q, " has no neuron of '", NameOf(t), "'"));
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
      const std::string name = p == q ? Name(p, t, ".own") : Name(p, t, absl::StrCat(".to", q));
      pieces.push_back(
          Take(name, from.value, form, Positions(from.order, neurons), from.order.size()));
      received.order.insert(received.order.end(), neurons.begin(), neurons.end());
      if (p == q) continue;
      const int64_t words = static_cast<int64_t>(neurons.size()) * problem_.tensors[t].words;
      result_.words += words;
      result_.links[p * parts_ + q] += words;
    }
    received.value = writer_.Concat(Name(q, t, ".read"), std::move(pieces), AxisOf(form));
    return received;
  }

  // Neurons `rows` of tensor t for part q, in that order.
  absl::StatusOr<ir::ValueId> ReceivedRows(size_t t, size_t q, absl::string_view what,
                                           const Rows& rows) {
    ALLOT_ASSIGN_OR_RETURN(const Neurons read, Received(t, q));
    return Take(Name(q, t, what), read.value, tensors_[t].form, Positions(read.order, rows),
                read.order.size());
  }

  // The product of a part's rows, with a convolution's bias.
  absl::StatusOr<ir::ValueId> Product(size_t t, size_t q, const Rows& rows,
                                      const WeightPieces& pieces) {
    const RowTensor& tensor = tensors_[t];
    const auto input = static_cast<size_t>(tensor.input);
    ALLOT_ASSIGN_OR_RETURN(const Neurons read, Received(input, q));
    if (tensor.groups > 1) return GroupedConv(t, q, rows, pieces, read);
    result_.weight_elements +=
        static_cast<int64_t>(rows.size() * read.order.size()) * tensor.kernel;
    ALLOT_ASSIGN_OR_RETURN(
        const ir::ValueId weights,
        pieces.Write(module_, writer_, Name(q, t, ".weights"), rows, read.order));
    const std::string name = Name(q, t, ".product");
    if (tensor.product_form.maps) return Conv(t, q, rows, read.value, weights, 1);
    // Weights have to be turned where their layout is not that of the product.
    std::vector<ir::ValueId> factors = {weights, read.value};
    if (!neurons_first_) std::swap(factors[0], factors[1]);
    if (pieces.neurons_first() == neurons_first_) {
      return writer_.Node("MatMul", name, std::move(factors));
    }
    const char* const turned = neurons_first_ ? "transA" : "transB";
    return writer_.Node("Gemm", name, std::move(factors), {{turned, {.value = int64_t{1}}}});
  }

  // With the bias of these rows.
  absl::StatusOr<ir::ValueId> Conv(size_t t, size_t q, const Rows& rows, ir::ValueId read,
                                   ir::ValueId weights, int64_t groups) {
    std::vector<ir::ValueId> operands = {read, weights};
    if (tensors_[t].bias.valid()) {
      ALLOT_ASSIGN_OR_RETURN(operands.emplace_back(),
                             Operand(Name(q, t, ".bias"), tensors_[t].bias, 0, false, rows));
    }
    ir::Node node = module_.graph.node(tensors_[t].product);
    if (groups != tensors_[t].groups) node.attributes["group"].value = groups;
    return writer_.Copy(node, Name(q, t, ".product"), std::move(operands));
  }

  // Each row reads all of its group, and a convolution has equally many rows in each: one for each
  // such number, which is one alone where the part has whole groups.
  absl::StatusOr<ir::ValueId> GroupedConv(size_t t, size_t q, const Rows& rows,
                                          const WeightPieces& pieces, const Neurons& read) {
    const RowTensor& tensor = tensors_[t];
    std::vector<ir::ValueId> products;
    for (const GroupsAlike& alike : GroupsOf(tensors_, t, rows)) {
      const auto of_group = static_cast<int64_t>(alike.columns.size()) / alike.groups;
      result_.weight_elements += static_cast<int64_t>(alike.rows.size()) * of_group * tensor.kernel;
      const ir::ValueId maps =
          Take(Name(q, t, ".groups"), read.value, tensors_[static_cast<size_t>(tensor.input)].form,
               Positions(read.order, alike.columns), read.order.size());
      ALLOT_ASSIGN_OR_RETURN(
          const ir::ValueId weights,
          pieces.Write(module_, writer_, Name(q, t, ".weights"), alike.rows, {}));
      ALLOT_ASSIGN_OR_RETURN(products.emplace_back(),
                             Conv(t, q, alike.rows, maps, weights, alike.groups));
    }
    return writer_.Concat(Name(q, t, ".joined"), std::move(products), 1);
  }

  absl::StatusOr<ir::ValueId> Operand(const std::string& name, ir::ValueId operand, int axis,
                                      bool as_columns, const Rows& indexes) {
    const std::optional<Weights> constant = FindWeights(module_, operand);
    if (!constant.has_value()) return absl::InternalError("an operand is no constant any more");
    ALLOT_ASSIGN_OR_RETURN(const WeightPieces pieces,
                           WeightPieces::OfOperand(module_, *constant, axis, as_columns));
    return pieces.Write(module_, writer_, name, indexes, {});
  }

  // A constant of an element-wise step: for all neurons alike, or of these.
  absl::StatusOr<ir::ValueId> Elementwise(const std::string& name, ir::ValueId operand,
                                          const NeuronForm& form, size_t rank, int64_t neurons,
                                          const Rows& rows) {
    const std::optional<Weights> constant = FindWeights(module_, operand);
    if (!constant.has_value()) return absl::InternalError("an operand is no constant any more");
    const std::optional<int> axis = NeuronAxis(constant->dims, rank, neurons);
    if (!axis.has_value() || *axis < 0) return operand;
    return Operand(name, operand, *axis, !form.maps && neurons_first_, rows);
  }

  // A step that takes its own constants for each neuron, on rows `rows`.
  absl::StatusOr<ir::ValueId> ByNeuron(const ir::Node& node, const std::string& name,
                                       const NeuronForm& form, ir::ValueId value,
                                       const Rows& rows) {
    std::vector<ir::ValueId> operands = {form.maps ? value : Turned(name + ".turn", value)};
    for (size_t i = 1; i < node.operands.size(); ++i) {
      if (!node.operands[i].valid()) {
        operands.push_back(node.operands[i]);
        continue;
      }
      ALLOT_ASSIGN_OR_RETURN(operands.emplace_back(),
                             Operand(name + ".operand", node.operands[i], 0, false, rows));
    }
    ir::Node own = node;
    if (own.Is("Conv")) own.attributes["group"].value = static_cast<int64_t>(rows.size());
    const ir::ValueId result = writer_.Copy(own, name, std::move(operands));
    return form.maps ? result : Turned(name + ".turned", result);
  }

  // Bias and tail, on rows `rows` in that order. `prefix`: of the nodes' names; `other`: these rows
  // of another tensor.
  template <typename Other>
  absl::StatusOr<ir::ValueId> Tail(size_t t, ir::ValueId value, const Rows& rows,
                                   const std::string& prefix, Other other) {
    const RowTensor& tensor = tensors_[t];
    NeuronForm form = tensor.product_form;
    if (tensor.bias.valid() && !form.maps) {
      ALLOT_ASSIGN_OR_RETURN(const ir::ValueId bias, Elementwise(prefix + ".bias", tensor.bias,
                                                                 form, 2, tensor.neurons, rows));
      value = writer_.Node("Add", prefix + ".biased", {value, bias});
    }
    for (const TailStep& step : tensor.tail) {
      const ir::Node node = module_.graph.node(step.node);
      const std::string name =
          absl::StrCat(prefix.substr(0, prefix.find('/') + 1), ir::NameOrPlace(node));
      if (step.kind == TailStep::Kind::kFlatten) {
        value = writer_.Node("Flatten", name, {value});
        value = Turned(name + ".turned", value);
        const Rows all = Spread(Gathered(rows, step.spread), step.spread);
        value = Take(name + ".taken", value, step.form, Positions(all, rows), all.size());
      } else if (step.kind == TailStep::Kind::kReduce || step.kind == TailStep::Kind::kReduceAway) {
        std::vector<ir::ValueId> operands = node.operands;
        operands[0] = value;
        value = writer_.Copy(node, name, std::move(operands));
        const bool away = step.kind == TailStep::Kind::kReduceAway;
        if (away) value = Turned(name + ".turned", value);
      } else if (step.kind == TailStep::Kind::kByNeuron) {
        ALLOT_ASSIGN_OR_RETURN(value, ByNeuron(node, name, form, value, rows));
      } else {
        const size_t rank = module_.graph.value(node.operands[step.operand]).type.shape->size();
        std::vector<ir::ValueId> operands = node.operands;
        for (size_t i = 0; i < operands.size(); ++i) {
          if (i == step.operand) {
            operands[i] = value;
          } else if (step.other >= 0) {
            ALLOT_ASSIGN_OR_RETURN(operands[i], other(static_cast<size_t>(step.other)));
          } else if (operands[i].valid()) {
            ALLOT_ASSIGN_OR_RETURN(operands[i], Elementwise(prefix + ".operand", operands[i], form,
                                                            rank, tensor.neurons, rows));
          }
        }
        value = writer_.Copy(node, name, std::move(operands));
      }
      form = step.form;
    }
    return value;
  }

  // What a tensor begins with, before bias and tail, for rows `rows` of part q.
  absl::StatusOr<ir::ValueId> Start(size_t t, size_t q, const Rows& rows,
                                    const std::optional<WeightPieces>& pieces) {
    if (pieces.has_value()) return Product(t, q, rows, *pieces);
    if (tensors_[t].concat.valid()) return Joined(t, q, rows);
    return ReceivedRows(static_cast<size_t>(tensors_[t].input), q, ".followed",
                        Gathered(rows, tensors_[t].spread));
  }

  // Rows of a Concat: of each tensor those that stand there.
  absl::StatusOr<ir::ValueId> Joined(size_t t, size_t q, const Rows& rows) {
    std::vector<ir::ValueId> pieces;
    int64_t first = 0;
    for (const int32_t input : tensors_[t].joined) {
      const auto tensor = static_cast<size_t>(input);
      Rows of;
      for (const int64_t row : rows) {
        if (row >= first && row < first + tensors_[tensor].neurons) of.push_back(row - first);
      }
      first += tensors_[tensor].neurons;
      if (of.empty()) continue;
      ALLOT_ASSIGN_OR_RETURN(pieces.emplace_back(), ReceivedRows(tensor, q, ".followed", of));
    }
    return writer_.Concat(Name(q, t, ".joined"), std::move(pieces),
                          AxisOf(tensors_[t].product_form));
  }

  absl::Status WriteLayer(size_t t) {
    constexpr int64_t kMostBytes = int64_t{1} << 31;
    const RowTensor& tensor = tensors_[t];
    std::optional<WeightPieces> pieces;
    if (tensor.product.valid()) {
      // Gemm turns what is not turned here, which takes a fifth longer at every run.
      const int64_t bytes = module_.constants[tensor.weights.constant].bytes();
      const bool turn = neurons_first_ && bytes <= left_to_turn_;
      ALLOT_ASSIGN_OR_RETURN(
          pieces,
          WeightPieces::Make(module_, tensor.weights, tensor.neurons_first, turn, kMostBytes),
          "weights ");
      if (turn && !tensor.neurons_first) left_to_turn_ -= bytes;
    }
    if (exchange_ == RowExchange::kWhole) return WriteWholeLayer(t, pieces);
    of_part_[t].resize(parts_);
    for (size_t q = 0; q < parts_; ++q) {
      Rows rows = RowsOf(t, q);
      if (rows.empty()) continue;
      ALLOT_ASSIGN_OR_RETURN(ir::ValueId value, Start(t, q, rows, pieces));
      const auto other = [&](size_t tensor_read) {
        return ReceivedRows(tensor_read, q, ".added", rows);
      };
      ALLOT_ASSIGN_OR_RETURN(value, Tail(t, value, rows, Name(q, t, ""), other));
      of_part_[t][q] = {value, std::move(rows)};
    }
    return absl::OkStatus();
  }

  // Products part by part, all that follows on what is joined.
  absl::Status WriteWholeLayer(size_t t, const std::optional<WeightPieces>& pieces) {
    const std::string prefix = absl::StrCat("rows/", NameOf(t));
    const NeuronForm& form = tensors_[t].product_form;
    Rows& order = whole_[t].order;
    ir::ValueId value;
    if (pieces.has_value()) {
      std::vector<ir::ValueId> products;
      for (size_t q = 0; q < parts_; ++q) {
        const Rows rows = RowsOf(t, q);
        if (rows.empty()) continue;
        ALLOT_ASSIGN_OR_RETURN(products.emplace_back(), Start(t, q, rows, pieces));
        order.insert(order.end(), rows.begin(), rows.end());
      }
      value = writer_.Concat(prefix + ".joined", std::move(products), AxisOf(form));
    } else if (tensors_[t].concat.valid()) {
      std::vector<ir::ValueId> joined;
      int64_t first = 0;
      for (const int32_t input : tensors_[t].joined) {
        const Neurons& of = whole_[static_cast<size_t>(input)];
        joined.push_back(of.value);
        for (const int64_t neuron : of.order) order.push_back(first + neuron);
        first += tensors_[static_cast<size_t>(input)].neurons;
      }
      value = writer_.Concat(prefix + ".joined", std::move(joined), AxisOf(form));
    } else {
      const Neurons& followed = whole_[static_cast<size_t>(tensors_[t].input)];
      value = followed.value;
      order = Spread(followed.order, tensors_[t].spread);
    }
    const auto other = [&](size_t tensor) -> absl::StatusOr<ir::ValueId> {
      return Take(prefix + ".added", whole_[tensor].value, tensors_[tensor].form,
                  Positions(whole_[tensor].order, order), order.size());
    };
    ALLOT_ASSIGN_OR_RETURN(whole_[t].value, Tail(t, value, order, prefix, other));
    return absl::OkStatus();
  }

  // As in the model, for others.
  void WriteWhole(size_t t) {
    Neurons joined = whole_[t];
    const NeuronForm& form = tensors_[t].form;
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
      joined.value = writer_.Concat(prefix + ".joined", std::move(pieces), AxisOf(form));
    }
    Rows neurons;
    for (int64_t i = 0; i < tensors_[t].neurons; ++i) neurons.push_back(i);
    ir::ValueId ordered = Take(prefix + ".ordered", joined.value, form,
                               Positions(joined.order, neurons), neurons.size());
    if (!form.maps) ordered = Turned(prefix + ".turned", ordered);
    writer_.TakeOver(tensors_[t].value, ordered);
  }

  ir::Module& module_;
  const std::vector<RowTensor>& tensors_;
  const rows::Problem& problem_;
  const rows::Division& division_;
  const RowExchange exchange_;
  const bool neurons_first_;  // of matrices
  int64_t left_to_turn_;      // bytes of weights
  GraphWriter writer_;
  const size_t parts_;
  const std::vector<std::vector<Rows>> needs_;  // by tensor and part: what it reads, ascending
  const std::vector<bool> read_whole_;          // by tensor: by nodes outside, or it is an output
  std::vector<std::vector<Neurons>> of_part_;   // by tensor and part, of kParts
  std::vector<Neurons> whole_;                  // by tensor, of kWhole
  std::map<std::pair<size_t, size_t>, Neurons> received_;
  LoweredRows result_;
};

}  // namespace

void KeepReading(const rows::Problem& problem, rows::Division& division) {
  for (size_t t = 0; t < division.size(); ++t) {
    const rows::Tensor& tensor = problem.tensors[t];
    // What multiplies nothing has only rows that read.
    if (tensor.is_input() || tensor.sources.front().work == 0) continue;
    const rows::Source& source = tensor.sources.front();
    const std::vector<int32_t>& owner = division[static_cast<size_t>(source.input)];
    std::vector<bool> reads(static_cast<size_t>(problem.parts));
    for (const int32_t part : owner) reads[static_cast<size_t>(part)] = true;
    for (size_t row = 0; row < division[t].size(); ++row) {
      if (!source.Row(row).empty()) reads[static_cast<size_t>(division[t][row])] = true;
    }
    for (int32_t& part : division[t]) {
      if (!reads[static_cast<size_t>(part)]) part = owner[0];
    }
  }
  rows::PlaceInputs(problem, division);
}

std::string RowPartPrefix(int32_t part) { return absl::StrCat("rows.p", part, "/"); }

bool CanBeBatchFirst(const ir::Module& module, const RowProblem& rows) {
  return std::all_of(rows.network.tensors.begin(), rows.network.tensors.end(),
                     [&](const RowTensor& tensor) {
                       return !tensor.product.valid() || tensor.product_form.maps ||
                              GemmTurns(module, tensor.weights.element);
                     });
}

absl::StatusOr<LoweredRows> LowerRows(ir::Module& module, const RowProblem& rows,
                                      const rows::Division& division, RowExchange exchange,
                                      RowLayout layout, int64_t most_turned) {
  return Lowering(module, rows, division, exchange, layout, most_turned).Run();
}

}  // namespace allot
