#include "placement/kinds/layer_flow/search/stage_annealing.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace allot {
namespace {

// In layers: what a part of the next layer is worth, what a link that carries nothing costs, a
// stage too many, and a rate that the flow does not reach although stages and links seem to.
constexpr double kPartOfNext = 0.3, kNoLink = 4, kStageTooMany = 2, kNoFlow = 4;
constexpr double kHottest = 1.0, kColdest = 0.04;
constexpr int64_t kMovesBetweenStops = 4096;
constexpr int64_t kWorkOfMove = 1;

}  // namespace

StageAnnealing::StageAnnealing(const LayerFlowProblem& problem, uint64_t seed)
    : problem_(problem), evaluator_(problem), random_(seed) {
  const size_t n = problem.servers.size();
  any_order_ = true;
  for (size_t i = 0; i < n; ++i) {
    const std::vector<int64_t>& rates = problem.servers[i].throughput;
    const int64_t most = *std::max_element(rates.begin(), rates.end());
    any_order_ = any_order_ && evaluator_.FromSource(i) >= most && evaluator_.ToSink(i) >= most;
    for (size_t j = 0; j < n && any_order_; ++j) {
      any_order_ = i == j || evaluator_.Link(i, j) >= most;
    }
  }
}

Stages StageAnnealing::stages() const {
  Stages stages;
  for (const int32_t id : order_) stages.push_back(pool_[static_cast<size_t>(id)].servers);
  return stages;
}

void StageAnnealing::Start(const Stages& stages) {
  // There are no more stages than servers, so a number is always free for one that is tried.
  pool_.assign(problem_.servers.size() + 1, {});
  order_.resize(stages.size());
  std::iota(order_.begin(), order_.end(), 0);
  free_.resize(pool_.size() - order_.size());
  std::iota(free_.begin(), free_.end(), static_cast<int32_t>(order_.size()));
  stage_of_.assign(problem_.servers.size(), -1);
  for (size_t s = 0; s < stages.size(); ++s) {
    pool_[s].servers = stages[s];
    for (const int32_t server : stages[s]) {
      stage_of_[static_cast<size_t>(server)] = static_cast<int32_t>(s);
    }
  }
}

// From the server with the widest link of the source, always on to the one with the widest link.
void StageAnnealing::StartAlone() {
  const size_t n = problem_.servers.size();
  std::vector<bool> used(n, false);
  Stages stages;
  for (size_t step = 0; step < n; ++step) {
    size_t next = n;
    int64_t widest = -1;
    for (size_t j = 0; j < n; ++j) {
      if (used[j]) continue;
      const int64_t link = step == 0 ? evaluator_.FromSource(j)
                                     : evaluator_.Link(static_cast<size_t>(stages.back()[0]), j);
      if (link > widest) {
        widest = link;
        next = j;
      }
    }
    used[next] = true;
    stages.push_back({static_cast<int32_t>(next)});
  }
  Start(stages);
}

void StageAnnealing::Value(Stage& stage) {
  stage.version = ++versions_;
  stage.rates.clear();
  for (const int32_t server : stage.servers) {
    const std::vector<int64_t>& of = problem_.servers[static_cast<size_t>(server)].throughput;
    const size_t most = std::min(of.size(), static_cast<size_t>(problem_.layers));
    if (stage.rates.size() < most) stage.rates.resize(most);
    for (size_t k = 0; k < most; ++k) stage.rates[k] += of[k];
  }
  size_t k = stage.rates.size();
  while (k > 0 && stage.rates[k - 1] < aim_) --k;
  stage.layers = static_cast<int32_t>(k);
  const double part = k == stage.rates.size() ? 0
                                              : static_cast<double>(stage.rates[k]) /
                                                    static_cast<double>(std::max<int64_t>(aim_, 1));
  stage.gain = static_cast<double>(k) + kPartOfNext * part;
}

// What certainly does not get from one stage to the next, as a part of the aim, in layers. Without
// a stage on one side that is the coordinator.
double StageAnnealing::Loss(const Stage* from, const Stage* to) const {
  if (any_order_) return 0;
  int64_t out = 0, in = 0;
  const auto rate = [&](int32_t server, const Stage& stage) {
    const std::vector<int64_t>& of = problem_.servers[static_cast<size_t>(server)].throughput;
    const auto k = static_cast<size_t>(std::max(stage.layers, 1));
    return k <= of.size() ? of[k - 1] : 0;
  };
  const auto carried = [](int64_t sum, int64_t link) {
    return std::min(kMaxTokenRate, sum + link);
  };
  if (from == nullptr || to == nullptr) {
    const Stage& stage = from == nullptr ? *to : *from;
    for (const int32_t i : stage.servers) {
      const auto server = static_cast<size_t>(i);
      const int64_t link =
          from == nullptr ? evaluator_.FromSource(server) : evaluator_.ToSink(server);
      out = carried(out, std::min(link, rate(i, stage)));
    }
    in = out;
  } else {
    for (const int32_t i : from->servers) {
      int64_t sum = 0;
      for (const int32_t j : to->servers) {
        sum = carried(sum, evaluator_.Link(static_cast<size_t>(i), static_cast<size_t>(j)));
      }
      out = carried(out, std::min(sum, rate(i, *from)));
    }
    for (const int32_t j : to->servers) {
      int64_t sum = 0;
      for (const int32_t i : from->servers) {
        sum = carried(sum, evaluator_.Link(static_cast<size_t>(i), static_cast<size_t>(j)));
      }
      in = carried(in, std::min(sum, rate(j, *to)));
    }
  }
  const int64_t through = std::min(in, out);
  if (through >= aim_) return 0;
  return kNoLink * (1 - static_cast<double>(through) / static_cast<double>(aim_));
}

// Anew only where a stage or what follows it has changed.
void StageAnnealing::ValueLosses() {
  if (any_order_) return;
  source_loss_ = order_.empty() ? 0 : Loss(nullptr, &pool_[static_cast<size_t>(order_[0])]);
  for (size_t s = 0; s < order_.size(); ++s) {
    Stage& stage = pool_[static_cast<size_t>(order_[s])];
    const bool last = s + 1 == order_.size();
    const Stage* const next = last ? nullptr : &pool_[static_cast<size_t>(order_[s + 1])];
    const int64_t of_next = last ? 0 : next->version;
    if (stage.loss_of == stage.version && stage.loss_to == of_next) continue;
    stage.loss_of = stage.version;
    stage.loss_to = of_next;
    stage.loss = Loss(&stage, next);
  }
}

double StageAnnealing::Energy() {
  double gain = 0, loss = source_loss_;
  int32_t layers = 0;
  for (const int32_t id : order_) {
    const Stage& stage = pool_[static_cast<size_t>(id)];
    gain += stage.gain;
    loss += stage.loss;
    layers += stage.layers;
  }
  const auto stages = static_cast<int32_t>(order_.size());
  if (problem_.max_round_trip > 0 && stages > problem_.max_round_trip) {
    loss += kStageTooMany * (stages - problem_.max_round_trip);
  }
  double energy = loss + std::max(0.0, problem_.layers - gain);
  if (layers < problem_.layers) {
    // A layer that is missing is missing, however many parts of layers there are.
    return std::max(energy, loss + (1 - kPartOfNext) * (problem_.layers - layers));
  }
  if (loss > 0) return energy;
  return TryPlacement() ? 0 : energy + kNoFlow * shortfall_;
}

bool StageAnnealing::TryPlacement() {
  const Stages now = stages();
  const auto layers = StageLayers(problem_, now, aim_);
  work_ += problem_.layers;
  shortfall_ = 1;
  if (!layers.has_value()) return false;
  LayerPlacement placement = PlacementOfStages(problem_, now, *layers);
  const int64_t rate = evaluator_.Rate(placement);
  shortfall_ = 1 - static_cast<double>(rate) / static_cast<double>(aim_);
  if (rate < aim_) return false;
  found_ = std::move(placement);
  found_rate_ = rate;
  // The same stages with other layers may pass more.
  const int64_t best = BestStageRate(problem_, now);
  work_ += problem_.layers * 8;
  if (best <= rate) return true;
  if (const auto more = StageLayers(problem_, now, best)) {
    placement = PlacementOfStages(problem_, now, *more);
    if (const int64_t higher = evaluator_.Rate(placement); higher > rate) {
      found_ = std::move(placement);
      found_rate_ = higher;
    }
  }
  return true;
}

void StageAnnealing::Save(int32_t id) {
  for (size_t i = 0; i < num_saved_; ++i) {
    if (saved_[i].id == id) return;
  }
  if (num_saved_ == saved_.size()) saved_.emplace_back();
  saved_[num_saved_].id = id;
  saved_[num_saved_].stage = pool_[static_cast<size_t>(id)];
  ++num_saved_;
}

// `remove` or `add` negative: none.
void StageAnnealing::Change(int32_t id, int32_t remove, int32_t add) {
  Save(id);
  Stage& stage = pool_[static_cast<size_t>(id)];
  if (remove >= 0) std::erase(stage.servers, remove);
  if (add >= 0) {
    stage.servers.push_back(add);
    stage_of_[static_cast<size_t>(add)] = id;
  }
  Value(stage);
}

int32_t StageAnnealing::NewStage(size_t at) {
  const int32_t id = free_.back();
  free_.pop_back();
  pool_[static_cast<size_t>(id)].servers.clear();
  order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(at), id);
  return id;
}

void StageAnnealing::DropIfEmpty(int32_t id) {
  if (!pool_[static_cast<size_t>(id)].servers.empty()) return;
  std::erase(order_, id);
  free_.push_back(id);
}

bool StageAnnealing::MoveServer() {
  const auto server = static_cast<int32_t>(random_.Below(static_cast<int64_t>(stage_of_.size())));
  const int32_t from = stage_of_[static_cast<size_t>(server)];
  const auto choices = static_cast<int64_t>(order_.size());
  // One in four founds a stage of its own.
  const bool alone = pool_[static_cast<size_t>(from)].servers.size() == 1;
  if (random_.Below(4) == 0) {
    if (alone) return false;
    const int32_t to = NewStage(static_cast<size_t>(random_.Below(choices + 1)));
    Change(from, server, -1);
    Change(to, -1, server);
    return true;
  }
  const int32_t to = order_[static_cast<size_t>(random_.Below(choices))];
  if (to == from) return false;
  Change(from, server, -1);
  Change(to, -1, server);
  DropIfEmpty(from);
  return true;
}

bool StageAnnealing::SwapServers() {
  const auto n = static_cast<int64_t>(stage_of_.size());
  const auto a = static_cast<int32_t>(random_.Below(n)), b = static_cast<int32_t>(random_.Below(n));
  const int32_t of_a = stage_of_[static_cast<size_t>(a)], of_b = stage_of_[static_cast<size_t>(b)];
  if (of_a == of_b) return false;
  if (any_order_ && problem_.servers[static_cast<size_t>(a)].throughput ==
                        problem_.servers[static_cast<size_t>(b)].throughput) {
    return false;
  }
  Change(of_a, a, b);
  Change(of_b, b, a);
  return true;
}

bool StageAnnealing::MoveStage() {
  const auto count = static_cast<int64_t>(order_.size());
  const auto from = static_cast<size_t>(random_.Below(count));
  const auto to = static_cast<size_t>(random_.Below(count));
  if (from == to) return false;
  const int32_t id = order_[from];
  order_.erase(order_.begin() + static_cast<std::ptrdiff_t>(from));
  order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(to), id);
  return true;
}

bool StageAnnealing::SwapStages() {
  const auto count = static_cast<int64_t>(order_.size());
  const auto a = static_cast<size_t>(random_.Below(count));
  const auto b = static_cast<size_t>(random_.Below(count));
  std::swap(order_[a], order_[b]);
  return a != b;
}

bool StageAnnealing::Reverse() {
  const auto count = static_cast<int64_t>(order_.size());
  auto a = static_cast<size_t>(random_.Below(count));
  auto b = static_cast<size_t>(random_.Below(count));
  if (a > b) std::swap(a, b);
  std::reverse(order_.begin() + static_cast<std::ptrdiff_t>(a),
               order_.begin() + static_cast<std::ptrdiff_t>(b) + 1);
  return a != b;
}

bool StageAnnealing::Propose() {
  num_saved_ = 0;
  saved_order_ = order_;
  saved_free_ = free_;
  saved_stage_of_ = stage_of_;
  const int64_t kind = random_.Below(any_order_ ? 6 : 12);
  if (kind < 3) return MoveServer();
  if (kind < 6) return SwapServers();
  if (kind < 8) return MoveStage();
  if (kind < 10) return SwapStages();
  return Reverse();
}

void StageAnnealing::Undo() {
  order_ = saved_order_;
  free_ = saved_free_;
  stage_of_ = saved_stage_of_;
  for (size_t i = 0; i < num_saved_; ++i) {
    std::swap(pool_[static_cast<size_t>(saved_[i].id)], saved_[i].stage);
  }
}

bool StageAnnealing::Reach(int64_t rate, int64_t work) {
  aim_ = std::max<int64_t>(rate, 1);
  for (const int32_t id : order_) Value(pool_[static_cast<size_t>(id)]);
  ValueLosses();
  const int64_t start = this->work();
  double energy = Energy();
  double temperature = kHottest;
  for (int64_t moves = 0; energy > 0; ++moves) {
    const int64_t spent = this->work() - start;
    if (spent >= work) return false;
    if (moves % kMovesBetweenStops == 0 && stop && stop()) return false;
    if (moves % 64 == 0) {
      temperature = kHottest * std::pow(kColdest / kHottest,
                                        static_cast<double>(spent) / static_cast<double>(work));
    }
    work_ += kWorkOfMove;
    const double source_loss = source_loss_;
    if (!Propose()) {
      Undo();
      continue;
    }
    ValueLosses();
    const double next = Energy();
    if (next <= energy || random_.Unit() < std::exp((energy - next) / temperature)) {
      energy = next;
      continue;
    }
    Undo();
    source_loss_ = source_loss;
    ValueLosses();
  }
  return true;
}

}  // namespace allot
