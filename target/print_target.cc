// The writing half of target_json.h.
#include <string>
#include <utility>
#include <vector>

#include "support/json.h"
#include "target/quantity.h"
#include "target/target_json.h"

namespace allot {
namespace {

// Picoseconds as microseconds: an integer if it is one.
Json Micros(Picos time) {
  if (time % kPicosPerMicro == 0) return Json(time / kPicosPerMicro);
  return Json(ToMicros(time));
}

Json Names(const std::vector<std::string>& names) {
  Json::Array array;
  for (const std::string& name : names) array.emplace_back(name);
  return Json(std::move(array));
}

Json DeviceToJson(const Device& device) {
  Json::Object object = {{"name", device.name},
                         {"kind", device.kind},
                         {"memory", PrintQuantity(device.memory, Unit::kBytes)}};
  if (!device.host.empty()) object.emplace_back("host", device.host);
  Json::Object flops;
  for (const auto& [dtype, rate] : device.flops) {
    flops.emplace_back(dtype, PrintQuantity(rate, Unit::kFlopsPerSecond));
  }
  object.emplace_back("flops", std::move(flops));
  object.emplace_back("memory_bandwidth",
                      PrintQuantity(device.memory_bandwidth, Unit::kBytesPerSecond));
  if (device.part_cost != 0) object.emplace_back("part_cost_us", Micros(device.part_cost));
  if (device.op_cost != 0) object.emplace_back("op_cost_us", Micros(device.op_cost));
  if (device.max_parts != 0) object.emplace_back("max_parts", device.max_parts);
  if (device.copies) object.emplace_back("copies", true);
  Json::Object supports;
  if (!device.supported_ops.empty()) supports.emplace_back("ops", Names(device.supported_ops));
  if (!device.unsupported_ops.empty()) {
    supports.emplace_back("except", Names(device.unsupported_ops));
  }
  if (!device.supported_dtypes.empty()) {
    supports.emplace_back("dtypes", Names(device.supported_dtypes));
  }
  if (!device.dynamic_shapes) supports.emplace_back("dynamic_shapes", false);
  if (!supports.empty()) object.emplace_back("supports", std::move(supports));
  Json::Object runtime;
  if (!device.runtime.provider.empty()) runtime.emplace_back("provider", device.runtime.provider);
  if (device.runtime.ordinal != 0) runtime.emplace_back("ordinal", device.runtime.ordinal);
  if (device.runtime.threads != 0) runtime.emplace_back("threads", device.runtime.threads);
  if (!device.runtime.cores.empty()) runtime.emplace_back("cores", device.runtime.cores);
  if (!runtime.empty()) object.emplace_back("runtime", std::move(runtime));
  return Json(std::move(object));
}

Json LinkToJson(const Link& link) {
  Json::Object object = {{"from", link.from},
                         {"to", link.to},
                         {"bandwidth", PrintQuantity(link.bandwidth, Unit::kBytesPerSecond)}};
  if (link.latency != 0) object.emplace_back("latency_us", Micros(link.latency));
  if (!link.channel.empty()) object.emplace_back("channel", link.channel);
  if (link.half_duplex) object.emplace_back("duplex", "half");
  return Json(std::move(object));
}

Json RuleToJson(const Rule& rule, const Target& target) {
  Json::Object object;
  if (rule.effect == Rule::Effect::kTogether) {
    object.emplace_back("together", true);
  } else {
    const std::string device =
        target.devices.Contains(rule.device) ? target.devices[rule.device].name : "";
    object.emplace_back(rule.effect == Rule::Effect::kPin ? "pin" : "forbid", device);
  }
  if (!rule.name_regex.empty()) object.emplace_back("name", rule.name_regex);
  if (!rule.op_type.empty()) object.emplace_back("op", rule.op_type);
  if (rule.domain.has_value()) {
    object.emplace_back("domain", rule.domain->empty() ? std::string("ai.onnx") : *rule.domain);
  }
  if (!rule.before_regex.empty()) object.emplace_back("before", rule.before_regex);
  if (!rule.after_regex.empty()) object.emplace_back("after", rule.after_regex);
  return Json(std::move(object));
}

}  // namespace

std::string PrintTarget(const Target& target) {
  Json::Object object = {{"schema", kTargetSchema}, {"name", target.name}};
  Json::Array devices;
  for (const Device& device : target.devices) devices.push_back(DeviceToJson(device));
  object.emplace_back("devices", std::move(devices));
  Json::Object topology;
  if (!target.switches.empty()) topology.emplace_back("switches", Names(target.switches));
  if (!target.links.empty()) {
    Json::Array links;
    for (const Link& link : target.links) links.push_back(LinkToJson(link));
    topology.emplace_back("links", std::move(links));
  }
  if (!topology.empty()) object.emplace_back("topology", std::move(topology));
  if (!target.rules.empty()) {
    Json::Array rules;
    for (const Rule& rule : target.rules) rules.push_back(RuleToJson(rule, target));
    object.emplace_back("rules", std::move(rules));
  }
  return PrintJson(Json(std::move(object))) + "\n";
}

}  // namespace allot
