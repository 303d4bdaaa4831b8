#include "passes/sparsity/sparse_tensor.h"

#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/string_view.h"

#include "support/status.h"

namespace allot {
namespace {

// Fields of ONNX's messages (onnx.proto).
constexpr int kSparseValues = 1, kSparseIndices = 2;
constexpr int kDims = 1, kInt32Data = 5, kFloatData = 4, kInt64Data = 7, kRawData = 9;
constexpr int kDoubleData = 10, kUint64Data = 11, kDataLocation = 14;

// One field after the other of a message in protocol buffers' wire format.
class WireReader {
 public:
  explicit WireReader(absl::string_view message) : rest_(message) {}

  // False at the end or where the message is malformed.
  bool Next() {
    uint64_t tag = 0;
    if (rest_.empty() || !Varint(tag)) return false;
    number_ = static_cast<int>(tag >> 3);
    wire_type_ = static_cast<int>(tag & 7);
    number_value_ = 0, bytes_ = {};
    if (wire_type_ == 0) return Varint(number_value_);
    uint64_t length = wire_type_ == 1 ? 8 : 4;
    if (wire_type_ == 2) {
      if (!Varint(length)) return false;
    } else if (wire_type_ != 1 && wire_type_ != 5) {
      ok_ = false;
    }
    if (length > rest_.size()) ok_ = false;
    if (!ok_) return false;
    bytes_ = rest_.substr(0, static_cast<size_t>(length));
    rest_.remove_prefix(static_cast<size_t>(length));
    return true;
  }

  bool ok() const { return ok_; }
  int number() const { return number_; }
  bool is_number() const { return wire_type_ == 0; }
  uint64_t value() const { return number_value_; }
  // The payload, of fixed numbers their bytes.
  absl::string_view bytes() const { return bytes_; }

 private:
  bool Varint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_[0]);
      rest_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return true;
    }
    ok_ = false;
    return false;
  }

  absl::string_view rest_, bytes_;
  int number_ = 0, wire_type_ = 0;
  uint64_t number_value_ = 0;
  bool ok_ = true;
};

// Numbers of a repeated field, packed or one by one.
bool AppendVarints(const WireReader& field, std::vector<int64_t>& numbers) {
  if (field.is_number()) {
    numbers.push_back(static_cast<int64_t>(field.value()));
    return true;
  }
  absl::string_view rest = field.bytes();
  while (!rest.empty()) {
    uint64_t value = 0;
    int shift = 0;
    for (;; shift += 7) {
      if (rest.empty() || shift > 63) return false;
      const auto byte = static_cast<unsigned char>(rest[0]);
      rest.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) break;
    }
    numbers.push_back(static_cast<int64_t>(value));
  }
  return true;
}

struct PlainTensor {
  std::vector<int64_t> dims;
  std::string elements;
};

absl::StatusOr<PlainTensor> ReadTensor(absl::string_view message, size_t width) {
  PlainTensor tensor;
  std::vector<int64_t> numbers;
  WireReader reader(message);
  while (reader.Next()) {
    bool ok = true;
    switch (reader.number()) {
      case kDims:
        ok = AppendVarints(reader, tensor.dims);
        break;
      case kRawData:
      case kFloatData:
      case kDoubleData:
        tensor.elements.append(reader.bytes().data(), reader.bytes().size());
        break;
      case kInt32Data:
      case kInt64Data:
      case kUint64Data:
        ok = AppendVarints(reader, numbers);
        break;
      case kDataLocation:
        if (reader.value() != 0) return InputError("keeps its elements in another file");
        break;
      default:
        break;
    }
    if (!ok) return InputError("its message is malformed");
  }
  if (!reader.ok()) return InputError("its message is malformed");
  for (const int64_t number : numbers) {
    tensor.elements.append(reinterpret_cast<const char*>(&number), width);
  }
  return tensor;
}

std::optional<int64_t> Elements(const std::vector<int64_t>& dims) {
  int64_t count = 1;
  for (const int64_t dim : dims) {
    if (dim < 0 || __builtin_mul_overflow(count, dim, &count)) return std::nullopt;
  }
  return count;
}

}  // namespace

absl::StatusOr<SparseElements> ReadSparse(const ir::Constant& constant) {
  const auto* const opaque = std::get_if<ir::OpaqueTensor>(&constant.storage);
  const int bits = ir::BitWidth(constant.element);
  if (opaque == nullptr || !opaque->sparse || opaque->proto == nullptr || bits < 8) {
    return InputError("is no sparse tensor of whole bytes");
  }
  const auto width = static_cast<size_t>(bits / 8);
  PlainTensor values, indices;
  WireReader reader(*opaque->proto);
  while (reader.Next()) {
    if (reader.number() == kSparseValues) {
      ALLOT_ASSIGN_OR_RETURN(values, ReadTensor(reader.bytes(), width), "values: ");
    } else if (reader.number() == kSparseIndices) {
      ALLOT_ASSIGN_OR_RETURN(indices, ReadTensor(reader.bytes(), 8), "indices: ");
    }
  }
  if (!reader.ok()) return InputError("its message is malformed");
  SparseElements sparse;
  sparse.values = std::move(values.elements);
  const size_t count = sparse.values.size() / width;
  const size_t rank = constant.dims.size();
  const std::optional<int64_t> size = Elements(constant.dims);
  const bool by_axis = indices.dims.size() == 2 && indices.dims[1] == static_cast<int64_t>(rank);
  const size_t each = by_axis ? rank : 1;
  if (sparse.values.size() % width != 0 || indices.elements.size() != count * each * 8 ||
      !size.has_value()) {
    return InputError("has ", indices.elements.size() / 8, " indices for ", count, " values");
  }
  sparse.indices.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    int64_t index = 0;
    for (size_t axis = 0; axis < each; ++axis) {
      int64_t number = 0;
      std::memcpy(&number, indices.elements.data() + (i * each + axis) * 8, 8);
      const int64_t limit = by_axis ? constant.dims[axis] : *size;
      if (number < 0 || number >= limit) {
        return InputError("index ", number, " is not below ", limit);
      }
      index = by_axis ? index * limit + number : number;
    }
    sparse.indices.push_back(index);
  }
  return sparse;
}

}  // namespace allot
