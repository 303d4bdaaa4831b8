#include "placement/kinds/layer_flow/search/interval_annealing.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace allot {
namespace {

constexpr double kColdest = 0.02;  // of the heat at first
constexpr int64_t kMovesBetweenStops = 1024;

}  // namespace

IntervalAnnealing::IntervalAnnealing(const LayerFlowProblem& problem, uint64_t seed)
    : problem_(problem), evaluator_(problem), random_(seed) {}

size_t IntervalAnnealing::AnyServer() {
  return static_cast<size_t>(random_.Below(static_cast<int64_t>(now_.size())));
}

int32_t IntervalAnnealing::AnyBorder() {
  switch (random_.Below(8)) {
    case 0:
      return 0;
    case 1:
      return problem_.layers;
    case 2:
      return static_cast<int32_t>(random_.Between(0, problem_.layers));
    default:
      break;
  }
  const LayerInterval& interval = now_[AnyServer()];
  return random_.Below(2) == 0 ? interval.first : interval.end();
}

bool IntervalAnnealing::Put(size_t server, int32_t first, int32_t end) {
  const bool fits = first >= 0 && end <= problem_.layers && first < end &&
                    end - first <= MostLayers(problem_, server);
  if (!fits || now_[server] == LayerInterval{first, end - first}) return false;
  now_[server] = {first, end - first};
  return true;
}

// Another interval for one server, between borders of others if it can reach.
bool IntervalAnnealing::Replace() {
  const size_t server = AnyServer();
  const int32_t a = AnyBorder(), b = AnyBorder();
  if (Put(server, std::min(a, b), std::max(a, b))) return true;
  const auto layers = static_cast<int32_t>(random_.Between(1, MostLayers(problem_, server)));
  return random_.Below(2) == 0 ? Put(server, a, a + layers) : Put(server, a - layers, a);
}

bool IntervalAnnealing::Exchange() {
  const size_t a = AnyServer(), b = AnyServer();
  if (a == b) return false;
  const LayerInterval of_a = now_[a], of_b = now_[b];
  return Put(a, of_b.first, of_b.end()) && Put(b, of_a.first, of_a.end());
}

// All that end or start at a border go along with it, as far as they can.
bool IntervalAnnealing::ShiftBorder() {
  const int32_t border = AnyBorder();
  if (border == 0 || border == problem_.layers) return false;
  const int32_t to = border + (random_.Below(2) == 0 ? 1 : -1);
  bool changed = false;
  for (size_t i = 0; i < now_.size(); ++i) {
    if (now_[i].end() == border) changed |= Put(i, now_[i].first, to);
    if (now_[i].first == border) changed |= Put(i, to, now_[i].end());
  }
  return changed;
}

// Two servers, one after the other, over what a third holds.
bool IntervalAnnealing::Divide() {
  const LayerInterval whole = now_[AnyServer()];
  if (whole.layers < 2) return false;
  const auto cut = static_cast<int32_t>(random_.Between(whole.first + 1, whole.end() - 1));
  const size_t a = AnyServer(), b = AnyServer();
  if (a == b) return false;
  const bool first = Put(a, whole.first, cut), second = Put(b, cut, whole.end());
  return first || second;
}

bool IntervalAnnealing::Propose() {
  const int64_t kind = random_.Below(10);
  if (kind < 4) return Replace();
  if (kind < 6) return Exchange();
  if (kind < 9) return ShiftBorder();
  return Divide();
}

void IntervalAnnealing::Improve(const LayerPlacement& start, double heat, int64_t most,
                                int64_t work) {
  now_ = start;
  int64_t rate = evaluator_.Rate(now_);
  best_ = now_;
  best_rate_ = rate;
  const int64_t begin = this->work();
  double temperature = 1;
  for (int64_t moves = 0; best_rate_ < most; ++moves) {
    const int64_t spent = this->work() - begin;
    if (spent >= work) return;
    if (moves % kMovesBetweenStops == 0 && stop && stop()) return;
    if (moves % 64 == 0) {
      const double part = static_cast<double>(spent) / static_cast<double>(work);
      temperature =
          heat * std::pow(kColdest, part) * static_cast<double>(std::max<int64_t>(best_rate_, 1));
    }
    ++work_;
    before_ = now_;
    if (!Propose()) {
      now_ = before_;
      continue;
    }
    const int64_t next = evaluator_.Rate(now_);
    if (next < rate && random_.Unit() >= std::exp(static_cast<double>(next - rate) / temperature)) {
      now_ = before_;
      continue;
    }
    rate = next;
    if (rate <= best_rate_) continue;
    best_ = now_;
    best_rate_ = rate;
  }
}

}  // namespace allot
