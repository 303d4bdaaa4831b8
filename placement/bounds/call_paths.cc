#include "placement/bounds/call_paths.h"

#include <algorithm>

#include "placement/bounds/path_bounds.h"
#include "placement/problem/allowed_times.h"
#include "support/id_table.h"

namespace allot {
namespace {

constexpr size_t kWordBits = 64;

bool Has(const uint64_t* bits, int32_t item) {
  return (bits[item / kWordBits] >> (item % kWordBits)) & 1;
}

}  // namespace

CallPathBounder::CallPathBounder(const ProblemFacts& facts)
    : problem_(facts.problem()),
      graph_(facts.graph()),
      num_items_(problem_.items.size()),
      words_((num_items_ + kWordBits - 1) / kWordBits),
      num_devices_(problem_.devices.size()),
      ancestors_(num_items_ * words_),
      descendants_(num_items_ * words_),
      mates_(num_items_),
      inside_(words_),
      above_(words_),
      below_(words_),
      stamp_(problem_.flows.size()) {
  const PlacementProblem& problem = problem_;
  const ProblemGraph& graph = graph_;
  ALLOT_CHECK(problem.execution == Execution::kCalls && num_items_ <= kMaxItems);
  const std::vector<int32_t>& classes = facts.device_classes();
  for (size_t d = 0; d < num_devices_; ++d) {
    const bool first = classes[d] == static_cast<int32_t>(d);
    if (first && !problem.devices[DeviceId(d)].pool) kinds_.push_back(d);
  }
  const auto join = [this](Bits& rows, int32_t into, int32_t from) {
    for (size_t w = 0; w < words_; ++w) rows[into * words_ + w] |= rows[from * words_ + w];
  };
  for (const ItemId item : graph.topological) {
    const int32_t i = item.index();
    ancestors_[i * words_ + i / kWordBits] |= Word{1} << (i % kWordBits);
    for (const ItemId before : graph.predecessors[item]) join(ancestors_, i, before.index());
  }
  for (size_t t = num_items_; t-- > 0;) {
    const int32_t i = graph.topological[t].index();
    descendants_[i * words_ + i / kWordBits] |= Word{1} << (i % kWordBits);
    for (const ItemId next : graph.successors[ItemId(i)]) join(descendants_, i, next.index());
  }
  for (const ItemId item : problem.items.ids()) {
    Picos least = -1;
    for (const DeviceId device : problem.devices.ids()) {
      const std::optional<Picos>& time = problem.items[item].time[device];
      if (!problem.devices[device].pool || !time.has_value()) continue;
      if (problem.items[item].memory > problem.devices[device].memory) continue;
      if (least < 0 || *time < least) least = *time;
    }
    pool_time_.push_back(least);
  }
  if (problem.calls_per_device > 1) return;
  for (const std::vector<ItemId>& group : facts.groups()) {
    for (const ItemId item : group) {
      for (const ItemId mate : group) {
        if (mate != item) mates_[item.index()].push_back(mate.index());
      }
    }
  }
}

// Adds an item to the closure, and all that follows from it.
void CallPathBounder::Close(int32_t item) {
  std::vector<int32_t> open = {item};
  const auto add = [this](int32_t i) {
    inside_[i / kWordBits] |= Word{1} << (i % kWordBits);
    members_.push_back(i);
    const PlacementProblem::Item& added = problem_.items[ItemId(i)];
    for (const size_t d : kinds_) {
      const std::optional<Picos>& time = added.time[DeviceId(d)];
      call_memory_[d] += added.memory;
      if (!time.has_value() || call_memory_[d] > problem_.devices[DeviceId(d)].memory) {
        call_time_[d] = -1;
      }
      if (call_time_[d] >= 0) call_time_[d] += *time;
    }
  };
  if (Has(inside_.data(), item)) return;
  add(item);
  while (!open.empty()) {
    const int32_t next = open.back();
    open.pop_back();
    const Word* up = ancestors(next);
    const Word* down = descendants(next);
    work_ -= static_cast<int64_t>(words_ / 8) + 1;
    for (size_t w = 0; w < words_; ++w) {
      above_[w] |= up[w];
      below_[w] |= down[w];
      for (Word fresh = above_[w] & below_[w] & ~inside_[w]; fresh != 0; fresh &= fresh - 1) {
        const auto found = static_cast<int32_t>(w * kWordBits) + __builtin_ctzll(fresh);
        add(found);
        open.push_back(found);
      }
    }
    for (const int32_t mate : mates_[next]) {
      if (Has(inside_.data(), mate)) continue;
      add(mate);
      open.push_back(mate);
    }
  }
}

// The item before a call that begins at a position, and the item behind one that ends there, keep
// others out. Both sets grow along the path, one forwards, one backwards.
void CallPathBounder::FindOutside(const std::vector<ItemId>& path) {
  const size_t length = path.size();
  outside_before_.assign((length + 1) * words_, 0);
  outside_behind_.assign((length + 1) * words_, 0);
  std::vector<int32_t> open;
  // Adds `kept_out` with all that `rows` has for it, and so on by way of mates that `rows` has for
  // `member`, an item of the call.
  const auto grow = [&](Word* outside, int32_t kept_out, int32_t member, const Bits& rows) {
    open.push_back(kept_out);
    while (!open.empty()) {
      const int32_t next = open.back();
      open.pop_back();
      work_ -= static_cast<int64_t>(words_ / 8) + 1;
      for (size_t w = 0; w < words_; ++w) {
        for (Word fresh = rows[next * words_ + w] & ~outside[w]; fresh != 0; fresh &= fresh - 1) {
          outside[w] |= fresh & -fresh;
          const auto found = static_cast<int32_t>(w * kWordBits) + __builtin_ctzll(fresh);
          for (const int32_t mate : mates_[found]) {
            if (Has(outside, mate)) continue;
            if (Has(&rows[member * words_], mate)) {
              open.push_back(mate);
            } else {
              outside[mate / kWordBits] |= Word{1} << (mate % kWordBits);
            }
          }
        }
      }
    }
  };
  for (size_t i = 1; i < length && work_ >= 0; ++i) {
    Word* outside = &outside_before_[i * words_];
    // Mates that no way led on from may now feed the call: they are looked at again.
    std::copy_n(outside - words_, words_, outside);
    for (size_t w = 0; w < words_; ++w) {
      const Word* up = ancestors(path[i].index());
      for (Word feeds = outside[w] & up[w]; feeds != 0; feeds &= feeds - 1) {
        const auto item = static_cast<int32_t>(w * kWordBits) + __builtin_ctzll(feeds);
        if (!mates_[item].empty()) grow(outside, item, path[i].index(), ancestors_);
      }
    }
    grow(outside, path[i - 1].index(), path[i].index(), ancestors_);
  }
  for (size_t i = length - 1; i >= 1 && work_ >= 0; --i) {
    Word* outside = &outside_behind_[i * words_];
    std::copy_n(outside + words_, words_, outside);
    for (size_t w = 0; w < words_; ++w) {
      const Word* down = descendants(path[i - 1].index());
      for (Word reads = outside[w] & down[w]; reads != 0; reads &= reads - 1) {
        const auto item = static_cast<int32_t>(w * kWordBits) + __builtin_ctzll(reads);
        if (!mates_[item].empty()) grow(outside, item, path[i - 1].index(), descendants_);
      }
    }
    grow(outside, path[i].index(), path[i - 1].index(), descendants_);
  }
}

// The least duration of a call that holds the closure but nothing of what is outside.
Picos CallPathBounder::CallCost(const Word* before, const Word* behind) {
  for (size_t w = 0; w < words_; ++w) {
    if ((inside_[w] & (before[w] | behind[w])) != 0) return kNever;
  }
  const auto outside = [&](ItemId item) {
    return Has(before, item.index()) || Has(behind, item.index());
  };
  Picos best = kNever;
  for (const size_t d : kinds_) {
    const DeviceId device(d);
    if (call_time_[d] < 0) continue;
    ++now_;
    Picos cost = call_time_[d] + problem_.devices[device].part_cost;
    for (const int32_t member : members_) {
      for (const FlowId flow : graph_.inputs[ItemId(member)]) {
        if (stamp_[flow.index()] == now_ || !outside(problem_.flows[flow].from)) continue;
        stamp_[flow.index()] = now_;
        cost += problem_.flows[flow].staging[device];
      }
      for (const FlowId flow : graph_.outputs[ItemId(member)]) {
        const std::vector<ItemId>& to = problem_.flows[flow].to;
        if (std::none_of(to.begin(), to.end(), outside)) continue;
        cost += problem_.flows[flow].staging[device];
      }
    }
    best = std::min(best, cost);
  }
  work_ -= static_cast<int64_t>(words_ / 8 + members_.size() * kinds_.size());
  return best;
}

CallPathBound CallPathBounder::Bound(const std::vector<ItemId>& path, int64_t& work) {
  const size_t length = path.size();
  CallPathBound bound;
  size_t most_calls = 0;
  for (const PlacementProblem::MachineDevice& device : problem_.devices) {
    if (!device.pool) most_calls += static_cast<size_t>(problem_.calls_per_device);
  }
  most_calls = std::min(most_calls, length);
  work_ = work;
  FindOutside(path);
  // least(j, c): of the first j items in c calls. from(j, c): where the last run begins, and
  // whether it is a call.
  const size_t width = most_calls + 1;
  IdTable<size_t, size_t, Picos> least(length + 1, width, kNever);
  IdTable<size_t, size_t, std::pair<size_t, bool>> from(length + 1, width);
  least(0, 0) = 0;
  const auto relax = [&](size_t end, size_t calls, Picos value, size_t begin, bool call) {
    if (value >= least(end, calls)) return;
    least(end, calls) = value;
    from(end, calls) = {begin, call};
  };
  for (size_t end = 1; end <= length; ++end) {
    const Picos alone = pool_time_[path[end - 1].index()];
    for (size_t c = 0; c < width && alone >= 0; ++c) {
      const Picos before = least(end - 1, c);
      if (before < kNever) relax(end, c, before + alone, end - 1, false);
    }
    inside_.assign(words_, 0);
    above_.assign(words_, 0);
    below_.assign(words_, 0);
    members_.clear();
    call_time_.assign(num_devices_, 0);
    call_memory_.assign(num_devices_, 0);
    for (size_t begin = end; begin-- > 0;) {
      Close(path[begin].index());
      bool possible = false;
      for (const size_t d : kinds_) possible = possible || call_time_[d] >= 0;
      if (!possible) break;
      if (work_ < 0) {
        work = 0;
        return bound;
      }
      const Picos cost = CallCost(&outside_before_[begin * words_], &outside_behind_[end * words_]);
      if (cost >= kNever) continue;
      for (size_t c = 0; c + 1 < width; ++c) {
        const Picos before = least(begin, c);
        if (before < kNever) relax(end, c + 1, before + cost, begin, true);
      }
    }
  }
  work = work_;
  size_t calls = 0;
  for (size_t c = 1; c < width; ++c) {
    if (least(length, c) < least(length, calls)) calls = c;
  }
  bound.value = least(length, calls);
  if (bound.value >= kNever) return bound;
  for (size_t end = length; end > 0;) {
    const auto [begin, call] = from(end, calls);
    PathRun run{begin, end, call, {}};
    if (call) {
      inside_.assign(words_, 0);
      above_.assign(words_, 0);
      below_.assign(words_, 0);
      members_.clear();
      for (size_t i = end; i-- > begin;) Close(path[i].index());
      for (const int32_t member : members_) run.closure.emplace_back(member);
      std::sort(run.closure.begin(), run.closure.end());
      --calls;
    }
    bound.runs.push_back(std::move(run));
    end = begin;
  }
  std::reverse(bound.runs.begin(), bound.runs.end());
  return bound;
}

std::vector<std::vector<ItemId>> CallPathBounder::Candidates() const {
  // What an item weighs, for several kinds of longest paths.
  std::vector<std::vector<Picos>> weights(4, std::vector<Picos>(num_items_));
  for (const ItemId item : problem_.items.ids()) {
    const auto i = static_cast<size_t>(item.index());
    Picos call = 0;
    bool first = true;
    for (const DeviceId device : problem_.devices.ids()) {
      const std::optional<Picos>& time = problem_.items[item].time[device];
      if (problem_.devices[device].pool || !time.has_value()) continue;
      call = first ? *time : std::min(call, *time);
      first = false;
    }
    Picos staging = 0;
    for (const FlowId flow : graph_.outputs[item]) {
      for (const Picos time : problem_.flows[flow].staging) staging = std::max(staging, time);
    }
    const Picos pool = pool_time_[i] < 0 ? call : pool_time_[i];
    weights[0][i] = pool;
    weights[1][i] = call;
    weights[2][i] = problem_.items[item].memory;
    weights[3][i] = std::min(pool, call + 2 * staging);
  }
  std::vector<std::vector<ItemId>> paths;
  for (const std::vector<Picos>& weight : weights) {
    std::vector<Picos> longest(num_items_);
    std::vector<ItemId> next(num_items_);
    ItemId start;
    for (size_t t = num_items_; t-- > 0;) {
      const ItemId item = graph_.topological[t];
      Picos behind = 0;
      for (const ItemId after : graph_.successors[item]) {
        if (next[item.index()].valid() && longest[after.index()] <= behind) continue;
        behind = longest[after.index()];
        next[item.index()] = after;
      }
      longest[item.index()] = weight[item.index()] + behind;
      if (!start.valid() || longest[item.index()] > longest[start.index()]) start = item;
    }
    std::vector<ItemId> path;
    for (ItemId item = start; item.valid(); item = next[item.index()]) path.push_back(item);
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  }
  return paths;
}

}  // namespace allot
