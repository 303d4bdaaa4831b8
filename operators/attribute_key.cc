#include "operators/attribute_key.h"

#include <cstring>
#include <unordered_map>
#include <variant>

#include "absl/strings/str_cat.h"

namespace allot {
namespace {

// Lengths first, so that no text can pass for another.
void AppendText(const std::string& text, std::string& key) {
  absl::StrAppend(&key, text.size(), ":", text);
}

void AppendBits(float value, std::string& key) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  absl::StrAppend(&key, bits, ",");
}

struct Appender {
  absl::Span<const ir::ConstantId> same_constant;
  std::string& key;

  void operator()(int64_t value) const { absl::StrAppend(&key, value); }
  void operator()(float value) const { AppendBits(value, key); }
  void operator()(const std::string& value) const { AppendText(value, key); }
  void operator()(const std::vector<int64_t>& values) const {
    for (const int64_t value : values) absl::StrAppend(&key, value, ",");
  }
  void operator()(const std::vector<float>& values) const {
    for (const float value : values) AppendBits(value, key);
  }
  void operator()(const std::vector<std::string>& values) const {
    for (const std::string& value : values) AppendText(value, key);
  }
  void operator()(ir::ConstantId id) const {
    const size_t index = static_cast<size_t>(id.index());
    absl::StrAppend(&key, index < same_constant.size() ? same_constant[index].index() : id.index());
  }
  void operator()(ir::RegionIndex region) const { absl::StrAppend(&key, region.index); }
  void operator()(const ir::AttributeReference& reference) const {
    absl::StrAppend(&key, reference.type, ",");
    AppendText(reference.name, key);
  }
  void operator()(const ir::OpaqueAttribute& opaque) const { AppendText(opaque.proto, key); }
};

}  // namespace

void AppendAttributeKey(const ir::Attribute& attribute,
                        absl::Span<const ir::ConstantId> same_constant, std::string& key) {
  absl::StrAppend(&key, "(", attribute.value.index(), " ");
  std::visit(Appender{same_constant, key}, attribute.value);
  key += ")";
}

IdVector<ir::ConstantId, ir::ConstantId> EqualConstants(const ir::ConstantPool& constants,
                                                        int64_t largest) {
  IdVector<ir::ConstantId, ir::ConstantId> same(constants.size());
  std::unordered_map<std::string, ir::ConstantId> first;
  for (const ir::ConstantId id : constants.ids()) {
    const ir::Constant& constant = constants[id];
    same[id] = id;
    std::string key = absl::StrCat(static_cast<int>(constant.element), "[");
    for (const int64_t dim : constant.dims) absl::StrAppend(&key, dim, ",");
    if (const auto* stored = std::get_if<ir::InlineBytes>(&constant.storage)) {
      const size_t size = stored->bytes == nullptr ? 0 : stored->bytes->size();
      if (static_cast<int64_t>(size) > largest) {
        // Bytes are shared where constants were copied.
        absl::StrAppend(&key, "@", reinterpret_cast<uintptr_t>(stored->bytes.get()));
      } else {
        key += "=";
        if (size > 0) key += *stored->bytes;
      }
    } else if (const auto* file = std::get_if<ir::FileBytes>(&constant.storage)) {
      absl::StrAppend(&key, "file ", static_cast<int>(file->home), " ", file->offset, " ",
                      file->length, " ", file->location);
    } else if (const auto* view = std::get_if<ir::FileView>(&constant.storage)) {
      absl::StrAppend(&key, "view ", static_cast<int>(view->whole.home), " ", view->whole.offset,
                      " ", view->whole.length, " ", view->whole.location);
      for (size_t axis = 0; axis < view->kept.size(); ++axis) {
        absl::StrAppend(&key, " ", view->whole_dims[axis], ":");
        for (const ir::IndexRun& run : view->kept[axis]) {
          absl::StrAppend(&key, run.begin, "-", run.end, ",");
        }
      }
    } else {
      continue;
    }
    same[id] = first.emplace(std::move(key), id).first->second;
  }
  return same;
}

}  // namespace allot
