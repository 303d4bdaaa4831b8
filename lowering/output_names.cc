#include "lowering/output_names.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace allot {

std::string SafeName(absl::string_view text) {
  constexpr size_t kLongest = 100;
  std::string name;
  for (char c : text.substr(0, kLongest)) {
    const bool plain =
        absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
    name += plain ? c : '_';
  }
  if (name.empty()) return "model";
  if (name[0] == '.' || name[0] == '-') name[0] = '_';
  return name;
}

std::string FileStem(const ir::Module& module) {
  absl::string_view name = module.source_file;
  const size_t slash = name.rfind('/');
  if (slash != absl::string_view::npos) name.remove_prefix(slash + 1);
  for (absl::string_view ending : {".onnx", ".mlir"}) {
    if (absl::EndsWith(name, ending)) {
      name.remove_suffix(ending.size());
      break;
    }
  }
  return SafeName(name);
}

IdVector<DeviceId, std::string> DeviceLabels(const Target& target) {
  IdVector<DeviceId, std::string> labels;
  std::set<std::string> taken;
  for (DeviceId device : target.devices.ids()) {
    const std::string name = SafeName(target.devices[device].name);
    std::string label = name;
    for (int32_t suffix = device.index(); !taken.insert(label).second; ++suffix) {
      label = absl::StrCat(name, "_", suffix);
    }
    labels.Add(std::move(label));
  }
  return labels;
}

std::string PieceFileName(absl::string_view stem, size_t index, absl::string_view device_label) {
  return absl::StrFormat("%s.%05d_%s.onnx", stem, index, device_label);
}

}  // namespace allot
