#include "placement/refine_parts.h"

#include <algorithm>
#include <utility>

#include "placement/part_evaluator.h"
#include "placement/solvers/annealing.h"
#include "support/random.h"

namespace allot {
namespace {

// The state is a device and a stage for each item; a part is what shares both. Stages must not fall
// along a flow and must rise where it changes devices, so parts are acyclic by construction, and
// every acyclic partition can be written so: give each part its own stage. A move asks for stages,
// and one sweep lifts those that are too low. Between moves all stages are even, so that a move can
// put a new stage before or after any other.
class Refiner {
 public:
  Refiner(const PlacementProblem& problem, const ProblemGraph& graph, const PartedSolution& start,
          int64_t work, uint64_t seed, const ProgressHook& progress)
      : problem_(problem),
        graph_(graph),
        start_(start),
        evaluator_(problem, graph),
        n_(static_cast<int32_t>(problem.items.size())),
        num_devices_(static_cast<int32_t>(problem.devices.size())),
        work_(work),
        random_(seed),
        progress_(progress),
        unit_of_(n_, -1),
        stage_(n_),
        part_of_(n_),
        stamp_(n_) {
    for (const DeviceId device : start.items.device_of) device_.push_back(device.index());
    for (const ItemId part : start.parts.part_of) wish_.push_back(2 * part.index());
    for (const std::vector<int32_t>& group : evaluator_.items().groups()) {
      for (const int32_t item : group) unit_of_[item] = static_cast<int32_t>(units_.size());
      units_.push_back(group);
    }
    for (int32_t item = 0; item < n_; ++item) {
      if (unit_of_[item] >= 0) continue;
      unit_of_[item] = static_cast<int32_t>(units_.size());
      units_.push_back({item});
    }
    choices_.resize(units_.size());
    for (size_t u = 0; u < units_.size(); ++u) {
      for (int32_t d = 0; d < num_devices_; ++d) {
        bool all = true;
        for (const int32_t item : units_[u]) all = all && evaluator_.items().Time(item, d) >= 0;
        if (all) choices_[u].push_back(d);
      }
    }
    // The order within parts, for moves along it and for the answer.
    order_ = start.items.order;
  }

  PartedSolution Run() {
    value_ = Evaluate();
    Settle();
    Keep();
    const int64_t merging = std::min<int64_t>(work_ / 8, int64_t{8} * n_ * value_.secondary);
    // While nothing feasible is known, shorter runs from shaken starts.
    for (int round = 0; round < 3 && !best_.feasible(); ++round) {
      if (round > 0) Shake();
      Anneal(spent_ + (work_ - merging - spent_) / 4);
      Restore();
    }
    Anneal(work_ - merging);
    Restore();
    MergeAll();
    Report();
    PartedSolution refined = MakeParted(problem_, best_device_, best_part_, best_parts_, order_);
    return Better(start_.score, refined.score) ? start_ : refined;
  }

 private:
  SearchValue Evaluate() {
    spent_ += n_;
    Decode();
    return evaluator_.Value(device_.data(), part_of_.data(), num_parts_);
  }

  // Lifts stages where flows demand it and numbers the parts by stage, then device.
  void Decode() {
    int32_t last = 0;
    for (const ItemId id : graph_.topological) {
      const int32_t item = id.index();
      int32_t stage = wish_[item];
      for (const ItemId p : graph_.predecessors[id]) {
        const int32_t before = stage_[p.index()];
        stage = std::max(stage, device_[p.index()] == device_[item] ? before : before + 1);
      }
      stage_[item] = stage;
      last = std::max(last, stage);
    }
    part_at_.assign(static_cast<size_t>(last + 1) * num_devices_, -1);
    for (int32_t item = 0; item < n_; ++item) part_at_[Place(item)] = 0;
    num_parts_ = 0;
    for (int32_t& part : part_at_) {
      if (part == 0) part = num_parts_++;
    }
    for (int32_t item = 0; item < n_; ++item) part_of_[item] = part_at_[Place(item)];
  }

  size_t Place(int32_t item) const {
    return static_cast<size_t>(stage_[item]) * num_devices_ + device_[item];
  }

  // Gives each part the earliest stage that keeps it apart from the part before it on its device;
  // even again. The sequences of the devices, and with them the value, stay.
  void Settle() {
    ListParts();
    std::vector<int32_t>& next = next_stage_;
    next.assign(num_devices_, 0);
    for (int32_t part = 0; part < num_parts_; ++part) {
      int32_t stage = next[part_device_[part]];
      for (const int32_t item : members_[part]) {
        for (const ItemId p : graph_.predecessors[ItemId(item)]) {
          if (part_of_[p.index()] == part) continue;
          stage = std::max(stage, part_stage_[part_of_[p.index()]] + 2);
        }
      }
      part_stage_[part] = stage;
      next[part_device_[part]] = stage + 2;
      for (const int32_t item : members_[part]) wish_[item] = stage;
    }
    Decode();  // numbers the parts by their new stages
    ListParts();
  }

  void ListParts() {
    part_stage_.assign(num_parts_, 0);
    part_device_.assign(num_parts_, 0);
    if (members_.size() < static_cast<size_t>(num_parts_)) members_.resize(num_parts_);
    for (std::vector<int32_t>& items : members_) items.clear();
    for (const ItemId id : graph_.topological) {
      const int32_t part = part_of_[id.index()];
      members_[part].push_back(id.index());
      part_stage_[part] = stage_[id.index()];
      part_device_[part] = device_[id.index()];
    }
  }

  void Keep() {
    const bool better =
        value_.feasible() && (!best_.feasible() || value_.objective < best_.objective);
    best_ = value_;
    if (better) Report();
    best_device_ = device_;
    best_wish_ = wish_;
    best_part_ = part_of_;
    best_parts_ = num_parts_;
  }

  void Report() const {
    if (progress_ && best_.feasible()) progress_(best_.objective, 0, spent_);
  }

  void Restore() {
    device_ = best_device_;
    wish_ = best_wish_;
    value_ = Evaluate();
    Settle();
  }

  // Sends half of all items anywhere.
  void Shake() {
    for (int32_t item = 0; item < n_; ++item) {
      const std::vector<int32_t>& choices = choices_[unit_of_[item]];
      if (choices.empty() || Below(2) == 0) continue;
      Send(item, choices[Below(choices.size())], wish_[item]);
    }
    undo_.clear();
    value_ = Evaluate();
    Settle();
    if (value_ < best_) Keep();
  }

  void Ask(int32_t item, int32_t stage) {
    undo_.push_back({item, device_[item], wish_[item]});
    wish_[item] = stage;
  }

  // Sends the item and what must be with it to device d, if they can run there.
  void Send(int32_t item, int32_t d, int32_t stage) {
    if (device_[item] != d) {
      const std::vector<int32_t>& choices = choices_[unit_of_[item]];
      if (std::find(choices.begin(), choices.end(), d) == choices.end()) return;
      for (const int32_t member : units_[unit_of_[item]]) {
        undo_.push_back({member, device_[member], wish_[member]});
        device_[member] = d;
      }
    }
    Ask(item, stage);
  }

  void Undo() {
    for (auto it = undo_.rbegin(); it != undo_.rend(); ++it) {
      device_[it->item] = it->device;
      wish_[it->item] = it->wish;
    }
    undo_.clear();
  }

  int32_t Below(size_t bound) {
    return static_cast<int32_t>(random_.Below(static_cast<int64_t>(bound)));
  }

  // A stage near `stage` for device d: the same, a new one before or after, or that of the nearest
  // part of d before or after.
  int32_t SomeStage(int32_t stage, int32_t d) {
    switch (Below(5)) {
      case 0:
        return stage + 1;
      case 1:
        return std::max(stage - 1, 0);
      case 2:
      case 3: {
        const bool up = Below(2) == 0;
        int32_t found = stage;
        for (int32_t part = 0; part < static_cast<int32_t>(part_stage_.size()); ++part) {
          if (part_device_[part] != d) continue;
          if (!up && part_stage_[part] < stage) found = part_stage_[part];
          if (up && part_stage_[part] > stage) return part_stage_[part];
        }
        return found;
      }
      default:
        return stage;
    }
  }

  // One item goes to a neighbour's part, or anywhere.
  bool MoveItem() {
    const int32_t item = Below(static_cast<size_t>(n_));
    const std::vector<ItemId>& before = graph_.predecessors[ItemId(item)];
    const std::vector<ItemId>& after = graph_.successors[ItemId(item)];
    const size_t degree = before.size() + after.size();
    if (degree > 0 && Below(3) > 0) {
      const auto pick = static_cast<size_t>(Below(degree));
      const int32_t other =
          (pick < before.size() ? before[pick] : after[pick - before.size()]).index();
      if (part_of_[other] == part_of_[item]) return false;
      Send(item, device_[other], wish_[other]);
      return true;
    }
    const std::vector<int32_t>& choices = choices_[unit_of_[item]];
    if (choices.empty()) return false;
    const int32_t d = choices[Below(choices.size())];
    Send(item, d, SomeStage(wish_[item], d));
    return true;
  }

  // A part, or what precedes or follows one of its items inside it, or a cluster around an item,
  // goes to a device and a stage. On its own device that splits or merges.
  bool MovePiece() {
    const int32_t seed = Below(static_cast<size_t>(n_));
    const int32_t part = part_of_[seed];
    piece_.clear();
    const int kind = Below(4);
    if (kind == 0) {
      for (const int32_t item : members_[part]) piece_.push_back(item);
    } else {
      ++now_;
      piece_.push_back(seed);
      stamp_[seed] = now_;
      int64_t limit = n_;
      if (kind == 3) {
        limit = 2;
        while (limit < n_ && Below(3) != 0) limit *= 2;
      }
      const auto grow = [&](const std::vector<ItemId>& items) {
        for (const ItemId id : items) {
          const int32_t item = id.index();
          if (stamp_[item] == now_ || part_of_[item] != part) continue;
          stamp_[item] = now_;
          piece_.push_back(item);
        }
      };
      for (size_t i = 0; i < piece_.size() && static_cast<int64_t>(piece_.size()) < limit; ++i) {
        if (kind != 1) grow(graph_.successors[ItemId(piece_[i])]);
        if (kind != 2) grow(graph_.predecessors[ItemId(piece_[i])]);
      }
    }
    int32_t d = device_[seed];
    if (Below(2) == 0) {
      const std::vector<int32_t>& choices = choices_[unit_of_[seed]];
      if (choices.empty()) return false;
      d = choices[Below(choices.size())];
    }
    const int32_t stage = SomeStage(wish_[seed], d);
    if (d == device_[seed] && stage == wish_[seed]) return false;
    for (const int32_t item : piece_) Send(item, d, stage);
    return true;
  }

  // Two devices change places: what nearly alike devices need, and no smaller move can do.
  bool SwapDevices() {
    const int32_t a = Below(static_cast<size_t>(num_devices_));
    const int32_t b = Below(static_cast<size_t>(num_devices_));
    if (a == b) return false;
    ++now_;
    for (int32_t item = 0; item < n_; ++item) {
      const int32_t first = units_[unit_of_[item]][0];
      if (stamp_[first] == now_) continue;  // its group has moved
      stamp_[first] = now_;
      if (device_[item] == a) {
        Send(item, b, wish_[item]);
      } else if (device_[item] == b) {
        Send(item, a, wish_[item]);
      }
    }
    return true;
  }

  void Anneal(int64_t until) {
    Cooling cooling(Cooling::Hot(value_.objective, n_),
                    std::max<int64_t>((until - spent_) / std::max(n_, 1), 1));
    Penalty penalty(problem_, value_.objective);
    Picos total = evaluator_.total_load();
    int64_t idle = 0;
    while (spent_ < until && idle < 1000) {
      const int32_t kind = Below(64);
      const bool moved = kind < 32 ? MoveItem() : kind < 63 ? MovePiece() : SwapDevices();
      if (!moved) {
        Undo();
        ++idle;
        continue;
      }
      idle = 0;
      const SearchValue next = Evaluate();
      const Picos loss = next.objective - value_.objective + penalty.Of(next) - penalty.Of(value_) +
                         (evaluator_.total_load() - total) / (4 * (num_devices_ + 1));
      const bool accept = cooling.Accept(loss, random_);
      penalty.Observe(accept ? next : value_);
      if (!accept) {
        Undo();
        Decode();
        continue;
      }
      undo_.clear();
      value_ = next;
      total = evaluator_.total_load();
      Settle();
      if (value_ < best_) Keep();
    }
  }

  // Merges neighbours on a device while nothing gets worse.
  void MergeAll() {
    bool merged = true;
    while (merged && spent_ < work_) {
      merged = false;
      for (int32_t part = 0; part < num_parts_ && spent_ < work_; ++part) {
        int32_t next = part + 1;
        while (next < num_parts_ && part_device_[next] != part_device_[part]) ++next;
        if (next == num_parts_) continue;
        // The later joins the earlier, or the other way round.
        if (TryMerge(next, part_stage_[part]) || TryMerge(part, part_stage_[next])) merged = true;
      }
    }
  }

  bool TryMerge(int32_t part, int32_t stage) {
    const int32_t before = num_parts_;
    for (const int32_t item : members_[part]) Ask(item, stage);
    const SearchValue next = Evaluate();
    if (num_parts_ >= before || value_ < next) {
      Undo();
      Decode();
      return false;
    }
    undo_.clear();
    value_ = next;
    Settle();
    if (value_ < best_) Keep();
    return true;
  }

  struct Change {
    int32_t item, device, wish;
  };

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const PartedSolution& start_;
  PartEvaluator evaluator_;
  const int32_t n_, num_devices_;
  const int64_t work_;
  int64_t spent_ = 0;
  Random random_;
  const ProgressHook& progress_;

  std::vector<int32_t> unit_of_;
  std::vector<std::vector<int32_t>> units_;    // items that must share a device
  std::vector<std::vector<int32_t>> choices_;  // by unit: devices
  std::vector<ItemId> order_;

  std::vector<int32_t> device_, wish_;    // the state
  std::vector<int32_t> stage_, part_of_;  // decoded
  int32_t num_parts_ = 0;
  SearchValue value_;
  std::vector<int32_t> best_device_, best_wish_, best_part_;
  int32_t best_parts_ = 0;
  SearchValue best_;

  // Of the parts as settled last.
  std::vector<int32_t> part_stage_, part_device_, next_stage_;
  std::vector<std::vector<int32_t>> members_;

  std::vector<Change> undo_;
  std::vector<int32_t> part_at_, piece_;
  std::vector<int64_t> stamp_;
  int64_t now_ = 0;
};

}  // namespace

PartedSolution RefineParts(const PlacementProblem& problem, const ProblemGraph& graph,
                           const PartedSolution& start, int64_t work, uint64_t seed,
                           const ProgressHook& progress) {
  if (problem.items.empty()) return start;
  return Refiner(problem, graph, start, work, seed, progress).Run();
}

}  // namespace allot
