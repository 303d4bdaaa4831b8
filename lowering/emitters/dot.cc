// model.dot: the graph for Graphviz, parts as boxes in their device's colour and what passes
// between them with its size. A large model is drawn with one node per part.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "lowering/emitter.h"
#include "lowering/emitters/text_file.h"
#include "lowering/piece_flow.h"

namespace allot {
namespace {

struct Options {
  int64_t max_nodes = 2000;
};

// Light enough for black text, easy to tell apart; devices beyond the last start over.
constexpr const char* kColours[] = {"#a6cee3", "#fdbf6f", "#b2df8a", "#cab2d6", "#fb9a99",
                                    "#ffff99", "#80cdc1", "#d9d9d9", "#f1b6da", "#e6ab02"};

const char* ColourOf(DeviceId device) {
  return kColours[static_cast<size_t>(device.index()) % std::size(kColours)];
}

// In quotes. Graphviz reads "\n" as a line break.
std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '\n') {
      quoted += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) quoted += c;
  }
  return quoted + '"';
}

std::string Size(Bytes bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  double value = static_cast<double>(bytes);
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  return unit == 0 ? absl::StrCat(bytes, " B") : absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

class DotWriter {
 public:
  DotWriter(const EmitInput& input, bool detailed)
      : input_(input), graph_(input.module.graph), detailed_(detailed) {
    piece_of_.resize(graph_.node_id_bound(), kNone);
    IdVector<ir::PartId, size_t> pieces(input.plan.parts.size(), kNone);
    for (size_t p = 0; p < input.bundle.pieces.size(); ++p) {
      const ir::PartId part = input.bundle.pieces[p].part;
      if (pieces.Contains(part)) pieces[part] = p;
    }
    for (ir::NodeId id : graph_.nodes()) {
      const ir::PartId part = input.plan.PartOf(id);
      if (pieces.Contains(part)) piece_of_[id] = pieces[part];
    }
  }

  std::string Write() {
    absl::StrAppend(&out_, "digraph ", Quoted(graph_.name), " {\n",
                    "  rankdir=TB;\n  node [shape=box, style=\"rounded,filled\", "
                    "fillcolor=white, fontname=\"Helvetica\"];\n"
                    "  edge [fontname=\"Helvetica\", fontsize=10];\n");
    if (detailed_) {
      WriteNodes();
      WriteEdges();
    } else {
      WritePieces();
      WriteFlows();
    }
    return out_ + "}\n";
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  std::string Title(const Piece& piece) const {
    return absl::StrCat(piece.id, " on ", input_.target.devices[piece.device].name);
  }

  void WriteNodes() {
    std::vector<std::vector<ir::NodeId>> nodes(input_.bundle.pieces.size());
    for (ir::NodeId id : graph_.nodes()) {
      if (piece_of_[id] != kNone) nodes[piece_of_[id]].push_back(id);
    }
    for (size_t p = 0; p < nodes.size(); ++p) {
      const Piece& piece = input_.bundle.pieces[p];
      absl::StrAppend(&out_, "  subgraph cluster_", p, " {\n    label=", Quoted(Title(piece)),
                      "; style=filled; fillcolor=\"", ColourOf(piece.device), "\";\n");
      for (ir::NodeId id : nodes[p]) {
        const ir::Node& node = graph_.node(id);
        const std::string label =
            node.name.empty() ? node.op_type : absl::StrCat(node.op_type, "\n", node.name);
        absl::StrAppend(&out_, "    n", id.index(), " [label=", Quoted(label), "];\n");
      }
      out_ += "  }\n";
    }
    for (size_t i = 0; i < graph_.inputs().size(); ++i) {
      const ir::Value& value = graph_.value(graph_.inputs()[i]);
      if (value.constant.valid()) continue;
      absl::StrAppend(&out_, "  i", i, " [shape=ellipse, label=", Quoted(value.name), "];\n");
    }
    for (size_t i = 0; i < graph_.outputs().size(); ++i) {
      absl::StrAppend(&out_, "  o", i,
                      " [shape=ellipse, label=", Quoted(graph_.value(graph_.outputs()[i]).name),
                      "];\n");
    }
  }

  void WriteEdges() {
    std::map<ir::ValueId, size_t> input_index;
    for (size_t i = 0; i < graph_.inputs().size(); ++i) {
      if (!graph_.value(graph_.inputs()[i]).constant.valid()) input_index[graph_.inputs()[i]] = i;
    }
    std::set<std::pair<ir::ValueId, size_t>> labelled;  // a tensor's size stands once per receiver
    for (ir::NodeId id : graph_.nodes()) {
      if (piece_of_[id] == kNone) continue;
      std::set<ir::ValueId> used;
      for (ir::ValueId value : graph_.node(id).operands) used.insert(value);
      for (ir::ValueId value : graph_.node(id).captures) used.insert(value);
      used.erase(ir::ValueId());
      for (ir::ValueId used_id : used) {
        const auto input = input_index.find(used_id);
        if (input != input_index.end()) {
          absl::StrAppend(&out_, "  i", input->second, " -> n", id.index(), ";\n");
          continue;
        }
        const ir::Value& value = graph_.value(used_id);
        if (value.origin != ir::Value::Origin::kResult || piece_of_[value.producer] == kNone) {
          continue;
        }
        absl::StrAppend(&out_, "  n", value.producer.index(), " -> n", id.index());
        if (piece_of_[value.producer] != piece_of_[id]) {
          out_ += " [color=\"#c00000\", penwidth=2";
          if (labelled.insert({used_id, piece_of_[id]}).second) {
            const Bytes bytes = ValueBytes(graph_, input_.plan, used_id);
            absl::StrAppend(&out_, ", label=", Quoted(absl::StrCat(value.name, "\n", Size(bytes))));
          }
          out_ += ']';
        }
        out_ += ";\n";
      }
    }
    for (size_t i = 0; i < graph_.outputs().size(); ++i) {
      const ir::ValueId id = graph_.outputs()[i];
      const ir::Value& value = graph_.value(id);
      const auto input = input_index.find(id);
      if (input != input_index.end()) {
        absl::StrAppend(&out_, "  i", input->second, " -> o", i, ";\n");
      } else if (value.origin == ir::Value::Origin::kResult && piece_of_[value.producer] != kNone) {
        absl::StrAppend(&out_, "  n", value.producer.index(), " -> o", i, ";\n");
      }
    }
  }

  void WritePieces() {
    for (size_t p = 0; p < input_.bundle.pieces.size(); ++p) {
      const Piece& piece = input_.bundle.pieces[p];
      absl::StrAppend(&out_, "  p", p, " [label=",
                      Quoted(absl::StrCat(Title(piece), "\n", piece.graph.num_nodes(), " nodes")),
                      ", fillcolor=\"", ColourOf(piece.device), "\"];\n");
    }
  }

  void WriteFlows() {
    struct Sum {
      int64_t tensors = 0;
      Bytes bytes = 0;
    };
    std::map<std::pair<size_t, size_t>, Sum> sums;
    for (const PieceFlow& flow : PieceFlows(input_.module, input_.plan, input_.bundle)) {
      for (size_t to : flow.to) {
        Sum& sum = sums[{flow.from, to}];
        ++sum.tensors;
        sum.bytes = SaturatingAdd(sum.bytes, flow.bytes);
      }
    }
    for (const auto& [ends, sum] : sums) {
      const bool cut =
          input_.bundle.pieces[ends.first].device != input_.bundle.pieces[ends.second].device;
      absl::StrAppend(&out_, "  p", ends.first, " -> p", ends.second, " [label=",
                      Quoted(absl::StrCat(sum.tensors, sum.tensors == 1 ? " tensor" : " tensors",
                                          "\n", Size(sum.bytes))),
                      cut ? ", color=\"#c00000\", penwidth=2" : "", "];\n");
    }
  }

  const EmitInput& input_;
  const ir::Graph& graph_;
  const bool detailed_;
  IdVector<ir::NodeId, size_t> piece_of_;
  std::string out_;
};

class Dot final : public Emitter {
 public:
  explicit Dot(Options options) : options_(options) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    const bool detailed =
        static_cast<int64_t>(input.module.graph.num_nodes()) <= options_.max_nodes;
    std::vector<OutputFile> files;
    files.push_back(TextFile("model.dot", DotWriter(input, detailed).Write()));
    return files;
  }

 private:
  Options options_;
};

}  // namespace

Entry<Emitter> DotEntry() {
  return MakeEntry<Emitter, Dot>(
      "dot", "model.dot: parts and what passes between them, for Graphviz",
      OptionSchema<Options>().Add("max-nodes", &Options::max_nodes,
                                  "a larger graph is drawn with one node per part"));
}

}  // namespace allot
