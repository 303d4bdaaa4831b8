#include "ir/repeated_blocks.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace allot::ir {
namespace {

constexpr size_t kFewestBlocks = 3, kFewestNodes = 3;
constexpr size_t kMostLengths = 12;   // tried for a range, the commonest distances
constexpr size_t kMostInARange = 16;  // repetitions looked for one after the other

std::string TypeKey(const Type& type) {
  std::string key = absl::StrCat(static_cast<int>(type.element));
  if (!type.shape.has_value()) return key + "?";
  // Exporters number symbols anew in each layer.
  for (const Dim& dim : *type.shape) absl::StrAppend(&key, ",", dim.size);
  return key;
}

class BlockFinder {
 public:
  BlockFinder(const Graph& graph, const std::vector<int64_t>& labels)
      : graph_(graph), order_(graph.nodes()) {
    std::map<std::string, std::vector<NodeId>> likes;  // those of a key that differ in attributes
    std::map<std::pair<std::string, size_t>, int32_t> numbers;
    for (size_t place = 0; place < order_.size(); ++place) {
      const NodeId node = order_[place];
      std::string key = Key(node);
      if (!labels.empty()) absl::StrAppend(&key, labels[place]);
      std::vector<NodeId>& seen = likes[key];
      size_t which = 0;
      while (which < seen.size() && !SameAttributes(seen[which], node)) ++which;
      if (which == seen.size()) seen.push_back(node);
      kind_.push_back(numbers.emplace(std::pair(key, which), static_cast<int32_t>(numbers.size()))
                          .first->second);
    }
    CountCrossings();
  }

  std::vector<RepeatedBlock> Find(size_t begin, size_t end) const {
    std::vector<RepeatedBlock> found;
    Collect(begin, end, kMostInARange, found);
    std::sort(found.begin(), found.end(),
              [](const RepeatedBlock& a, const RepeatedBlock& b) { return a.begin < b.begin; });
    return found;
  }
  size_t size() const { return order_.size(); }

 private:
  std::string Key(NodeId id) const {
    const Node& node = graph_.node(id);
    std::string key = absl::StrCat(node.domain, ":", node.op_type, ":", node.overload, "(");
    for (const ValueId operand : node.operands) {
      if (!operand.valid()) {
        key += "-;";
        continue;
      }
      const Value& value = graph_.value(operand);
      // The first layer may read an input of the graph.
      absl::StrAppend(&key, value.origin == Value::Origin::kInitializer ? "w" : "v",
                      TypeKey(value.type), ";");
    }
    key += ")";
    for (const ValueId result : node.results) {
      absl::StrAppend(&key, TypeKey(graph_.value(result).type), ";");
    }
    return key;
  }

  bool SameAttributes(NodeId a, NodeId b) const {
    const Node& one = graph_.node(a);
    const Node& other = graph_.node(b);
    // Bodies are compared by what is around them alone.
    return one.attributes.size() == other.attributes.size() &&
           std::equal(one.attributes.begin(), one.attributes.end(), other.attributes.begin(),
                      [](const auto& x, const auto& y) {
                        return x.first == y.first && Alike(x.second, y.second);
                      });
  }

  // Constants are alike by their types, which are those of results.
  static bool Alike(const Attribute& a, const Attribute& b) {
    return a.value == b.value || (a.If<ConstantId>() != nullptr && b.If<ConstantId>() != nullptr);
  }

  // By place: how many values made before it are used from it on.
  void CountCrossings() {
    std::vector<size_t> place(graph_.node_id_bound(), 0);
    for (size_t i = 0; i < order_.size(); ++i) place[static_cast<size_t>(order_[i].index())] = i;
    std::vector<int64_t> change(order_.size() + 1, 0);
    for (size_t i = 0; i < order_.size(); ++i) {
      for (const ValueId result : graph_.node(order_[i]).results) {
        size_t last = i;
        for (const NodeId user : graph_.users(result)) {
          last = std::max(last, place[static_cast<size_t>(user.index())]);
        }
        if (last == i) continue;
        ++change[i + 1];
        --change[last + 1];
      }
    }
    int64_t crossing = 0;
    for (size_t i = 0; i < order_.size(); ++i) {
      crossing += change[i];
      crossings_.push_back(crossing);
    }
  }

  // The commonest distances from one node to the next of its kind, within a range.
  std::vector<size_t> Lengths(size_t begin, size_t end) const {
    std::map<int32_t, size_t> last;
    std::map<size_t, size_t> times;
    for (size_t i = begin; i < end; ++i) {
      const auto [it, first] = last.emplace(kind_[i], i);
      if (!first) {
        const size_t distance = i - it->second;
        if (distance >= kFewestNodes && distance * kFewestBlocks <= end - begin) ++times[distance];
        it->second = i;
      }
    }
    // A kind that stands several times in a block shows the length only as a sum: of what is rare
    // in a block the distance is the length, and those are many.
    std::vector<std::pair<size_t, size_t>> common;
    for (const auto& [distance, count] : times) common.emplace_back(count * distance, distance);
    std::sort(common.rbegin(), common.rend());
    if (common.size() > kMostLengths) common.resize(kMostLengths);
    std::vector<size_t> lengths;
    for (const auto& [weight, distance] : common) lengths.push_back(distance);
    std::sort(lengths.begin(), lengths.end());
    return lengths;
  }

  std::optional<RepeatedBlock> Best(size_t begin, size_t end) const {
    std::optional<RepeatedBlock> best;
    for (const size_t length : Lengths(begin, end)) {
      size_t from = begin;
      for (size_t i = begin; i + length <= end; ++i) {
        if (i + length < end && kind_[i] == kind_[i + length]) continue;
        // Places from..i-1 are like those one block on, so from..i-1+length repeats.
        const size_t covered = i - from + length, count = covered / length;
        if (count >= kFewestBlocks) {
          RepeatedBlock block{Start(from, covered % length), length, count, {}};
          const auto worth = [](const RepeatedBlock& b) { return b.nodes * b.count; };
          // A multiple of the length covers as much, but for what is left at the ends.
          if (!best.has_value() || worth(block) > worth(*best) + worth(*best) / 20) best = block;
        }
        from = i + 1;
      }
    }
    return best;
  }

  // Of the places from which as many blocks follow, the one that the fewest values cross.
  size_t Start(size_t from, size_t slack) const {
    size_t best = from;
    for (size_t i = from; i <= from + slack && i < crossings_.size(); ++i) {
      if (crossings_[i] < crossings_[best]) best = i;
    }
    return best;
  }

  void Collect(size_t begin, size_t end, size_t most, std::vector<RepeatedBlock>& found) const {
    if (end - begin < kFewestBlocks * kFewestNodes || found.size() >= most) return;
    std::optional<RepeatedBlock> block = Best(begin, end);
    if (!block.has_value()) return;
    const size_t first = block->begin, last = block->end();
    block->inner = Find(first, first + block->nodes);
    found.push_back(*std::move(block));
    Collect(begin, first, most, found);
    Collect(last, end, most, found);
  }

  const Graph& graph_;
  const std::vector<NodeId> order_;
  std::vector<int32_t> kind_;  // by place; equal: alike
  std::vector<int64_t> crossings_;
};

}  // namespace

std::vector<RepeatedBlock> FindRepeatedBlocks(const Graph& graph,
                                              const std::vector<int64_t>& labels) {
  const BlockFinder finder(graph, labels);
  return finder.Find(0, finder.size());
}

}  // namespace allot::ir
