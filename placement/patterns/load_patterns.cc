#include "placement/patterns/load_patterns.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "placement/patterns/open_flows.h"

namespace allot {
namespace {

// Two bits of a key for each open flow: where its units so far are.
constexpr uint64_t kOut = 0, kIn = 1, kMixed = 2;
constexpr int32_t kMaxSlots = 32;

size_t Size(int32_t i) { return static_cast<size_t>(i); }

}  // namespace

LoadPatterns::LoadPatterns(const LoadModel& model, std::vector<Picos> send,
                           std::vector<Picos> receive, int32_t device, Picos cutoff,
                           int32_t max_states, int64_t work)
    : model_(model),
      device_(device),
      cutoff_(cutoff),
      send_(std::move(send)),
      receive_(std::move(receive)) {
  for (size_t f = 0; f < model.flows.size(); ++f) {
    kept_.push_back(send_[f] > 0 || receive_[f] > 0);
  }
  order_ = OrderByOpenFlows(model, kept_);
  while (!Prepare(std::min(max_states, 16'000))) {
    if (work_ > work) std::fill(kept_.begin(), kept_.end(), 0);
  }
}

bool LoadPatterns::Prepare(int32_t max_states) {
  steps_.clear();
  states_ = 0;
  const size_t num_flows = model_.flows.size();
  std::vector<int32_t> left(num_flows, 0), slot(num_flows, -1);
  std::vector<char> producer_known(num_flows, 0);
  std::vector<std::vector<int32_t>> flows(Size(model_.num_units));
  for (size_t f = 0; f < num_flows; ++f) {
    if (!kept_[f]) continue;
    flows[Size(model_.flows[f].from)].push_back(static_cast<int32_t>(f));
    for (const int32_t to : model_.flows[f].to) flows[Size(to)].push_back(static_cast<int32_t>(f));
    left[f] = static_cast<int32_t>(model_.flows[f].to.size()) + 1;
  }
  std::vector<int32_t> free;
  for (int32_t s = kMaxSlots; s-- > 0;) free.push_back(s);
  std::vector<int32_t> open;  // flows
  const auto drop = [&] {
    std::stable_sort(open.begin(), open.end(), [&](int32_t a, int32_t b) {
      return send_[Size(a)] + receive_[Size(a)] < send_[Size(b)] + receive_[Size(b)];
    });
    for (size_t i = 0; i < (open.size() + 3) / 4; ++i) kept_[Size(open[i])] = 0;
    return false;
  };

  // The least load of each state, whatever it is worth.
  std::vector<uint64_t> keys = {0};
  std::vector<Picos> loads = {0};
  for (const int32_t unit : order_) {
    Step& step = steps_.emplace_back();
    step.unit = unit;
    std::vector<int32_t> closing;
    for (const int32_t f : flows[Size(unit)]) {
      Touch touch{};
      touch.first = slot[Size(f)] < 0;
      if (touch.first) {
        open.push_back(f);
        if (free.empty()) return drop();
        slot[Size(f)] = free.back();
        free.pop_back();
      }
      touch.slot = slot[Size(f)];
      touch.send = send_[Size(f)];
      touch.receive = receive_[Size(f)];
      touch.producer = model_.flows[Size(f)].from == unit;
      touch.producer_known = producer_known[Size(f)] != 0;
      touch.last = --left[Size(f)] == 0;
      if (touch.producer) producer_known[Size(f)] = 1;
      if (touch.last) closing.push_back(f);
      step.touches.push_back(touch);
    }
    std::vector<uint64_t> next_keys;
    std::vector<Picos> next_loads;
    std::unordered_map<uint64_t, int32_t> index;
    const Picos time = model_.Time(unit, device_);
    for (size_t state = 0; state < keys.size(); ++state) {
      for (const uint64_t side : {kOut, kIn}) {
        Edge& edge = (side == kIn ? step.in : step.out).emplace_back();
        if (side == kIn && time == kNotAllowed) continue;
        uint64_t key = keys[state];
        Picos charge = side == kIn ? time : 0;
        for (const Touch& touch : step.touches) {
          uint64_t now = key >> (2 * touch.slot) & 3;
          if (touch.first) {
            now = side;
          } else if (now == kMixed) {
            if (touch.producer) charge += side == kIn ? touch.send : touch.receive;
          } else if (now != side) {
            // The producer is the unit itself, or on the side where all were so far.
            const uint64_t producer = touch.producer ? side : now;
            if (touch.producer || touch.producer_known) {
              charge += producer == kIn ? touch.send : touch.receive;
            }
            now = kMixed;
          }
          if (touch.last) now = 0;
          key = (key & ~(uint64_t{3} << (2 * touch.slot))) | now << (2 * touch.slot);
        }
        const Picos load = loads[state] + charge;
        if (load + model_.once[Size(device_)] >= cutoff_) continue;
        const auto [it, added] = index.try_emplace(key, static_cast<int32_t>(next_keys.size()));
        if (added) {
          next_keys.push_back(key);
          next_loads.push_back(load);
          if (static_cast<int32_t>(next_keys.size()) > max_states) return drop();
        }
        edge = {it->second, charge};
        next_loads[Size(it->second)] = std::min(next_loads[Size(it->second)], load);
      }
    }
    for (const int32_t f : closing) {
      free.push_back(slot[Size(f)]);
      open.erase(std::find(open.begin(), open.end(), f));
    }
    keys = std::move(next_keys);
    loads = std::move(next_loads);
    step.states_after = keys.size();
    states_ += static_cast<int64_t>(keys.size());
    work_ += 16 * static_cast<int64_t>(keys.size());
  }
  return true;
}

void LoadPatterns::Run(const std::vector<int32_t>& worth) {
  worth_ = worth;
  before_.resize(steps_.size());
  const Picos once = model_.once[Size(device_)];
  std::vector<std::vector<Picos>> now = {{once}}, next;
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    const size_t gain = Size(worth[Size(step.unit)]);
    next.assign(step.states_after, {});
    std::vector<std::vector<int16_t>>& before = before_[i];
    before.resize(step.states_after);
    for (std::vector<int16_t>& row : before) row.clear();
    const auto take = [&](size_t state, const Edge& edge, size_t shift, int16_t mark) {
      if (edge.state < 0 || now[state].empty()) return;
      const std::vector<Picos>& from = now[state];
      std::vector<Picos>& to = next[Size(edge.state)];
      std::vector<int16_t>& back = before[Size(edge.state)];
      if (to.size() < from.size() + shift) {
        to.resize(from.size() + shift, kNone);
        back.resize(from.size() + shift, -1);
      }
      for (size_t w = 0; w < from.size(); ++w) {
        const Picos load = from[w] + edge.charge;
        const bool less = load < to[w + shift];
        to[w + shift] = less ? load : to[w + shift];
        back[w + shift] = less ? mark : back[w + shift];
      }
      work_ += static_cast<int64_t>(from.size());
    };
    for (size_t state = 0; state < step.out.size(); ++state) {
      take(state, step.out[state], 0, static_cast<int16_t>(2 * state));
      take(state, step.in[state], gain, static_cast<int16_t>(2 * state + 1));
    }
    // What is worth the most at the cutoff ends a row.
    for (std::vector<Picos>& row : next) {
      while (!row.empty() && row.back() >= cutoff_) row.pop_back();
    }
    now.swap(next);
  }
  least_ = now.empty() ? std::vector<Picos>() : now[0];
  for (Picos& load : least_) {
    if (load >= cutoff_) load = kNone;
  }
}

std::vector<char> LoadPatterns::Pattern(int32_t w) const {
  std::vector<char> in(Size(model_.num_units), 0);
  int32_t state = 0;
  for (size_t i = steps_.size(); i-- > 0;) {
    const int32_t mark = before_[i][Size(state)][Size(w)];
    const int32_t unit = steps_[i].unit;
    if ((mark & 1) != 0) {
      in[Size(unit)] = 1;
      w -= worth_[Size(unit)];
    }
    state = mark / 2;
  }
  return in;
}

}  // namespace allot
