#include "placement/contiguous/stages/stage_index.h"

#include <utility>

namespace allot {
namespace {

// Rows by first element, in the order given.
void FillRows(const std::vector<std::pair<int32_t, int32_t>>& pairs, int32_t num_rows,
              std::vector<int32_t>& items, std::vector<int32_t>& begin) {
  begin.assign(static_cast<size_t>(num_rows) + 1, 0);
  for (const auto& [row, item] : pairs) ++begin[static_cast<size_t>(row) + 1];
  for (size_t r = 0; r < static_cast<size_t>(num_rows); ++r) begin[r + 1] += begin[r];
  std::vector<int32_t> next(begin.begin(), begin.end() - 1);
  items.resize(pairs.size());
  for (const auto& [row, item] : pairs) {
    items[static_cast<size_t>(next[static_cast<size_t>(row)]++)] = item;
  }
}

}  // namespace

StageIndex::StageIndex(const StageProblem& problem)
    : problem_(&problem),
      num_blocks_(problem.num_blocks()),
      num_classes_(problem.num_classes()),
      words_((num_blocks_ + 63) / 64) {
  for (const StageProblem::Block& block : problem.blocks) {
    time_.AddRow(block.time);
    memory_.push_back(block.memory);
  }
  using Pairs = std::vector<std::pair<int32_t, int32_t>>;
  Pairs to, made, read, before, after, shared;
  for (size_t i = 0; i < problem.flows.size(); ++i) {
    const StageProblem::Flow& flow = problem.flows[i];
    const auto id = static_cast<int32_t>(i);
    cost_.AddRow(flow.cost);
    from_.push_back(flow.from);
    made.emplace_back(flow.from, id);
    for (const int32_t block : flow.to) {
      to.emplace_back(id, block);
      read.emplace_back(block, id);
    }
  }
  for (const auto& [first, second] : problem.order) {
    before.emplace_back(second, first);
    after.emplace_back(first, second);
  }
  for (size_t i = 0; i < problem.shared.size(); ++i) {
    for (const int32_t block : problem.shared[i].blocks) {
      shared.emplace_back(block, static_cast<int32_t>(i));
    }
  }
  FillRows(to, static_cast<int32_t>(problem.flows.size()), to_, to_begin_);
  FillRows(made, num_blocks_, made_, made_begin_);
  FillRows(read, num_blocks_, read_, read_begin_);
  FillRows(before, num_blocks_, pred_, pred_begin_);
  FillRows(after, num_blocks_, succ_, succ_begin_);
  FillRows(shared, num_blocks_, shared_, shared_begin_);
}

Picos StageIndex::Joining(const uint64_t* inside, int32_t block, int32_t cls) const {
  Picos change = Time(block, cls);
  for (const int32_t flow : Made(block)) {
    bool read_inside = false, read_outside = false;
    for (const int32_t reader : To(flow)) {
      (HasBlock(inside, reader) ? read_inside : read_outside) = true;
    }
    if (read_outside) change += Cost(flow, cls);  // is stored from now on
    if (read_inside) change -= Cost(flow, cls);   // was loaded
  }
  for (const int32_t flow : Read(block)) {
    const bool made_inside = HasBlock(inside, From(flow));
    bool others = false;  // that keep the flow stored, or loaded
    for (const int32_t reader : To(flow)) {
      others = others || (reader != block && HasBlock(inside, reader) != made_inside);
    }
    if (others) continue;
    change += made_inside ? -Cost(flow, cls) : Cost(flow, cls);
  }
  return change;
}

Bytes StageIndex::MemoryJoining(const uint64_t* inside, int32_t block) const {
  Bytes bytes = Memory(block);
  for (const int32_t id : SharedOf(block)) {
    const StageProblem::Shared& shared = problem_->shared[static_cast<size_t>(id)];
    bool held = false;
    for (const int32_t other : shared.blocks) held = held || HasBlock(inside, other);
    if (!held) bytes += shared.bytes;
  }
  return bytes;
}

BlockClosures::BlockClosures(const StageIndex& index) : words_(static_cast<size_t>(index.words())) {
  const size_t bits = Line(index.num_blocks());
  upset_.assign(bits, 0);
  downset_.assign(bits, 0);
  neighbours_.assign(bits, 0);
  const auto join = [this](std::vector<uint64_t>& sets, int32_t into, int32_t from) {
    for (size_t w = 0; w < words_; ++w) sets[Line(into) + w] |= sets[Line(from) + w];
  };
  for (int32_t b = 0; b < index.num_blocks(); ++b) {
    AddBlock(&downset_[Line(b)], b);
    for (const int32_t p : index.Before(b)) join(downset_, b, p);
    for (const int32_t flow : index.Made(b)) {
      for (const int32_t reader : index.To(flow)) {
        AddBlock(&neighbours_[Line(b)], reader);
        AddBlock(&neighbours_[Line(reader)], b);
      }
    }
  }
  for (int32_t b = index.num_blocks(); b-- > 0;) {
    AddBlock(&upset_[Line(b)], b);
    for (const int32_t s : index.After(b)) join(upset_, b, s);
  }
}

}  // namespace allot
