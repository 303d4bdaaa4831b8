#include "lowering/constant_bytes.h"

#include <string>

#include "lowering/to_onnx.h"
#include "support/status.h"

namespace allot {

const ir::FileBytes* FileOf(const ir::Constant& constant) {
  if (const auto* view = std::get_if<ir::FileView>(&constant.storage)) return &view->whole;
  return std::get_if<ir::FileBytes>(&constant.storage);
}

bool IsExternalView(const ir::Constant& constant) {
  const auto* view = std::get_if<ir::FileView>(&constant.storage);
  return view != nullptr && view->whole.home == ir::FileBytes::Home::kExternalFile;
}

absl::Status AppendElements(const ir::Module& module, const ir::Constant& constant,
                            ByteRope& rope) {
  if (const auto* memory = std::get_if<ir::InlineBytes>(&constant.storage)) {
    if (memory->bytes != nullptr) rope.Append(*memory->bytes);
    return absl::OkStatus();
  }
  const ir::FileBytes* file = FileOf(constant);
  if (file == nullptr) {
    return InputError("tensor '", constant.name, "' holds no numbers that could be copied");
  }
  const auto* view = std::get_if<ir::FileView>(&constant.storage);
  ir::Constant whole;
  whole.element = constant.element;
  whole.dims = view == nullptr ? constant.dims : view->whole_dims;
  const int64_t length = whole.bytes();
  if (file->offset < 0 || (file->length >= 0 && file->length < length)) {
    return InputError("tensor '", constant.name, "' has ", file->length, " bytes of data in '",
                      file->location, "' but needs ", length);
  }
  ALLOT_ASSIGN_OR_RETURN(const std::string path, DataPath(module, *file), "tensor '", constant.name,
                         "': ");
  if (view == nullptr) {
    rope.AppendFileRange(path, file->offset, length);
    return absl::OkStatus();
  }
  ir::VisitBytes(*view, constant.element, [&](ir::ByteRanges ranges) {
    ranges.offset = SaturatingAdd(ranges.offset, file->offset);
    rope.AppendFileRanges(path, ranges);
  });
  return absl::OkStatus();
}

}  // namespace allot
