#include "ir/constant.h"

#include <optional>
#include <utility>

namespace allot::ir {
namespace {

bool SameBytes(const std::shared_ptr<const std::string>& a,
               const std::shared_ptr<const std::string>& b) {
  if (a == b) return true;
  if (a == nullptr || b == nullptr) return (a == nullptr ? *b : *a).empty();
  return *a == *b;
}

bool SameStorage(const Constant& a, const Constant& b) {
  if (a.storage.index() != b.storage.index()) return false;
  if (const auto* inlined = std::get_if<InlineBytes>(&a.storage)) {
    return SameBytes(inlined->bytes, std::get<InlineBytes>(b.storage).bytes);
  }
  if (const auto* file = std::get_if<FileBytes>(&a.storage)) {
    return *file == std::get<FileBytes>(b.storage);
  }
  if (const auto* view = std::get_if<FileView>(&a.storage)) {
    return *view == std::get<FileView>(b.storage);
  }
  const auto& opaque = std::get<OpaqueTensor>(a.storage);
  const auto& other = std::get<OpaqueTensor>(b.storage);
  return opaque.sparse == other.sparse && SameBytes(opaque.proto, other.proto);
}

}  // namespace

Type Constant::type() const {
  Shape shape;
  for (const int64_t dim : dims) shape.push_back(Dim::Known(dim));
  Type type = Type::Tensor(element, std::move(shape));
  const auto* opaque = std::get_if<OpaqueTensor>(&storage);
  if (opaque != nullptr && opaque->sparse) type.kind = Type::Kind::kSparseTensor;
  return type;
}

int64_t Constant::bytes() const {
  Shape shape;
  for (const int64_t dim : dims) shape.push_back(Dim::Known(dim));
  return PackedBytes(element, NumElements(shape).value_or(0));
}

std::optional<std::vector<int64_t>> Constant::AsIntegers() const {
  const auto* inlined = std::get_if<InlineBytes>(&storage);
  if (inlined == nullptr) return std::nullopt;
  if (element != ElementType::kInt32 && element != ElementType::kInt64) return std::nullopt;
  const absl::string_view data =
      inlined->bytes == nullptr ? absl::string_view() : absl::string_view(*inlined->bytes);
  const size_t width = element == ElementType::kInt32 ? 4 : 8;
  if (static_cast<int64_t>(data.size()) != bytes()) return std::nullopt;
  std::vector<int64_t> elements;
  elements.reserve(data.size() / width);
  for (size_t at = 0; at < data.size(); at += width) {
    uint64_t bits = 0;
    for (size_t i = 0; i < width; ++i) {
      bits |= static_cast<uint64_t>(static_cast<unsigned char>(data[at + i])) << (8 * i);
    }
    elements.push_back(width == 4 ? static_cast<int64_t>(static_cast<int32_t>(bits))
                                  : static_cast<int64_t>(bits));
  }
  return elements;
}

bool operator==(const Constant& a, const Constant& b) {
  return a.name == b.name && a.element == b.element && a.dims == b.dims && a.doc == b.doc &&
         a.unknown_fields == b.unknown_fields && SameStorage(a, b);
}

}  // namespace allot::ir
