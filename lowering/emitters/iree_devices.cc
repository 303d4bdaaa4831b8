#include "lowering/emitters/iree_devices.h"

#include <set>

#include "absl/strings/str_cat.h"

#include "lowering/output_names.h"

namespace allot {

IdVector<DeviceId, std::string> IreeSymbols(const Target& target) {
  IdVector<DeviceId, std::string> symbols = DeviceLabels(target);
  std::set<std::string> taken;
  for (DeviceId id : symbols.ids()) {
    std::string& symbol = symbols[id];
    for (char& c : symbol) {
      if (c == '-' || c == '.') c = '_';
    }
    if (symbol[0] >= '0' && symbol[0] <= '9') symbol.insert(0, "_");
    if (!taken.insert(symbol).second) absl::StrAppend(&symbol, "_", id.index());
    taken.insert(symbol);
  }
  return symbols;
}

std::string IreeDriver(const Device& device, int64_t cpu) {
  const std::string& provider = device.runtime.provider;
  const auto numbered = [&](absl::string_view driver) {
    return absl::StrCat(driver, "[", device.runtime.ordinal, "]");
  };
  if (provider == "cpu" || (provider.empty() && device.kind == "cpu")) {
    return absl::StrCat("local[", cpu, "]");
  }
  if (provider == "cuda" || provider == "tensorrt" || provider == "nv_tensorrt_rtx") {
    return numbered("cuda");
  }
  if (provider == "rocm" || provider == "migraphx") return numbered("hip");
  if (device.kind == "gpu") return numbered("vulkan");
  return "DRIVER";
}

}  // namespace allot
