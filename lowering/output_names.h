// Names in outputs: safe as file names and inside ONNX Runtime's option strings, and unique.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

#include "ir/module.h"
#include "target/target.h"

namespace allot {

// `text` with everything but letters, digits, '.', '_' and '-' as '_', no leading '.' or '-', at
// most 100 bytes; "model" if nothing is left.
std::string SafeName(absl::string_view text);

// What the files of the model are named after: its file name without ".onnx".
std::string FileStem(const ir::Module& module);

// One label per device: its safe name, made unique by "_<index>" where two devices would share one.
IdVector<DeviceId, std::string> DeviceLabels(const Target& target);

// "resnet.00003_gpu0.onnx"
std::string PieceFileName(absl::string_view stem, size_t index, absl::string_view device_label);

}  // namespace allot
