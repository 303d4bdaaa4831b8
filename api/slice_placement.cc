#include "api/slice_placement.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "passes/splitting/slice_name.h"
#include "support/units.h"

namespace allot {
namespace {

// By block, in order, the bytes of the weights of each of its slices.
using BlockWeights = std::map<int64_t, std::vector<Bytes>>;

BlockWeights WeightsOf(const ir::Module& module) {
  BlockWeights weights;
  std::set<std::pair<SliceOf, ir::ConstantId>> seen;
  for (const ir::NodeId id : module.graph.nodes()) {
    const ir::Node& node = module.graph.node(id);
    const std::optional<SliceOf> of = ParseSliceName(node.name);
    if (!of.has_value()) continue;
    std::vector<Bytes>& slices = weights[of->block];
    const auto slice = static_cast<size_t>(of->slice);
    constexpr size_t kMostSlices = 64;
    if (slice >= kMostSlices) continue;
    if (slices.size() <= slice) slices.resize(slice + 1);
    for (const ir::ValueId operand : node.operands) {
      if (!operand.valid()) continue;
      const ir::ConstantId constant = module.graph.value(operand).constant;
      if (!module.constants.Contains(constant) || !seen.emplace(*of, constant).second) continue;
      slices[slice] = SaturatingAdd(slices[slice], module.constants[constant].bytes());
    }
  }
  return weights;
}

// Devices that run the same equally fast, in one host.
bool Alike(const Device& a, const Device& b) {
  return a.host == b.host && a.kind == b.kind && a.memory == b.memory && a.flops == b.flops &&
         a.memory_bandwidth == b.memory_bandwidth;
}

using DeviceSet = std::vector<DeviceId>;

std::vector<DeviceSet> SetsOf(const Target& target, size_t width) {
  std::vector<DeviceSet> classes, sets;
  for (const DeviceId device : target.devices.ids()) {
    const auto known = std::find_if(classes.begin(), classes.end(), [&](const DeviceSet& alike) {
      return Alike(target.devices[alike.front()], target.devices[device]);
    });
    if (known == classes.end()) {
      classes.push_back({device});
    } else {
      known->push_back(device);
    }
  }
  for (const DeviceSet& alike : classes) {
    for (size_t begin = 0; begin + width <= alike.size(); begin += width) {
      const auto first = alike.begin() + static_cast<std::ptrdiff_t>(begin);
      sets.emplace_back(first, first + static_cast<std::ptrdiff_t>(width));
    }
  }
  const auto more_memory = [&](DeviceId a, DeviceId b) {
    return target.devices[a].memory > target.devices[b].memory;
  };
  if (sets.empty() && width <= target.devices.size()) {
    DeviceSet all;
    for (const DeviceId device : target.devices.ids()) all.push_back(device);
    std::stable_sort(all.begin(), all.end(), more_memory);
    all.resize(width);
    std::sort(all.begin(), all.end());
    sets.push_back(std::move(all));
  }
  // What computes fast has little memory beside a host's: speed first, then memory.
  const auto speed = [&](DeviceId device) {
    const auto& flops = target.devices[device].flops;
    int64_t most = 0;
    for (const auto& [dtype, rate] : flops) most = std::max(most, rate);
    return most;
  };
  std::stable_sort(sets.begin(), sets.end(), [&](const DeviceSet& a, const DeviceSet& b) {
    const int64_t x = speed(a.front()), y = speed(b.front());
    return x != y ? x > y : more_memory(a.front(), b.front());
  });
  return sets;
}

// Which of `count` sets each block is on: in runs of about the same weight.
std::map<int64_t, size_t> Deal(const BlockWeights& weights, size_t count) {
  Bytes total = 0, before = 0;
  const auto weight = [](const std::vector<Bytes>& slices) {
    Bytes sum = 1;  // blocks without weights count, too
    for (const Bytes bytes : slices) sum = SaturatingAdd(sum, bytes);
    return sum;
  };
  for (const auto& [block, slices] : weights) total = SaturatingAdd(total, weight(slices));
  std::map<int64_t, size_t> set_of;
  for (const auto& [block, slices] : weights) {
    // By its middle.
    const double middle = static_cast<double>(before) + static_cast<double>(weight(slices)) / 2;
    const double place = middle / static_cast<double>(total) * static_cast<double>(count);
    set_of[block] = std::min(static_cast<size_t>(place), count - 1);
    before = SaturatingAdd(before, weight(slices));
  }
  return set_of;
}

bool Fits(const BlockWeights& weights, const std::map<int64_t, size_t>& set_of,
          const std::vector<DeviceSet>& sets, const Target& target) {
  IdVector<DeviceId, Bytes> used(target.devices.size(), 0);
  for (const auto& [block, slices] : weights) {
    const DeviceSet& set = sets[set_of.at(block)];
    for (size_t slice = 0; slice < slices.size(); ++slice) {
      used[set[slice]] = SaturatingAdd(used[set[slice]], slices[slice]);
    }
  }
  for (const DeviceId device : used.ids()) {
    if (used[device] > target.devices[device].memory) return false;
  }
  return true;
}

// "REGEX=DEVICE" for each set and slice. Patterns are short, as there is a limit.
std::vector<std::string> PinsOf(const BlockWeights& weights,
                                const std::map<int64_t, size_t>& set_of,
                                const std::vector<DeviceSet>& sets, const Target& target) {
  constexpr size_t kBlocksInOne = 60;
  std::map<std::pair<size_t, size_t>, std::vector<int64_t>> blocks;  // by set and slice
  for (const auto& [block, slices] : weights) {
    for (size_t slice = 0; slice < slices.size(); ++slice) {
      blocks[{set_of.at(block), slice}].push_back(block);
    }
  }
  std::vector<std::string> pins;
  for (const auto& [place, all] : blocks) {
    const auto& [set, slice] = place;
    const std::string& device = target.devices[sets[set][slice]].name;
    for (size_t begin = 0; begin < all.size(); begin += kBlocksInOne) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto last =
          all.begin() + static_cast<std::ptrdiff_t>(std::min(begin + kBlocksInOne, all.size()));
      pins.push_back(absl::StrCat(".*/block(", absl::StrJoin(first, last, "|"), ")/slice", slice,
                                  "=", device));
    }
  }
  return pins;
}

}  // namespace

std::vector<std::vector<std::string>> SlicePlacements(const ir::Module& module,
                                                      const Target& target) {
  const BlockWeights weights = WeightsOf(module);
  size_t width = 0;
  for (const auto& [block, slices] : weights) width = std::max(width, slices.size());
  if (width == 0) return {};
  const std::vector<DeviceSet> sets = SetsOf(target, width);
  std::vector<std::vector<std::string>> ways;
  const size_t most = std::min(sets.size(), weights.size());
  for (size_t count = 1; count <= most; ++count) {
    // All numbers up to 4, then what doubles, and all there are.
    const bool tried = count <= 4 || (count & (count - 1)) == 0 || count == most;
    if (!tried) continue;
    const std::map<int64_t, size_t> set_of = Deal(weights, count);
    if (!Fits(weights, set_of, sets, target) && !(count == most && ways.empty())) continue;
    ways.push_back(PinsOf(weights, set_of, sets, target));
  }
  return ways;
}

}  // namespace allot
