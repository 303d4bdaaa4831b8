#include "onnx_import/weight_ranges.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/unknown_field_set.h"
#include "support/status.h"

namespace allot {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::UnknownFieldSet;
using onnx::AttributeProto;
using onnx::TensorProto;

namespace {

// A field of TensorProto that only this file writes: offset and length, 8 bytes each. A file that
// has it is refused, so that a mark cannot be forged.
constexpr int kMark = 468'413'101;

enum WireType : uint32_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,
  kGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5,
};

struct Field {
  uint32_t number = 0;
  uint32_t wire = 0;
  size_t begin = 0;    // of the tag
  size_t content = 0;  // of the payload
  size_t end = 0;
  uint64_t varint = 0;
};

void AppendVarint(uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void AppendFixed64(int64_t value, std::string& out) {
  for (int i = 0; i < 8; ++i)
    out.push_back(static_cast<char>(static_cast<uint64_t>(value) >> (8 * i)));
}

int64_t ReadFixed64(const char* bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) {
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return static_cast<int64_t>(value);
}

// One walk over one file. Methods read [begin, end) of the file and append to `out_`.
class Walk {
 public:
  Walk(absl::string_view file, int64_t reference_at_least, std::string* out)
      : file_(file), reference_at_least_(reference_at_least), out_(out) {}

  absl::Status Model() {
    return Message(onnx::ModelProto::descriptor(), 0, file_.size(), 0, reference_at_least_ >= 0);
  }

 private:
  // A step from a message to one of its fields, for errors.
  struct Step {
    const FieldDescriptor* field;
    int index;
  };
  // Lengths are written as varints of this many bytes, so that they can be filled in afterwards.
  static constexpr size_t kLengthBytes = 5;

  absl::Status Broken(absl::string_view what, size_t at) const {
    std::string place;
    for (const Step& step : path_) {
      absl::StrAppend(&place, place.empty() ? "" : ".", step.field->name());
      if (step.field->is_repeated()) absl::StrAppend(&place, "[", step.index, "]");
    }
    return InputError(what, " at byte ", at, place.empty() ? "" : ", in ", place,
                      ": the file is damaged, incomplete or no ONNX model");
  }

  absl::Status Varint(size_t& at, size_t end, uint64_t& value) const {
    value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (at >= end) return Broken(at >= file_.size() ? "truncated" : "a number is cut off", at);
      const auto byte = static_cast<unsigned char>(file_[at++]);
      value |= static_cast<uint64_t>(byte & 0x7f) << std::min(shift, 63);
      if (byte < 0x80) return absl::OkStatus();
    }
    return Broken("a number of more than ten bytes", at);
  }

  absl::Status Skip(uint64_t bytes, size_t& at, size_t end) const {
    if (bytes > end - at) {
      if (bytes > file_.size() - at) return Broken("truncated", file_.size());
      return Broken("a field is longer than the message around it", at);
    }
    at += static_cast<size_t>(bytes);
    return absl::OkStatus();
  }

  absl::StatusOr<Field> ReadField(size_t at, size_t end, int depth) const {
    Field field;
    field.begin = at;
    uint64_t tag = 0;
    ALLOT_RETURN_IF_ERROR(Varint(at, end, tag));
    if (tag > std::numeric_limits<uint32_t>::max() || (tag >> 3) == 0) {
      return Broken("an impossible field", field.begin);
    }
    field.number = static_cast<uint32_t>(tag >> 3);
    field.wire = static_cast<uint32_t>(tag & 7);
    field.content = at;
    switch (field.wire) {
      case kVarint:
        ALLOT_RETURN_IF_ERROR(Varint(at, end, field.varint));
        break;
      case kFixed64:
        ALLOT_RETURN_IF_ERROR(Skip(8, at, end));
        break;
      case kFixed32:
        ALLOT_RETURN_IF_ERROR(Skip(4, at, end));
        break;
      case kBytes: {
        uint64_t length = 0;
        ALLOT_RETURN_IF_ERROR(Varint(at, end, length));
        field.content = at;
        ALLOT_RETURN_IF_ERROR(Skip(length, at, end));
        break;
      }
      case kGroup:
        ALLOT_RETURN_IF_ERROR(SkipGroup(field.number, at, end, depth + 1));
        break;
      default:
        return Broken("an impossible field", field.begin);
    }
    field.end = at;
    return field;
  }

  // ONNX has no groups, but unknown fields may be of any kind.
  absl::Status SkipGroup(uint32_t number, size_t& at, size_t end, int depth) const {
    if (depth > kMaxMessageDepth) return TooDeep(at);
    while (true) {
      size_t next = at;
      uint64_t tag = 0;
      ALLOT_RETURN_IF_ERROR(Varint(next, end, tag));
      if ((tag & 7) == kEndGroup) {
        at = next;
        if ((tag >> 3) == number) return absl::OkStatus();
        return Broken("an impossible field", at);
      }
      ALLOT_ASSIGN_OR_RETURN(const Field field, ReadField(at, end, depth));
      at = field.end;
    }
  }

  absl::Status TooDeep(size_t at) const {
    return InputError("messages are nested deeper than ", kMaxMessageDepth, " at byte ", at,
                      "; readers of ONNX refuse such models");
  }

  // Whether tensors below this field may become ranges.
  static bool LeadsToWeights(const Descriptor* type, uint32_t number) {
    if (type == onnx::ModelProto::descriptor()) {
      return number == onnx::ModelProto::kGraphFieldNumber ||
             number == onnx::ModelProto::kFunctionsFieldNumber;
    }
    if (type == onnx::GraphProto::descriptor()) {
      return number == onnx::GraphProto::kNodeFieldNumber ||
             number == onnx::GraphProto::kInitializerFieldNumber;
    }
    if (type == onnx::FunctionProto::descriptor()) {
      return number == onnx::FunctionProto::kNodeFieldNumber;
    }
    if (type == onnx::NodeProto::descriptor()) {
      return number == onnx::NodeProto::kAttributeFieldNumber;
    }
    return type == AttributeProto::descriptor() &&
           (number == AttributeProto::kTFieldNumber || number == AttributeProto::kGFieldNumber);
  }

  absl::Status Message(const Descriptor* type, size_t begin, size_t end, int depth, bool rewrite) {
    if (depth > kMaxMessageDepth) return TooDeep(begin);
    if (rewrite && type == AttributeProto::descriptor()) {
      ALLOT_ASSIGN_OR_RETURN(rewrite, HoldsOneValue(begin, end, depth));
      if (!rewrite) {
        Copy(begin, end);
        return Message(type, begin, end, depth, false);
      }
    }
    const bool is_tensor = type == TensorProto::descriptor();
    std::array<int, 32> seen{};  // how often each field occurred, for errors
    size_t at = begin;
    size_t copied = begin;
    while (at < end) {
      ALLOT_ASSIGN_OR_RETURN(const Field field, ReadField(at, end, depth));
      at = field.end;
      if (is_tensor && field.number == kMark) {
        return Broken("a field that is no part of ONNX", field.begin);
      }
      if (field.wire != kBytes) continue;
      const FieldDescriptor* known = type->FindFieldByNumber(static_cast<int>(field.number));
      if (known == nullptr || known->type() != FieldDescriptor::TYPE_MESSAGE) continue;
      const size_t slot = std::min<size_t>(field.number, seen.size() - 1);
      path_.push_back({known, seen[slot]++});
      if (rewrite && LeadsToWeights(type, field.number)) {
        Copy(copied, field.begin);
        copied = field.end;
        AppendVarint(field.number << 3 | kBytes, *out_);
        const size_t length_at = out_->size();
        out_->append(kLengthBytes, '\0');
        ALLOT_RETURN_IF_ERROR(
            known->message_type() == TensorProto::descriptor()
                ? Tensor(field.content, field.end, depth + 1)
                : Message(known->message_type(), field.content, field.end, depth + 1, true));
        FillLength(length_at);
      } else {
        ALLOT_RETURN_IF_ERROR(
            Message(known->message_type(), field.content, field.end, depth + 1, false));
      }
      path_.pop_back();
    }
    if (rewrite) Copy(copied, end);
    return absl::OkStatus();
  }

  // Whether the attribute is plainly one tensor or one graph. Others are carried as bytes, which
  // must be the file's.
  absl::StatusOr<bool> HoldsOneValue(size_t begin, size_t end, int depth) const {
    int types = 0;
    int tensors = 0;
    int graphs = 0;
    bool reference = false;
    uint64_t type = 0;
    for (size_t at = begin; at < end;) {
      ALLOT_ASSIGN_OR_RETURN(const Field field, ReadField(at, end, depth));
      at = field.end;
      if (field.number == AttributeProto::kTypeFieldNumber) {
        ++types;
        type = field.varint;
      }
      if (field.number == AttributeProto::kTFieldNumber) ++tensors;
      if (field.number == AttributeProto::kGFieldNumber) ++graphs;
      if (field.number == AttributeProto::kRefAttrNameFieldNumber) reference = true;
    }
    if (types != 1 || reference) return false;
    return (type == AttributeProto::TENSOR && tensors == 1 && graphs == 0) ||
           (type == AttributeProto::GRAPH && graphs == 1 && tensors == 0);
  }

  absl::Status Tensor(size_t begin, size_t end, int depth) {
    ALLOT_RETURN_IF_ERROR(Message(TensorProto::descriptor(), begin, end, depth, false));
    ALLOT_ASSIGN_OR_RETURN(const std::optional<Field> elements, LargeElements(begin, end, depth));
    if (!elements.has_value()) {
      Copy(begin, end);
      return absl::OkStatus();
    }
    Copy(begin, elements->begin);
    Copy(elements->end, end);
    AppendVarint(static_cast<uint64_t>(kMark) << 3 | kBytes, *out_);
    AppendVarint(16, *out_);
    AppendFixed64(static_cast<int64_t>(elements->content), *out_);
    AppendFixed64(static_cast<int64_t>(elements->end - elements->content), *out_);
    return absl::OkStatus();
  }

  // The one field with the elements of a tensor, if they are many and stand there as in memory.
  absl::StatusOr<std::optional<Field>> LargeElements(size_t begin, size_t end, int depth) const {
    std::optional<Field> raw, floats, doubles;
    uint64_t data_type = 0;
    bool plain = true;
    for (size_t at = begin; at < end;) {
      ALLOT_ASSIGN_OR_RETURN(const Field field, ReadField(at, end, depth));
      at = field.end;
      std::optional<Field>* elements = nullptr;
      switch (field.number) {
        case TensorProto::kDataTypeFieldNumber:
          data_type = field.varint;
          break;
        case TensorProto::kSegmentFieldNumber:
          plain = false;
          break;
        case TensorProto::kDataLocationFieldNumber:
          plain = plain && field.varint == TensorProto::DEFAULT;
          break;
        case TensorProto::kRawDataFieldNumber:
          elements = &raw;
          break;
        case TensorProto::kFloatDataFieldNumber:
          elements = &floats;
          break;
        case TensorProto::kDoubleDataFieldNumber:
          elements = &doubles;
          break;
        default:
          break;
      }
      if (elements == nullptr) continue;
      plain = plain && field.wire == kBytes && !elements->has_value();
      *elements = field;
    }
    if (!plain || data_type == TensorProto::STRING) return std::optional<Field>();
    std::optional<Field> found = raw;
    if (!found && (data_type == TensorProto::FLOAT || data_type == TensorProto::COMPLEX64)) {
      found = floats;
    }
    if (!found && (data_type == TensorProto::DOUBLE || data_type == TensorProto::COMPLEX128)) {
      found = doubles;
    }
    if (!found || static_cast<int64_t>(found->end - found->content) < reference_at_least_ ||
        found->end == found->content) {
      return std::optional<Field>();
    }
    return found;
  }

  void Copy(size_t begin, size_t end) { out_->append(file_.data() + begin, end - begin); }

  void FillLength(size_t at) {
    size_t length = out_->size() - at - kLengthBytes;
    for (size_t i = 0; i < kLengthBytes; ++i) {
      const bool last = i + 1 == kLengthBytes;
      (*out_)[at + i] = static_cast<char>((length & 0x7f) | (last ? 0 : 0x80));
      length >>= 7;
    }
  }

  const absl::string_view file_;
  const int64_t reference_at_least_;
  std::string* const out_;
  std::vector<Step> path_;
};

}  // namespace

absl::Status ParseWithoutWeights(absl::string_view file, int64_t reference_at_least,
                                 onnx::ModelProto* model) {
  std::string graph;
  ALLOT_RETURN_IF_ERROR(Walk(file, reference_at_least, &graph).Model());
  const absl::string_view bytes = reference_at_least >= 0 ? absl::string_view(graph) : file;
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return InputError(
        "more than 2 GiB remain without the weights, which no protobuf message can "
        "hold; store the tensors as external data");
  }
  if (!model->ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return InputError("the file is no valid protobuf message: it is damaged or no ONNX model");
  }
  return absl::OkStatus();
}

std::optional<WeightRange> TakeWeightRange(TensorProto* tensor) {
  UnknownFieldSet* unknown = tensor->GetReflection()->MutableUnknownFields(tensor);
  std::optional<WeightRange> range;
  for (int i = 0; i < unknown->field_count(); ++i) {
    const auto& field = unknown->field(i);
    if (field.number() != kMark ||
        field.type() != google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED ||
        field.length_delimited().size() != 16) {
      continue;
    }
    const char* bytes = field.length_delimited().data();
    range = WeightRange{ReadFixed64(bytes), ReadFixed64(bytes + 8)};
  }
  if (range.has_value()) unknown->DeleteByNumber(kMark);
  return range;
}

}  // namespace allot
