// The sets of devices that the stages from some stage on can use, as a graph: how a set grows by
// the device of the stage before.
#pragma once

#include <cstddef>
#include <vector>

namespace allot {

struct DeviceSets {
  // The set without one device of the class, and that class.
  struct Way {
    size_t of_class = 0, from = 0;
  };
  struct Set {
    size_t num_devices = 0;
    std::vector<Way> ways;  // by class
  };
  std::vector<Set> sets;  // the first is empty; a set is behind those that it grows from
  bool complete = true;   // all sets in all orders; else devices keep their order

  size_t num_ways() const;
};

// More sets than this are not looked at: then the first n devices, for every n, in their order.
inline constexpr size_t kMostTrainedSets = 20'000;

// `counts`: by class; at most `most` devices in a set. Devices of a class can be exchanged, so a
// set is how many it has of each. `order`: by device, its class.
DeviceSets MakeDeviceSets(const std::vector<size_t>& counts, const std::vector<size_t>& order,
                          size_t most);

}  // namespace allot
