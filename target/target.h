// The machine: devices, how they are joined, and rules about what may run where. Immutable once
// read. See docs/target.md for the JSON form.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "support/id.h"
#include "support/units.h"

namespace allot {

using DeviceId = Id<struct DeviceTag>;
using ChannelId = Id<struct ChannelTag>;

// What ONNX Runtime (or another runtime) is asked for on this device.
struct RuntimeHint {
  std::string provider;  // "cpu", "cuda", "qnn", ...
  int64_t ordinal = 0;
  int64_t threads = 0;  // 0: the runtime's default
  std::string cores;    // a CPU list (cpu_list.h) that the worker is pinned to; empty: any
};

struct Device {
  std::string name;                      // unique, no '/'
  std::string kind;                      // "cpu", "gpu", "npu", or anything else
  std::string host;                      // the machine that it is in; empty: where the plan is run
  Bytes memory = 0;                      // for weights and activations together
  std::map<std::string, int64_t> flops;  // peak rate per dtype name, FLOP/s; "default" is the rest
  int64_t memory_bandwidth = 0;          // bytes/s
  Picos part_cost = 0;                   // fixed cost of launching one part
  Picos op_cost = 0;                     // fixed cost of one operator that does work
  int64_t max_parts = 0;                 // it can hold so many at once; 0: any number
  // Its own processor copies tensors into and out of memory that all share, and does nothing else
  // meanwhile: a CPU's worker. False: something beside it moves them.
  bool copies = false;
  // Operators it can run, as "Conv", "com.microsoft:FusedConv" or "com.microsoft:*".
  std::vector<std::string> supported_ops;  // empty: all but unsupported_ops
  std::vector<std::string> unsupported_ops;
  std::vector<std::string> supported_dtypes;  // empty: all
  bool dynamic_shapes = true;                 // false: only values of fully known shape
  RuntimeHint runtime;
};

// How bytes get from one device to another. A transfer runs through the segments one after the
// other (each ends in a device's memory or passes switches without a stop) and holds all its
// channels for its whole duration.
struct Route {
  struct Segment {
    Picos latency = 0;
    int64_t bandwidth = 0;  // bytes/s, of the slowest link in the segment
    friend bool operator==(const Segment&, const Segment&) = default;
  };
  std::vector<Segment> segments;
  std::vector<ChannelId> channels;  // ascending, each once

  Picos Time(Bytes bytes) const;
  friend bool operator==(const Route&, const Route&) = default;
};

// A wire between two endpoints (devices or switches), usable both ways.
struct Link {
  std::string from, to;
  int64_t bandwidth = 0;  // bytes/s, per direction unless half_duplex
  Picos latency = 0;
  std::string channel;       // links that name the same channel share it; empty: its own
  bool half_duplex = false;  // both directions share one channel
  friend bool operator==(const Link&, const Link&) = default;
};

// A rule of the target or the command line; the first match decides, later rules may still forbid.
struct Rule {
  enum class Effect { kPin, kForbid, kTogether };
  Effect effect = Effect::kPin;
  std::string name_regex;  // matched against the whole node name, see name_pattern.h; empty: any
  std::string op_type;     // empty: any
  std::optional<std::string> domain;
  // Only nodes from which something leads to a node whose name matches, and those themselves; and
  // only nodes to which something leads from one. Empty: wherever a node stands.
  std::string before_regex, after_regex;
  DeviceId device;   // invalid for kTogether, which keeps all that match on one device
  std::string text;  // how the user wrote it, for messages: "rules[2] (pin 'conv.*' to gpu0)"
};

struct Target {
  std::string name;
  IdVector<DeviceId, Device> devices;
  std::vector<std::string> switches;
  std::vector<Link> links;
  // The rest of the topology follows from switches and links: see BuildRoutes() in routing.h.
  IdVector<ChannelId, std::string> channels;  // names
  // routes[from][to]; nullopt: none. The diagonal is an empty route.
  IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>> routes;
  std::vector<Rule> rules;

  std::optional<DeviceId> FindDevice(absl::string_view name) const;
};

}  // namespace allot
