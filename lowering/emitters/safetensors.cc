#include "lowering/emitters/safetensors.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "lowering/constant_bytes.h"
#include "lowering/emitters/torch_types.h"
#include "support/status.h"

namespace allot {
namespace {

std::string Dtype(ir::ElementType element) {
  switch (element) {
    case ir::ElementType::kBool:
      return "BOOL";
    case ir::ElementType::kBfloat16:
      return "BF16";
    case ir::ElementType::kFloat8E4M3FN:
      return "F8_E4M3";
    case ir::ElementType::kFloat8E5M2:
      return "F8_E5M2";
    default:
      break;
  }
  const absl::string_view torch = TorchElement(element);
  if (torch[0] == 's') return absl::StrCat("I", torch.substr(2));
  if (torch[0] == 'u') return absl::StrCat("U", torch.substr(2));
  if (torch[0] == 'f' && torch[1] != '8') return absl::StrCat("F", torch.substr(1));
  return "";
}

}  // namespace

absl::Status SafetensorsFile::Add(const ir::Module& module, const std::string& name,
                                  const ir::Constant& constant) {
  const std::string dtype = Dtype(constant.element);
  if (dtype.empty()) {
    return InputError("tensor '", name, "' is ", ir::DtypeName(constant.element),
                      ", which parameter files cannot hold");
  }
  const int64_t begin = data_.size();
  ir::Constant named = constant;
  named.name = name;
  ALLOT_RETURN_IF_ERROR(AppendElements(module, named, data_));
  Json::Array shape(constant.dims.begin(), constant.dims.end());
  header_.emplace_back(name, Json::Object{{"dtype", dtype},
                                          {"shape", std::move(shape)},
                                          {"data_offsets", Json::Array{begin, data_.size()}}});
  return absl::OkStatus();
}

std::vector<FileChunk> SafetensorsFile::TakeChunks() && {
  // Spaces end the header so that the data begin where a cache line does.
  constexpr size_t kAlignment = 64, kLengthBytes = 8;
  std::string header = PrintJsonCompact(Json(std::move(header_)));
  header.append((kAlignment - (kLengthBytes + header.size()) % kAlignment) % kAlignment, ' ');
  std::string start;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    start += static_cast<char>((header.size() >> (8 * i)) & 0xff);
  }
  ByteRope file(start + header);
  file.Append(std::move(data_));
  return std::move(file).TakeChunks();
}

}  // namespace allot
