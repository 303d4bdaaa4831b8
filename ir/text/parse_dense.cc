// dense<...> : tensor<...>, elements attributes that stand in the text.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "ir/text/parse_types.h"
#include "support/status.h"

namespace allot::ir::text {
namespace {

// A splat of more elements than this is refused: its few bytes of text would stand for gigabytes.
constexpr int64_t kMaxSplatBytes = int64_t{1} << 30;

// The bits of the nearest float of `exponent_bits` and `mantissa_bits`, ties to even.
uint16_t ShortFloatBits(double value, int exponent_bits, int mantissa_bits) {
  const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const int most = (1 << exponent_bits) - 1;
  const int bias = most / 2;
  const double magnitude = std::fabs(value);
  const auto infinity = static_cast<uint16_t>(sign | most << mantissa_bits);
  if (std::isnan(value)) return static_cast<uint16_t>(infinity | 1 << (mantissa_bits - 1));
  if (std::isinf(value)) return infinity;
  if (magnitude == 0) return sign;
  // As a whole number of the smallest step at its size; below the smallest normal number all steps
  // are equal.
  const int exponent = std::max(std::ilogb(magnitude), 1 - bias);
  const double steps = std::nearbyint(std::ldexp(magnitude, mantissa_bits - exponent));
  const auto whole = static_cast<int64_t>(steps);
  // The mantissa's top bit counts as one of the exponent; a carry goes up by itself.
  const int64_t bits = (static_cast<int64_t>(exponent + bias - 1) << mantissa_bits) + whole;
  return bits >= static_cast<int64_t>(most) << mantissa_bits
             ? infinity
             : static_cast<uint16_t>(sign | static_cast<uint16_t>(bits));
}

template <typename T>
void Append(T value, std::string& out) {
  static_assert(std::endian::native == std::endian::little);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// The low bits of an integer.
void AppendInteger(int64_t value, int bits, std::string& out) {
  for (int shift = 0; shift < bits; shift += 8) {
    out += static_cast<char>(static_cast<uint64_t>(value) >> shift);
  }
}

absl::Status PackOne(const TextReader& reader, ElementType type, const SpelledElement& element,
                     std::string& out) {
  const TextReader::Number& number = element.number;
  const auto real = [&]() -> absl::StatusOr<double> {
    if (element.truth.has_value()) return reader.Error(number.offset, "expected a number");
    return number.hexadecimal ? absl::StatusOr<double>(0) : DoubleOf(reader, number);
  };
  switch (type) {
    case ElementType::kFloat:
    case ElementType::kDouble:
    case ElementType::kFloat16:
    case ElementType::kBfloat16: {
      ALLOT_ASSIGN_OR_RETURN(const double value, real());
      if (number.hexadecimal) {  // the bits themselves
        ALLOT_ASSIGN_OR_RETURN(const int64_t bits, IntegerOf(reader, number));
        AppendInteger(bits, BitWidth(type), out);
      } else if (type == ElementType::kFloat) {
        Append(static_cast<float>(value), out);
      } else if (type == ElementType::kDouble) {
        Append(value, out);
      } else {
        Append(type == ElementType::kFloat16 ? ShortFloatBits(value, 5, 10)
                                             : ShortFloatBits(value, 8, 7),
               out);
      }
      return absl::OkStatus();
    }
    case ElementType::kBool: {
      int64_t value = element.truth.value_or(false) ? 1 : 0;
      if (!element.truth.has_value()) {
        ALLOT_ASSIGN_OR_RETURN(value, IntegerOf(reader, number));
      }
      out += static_cast<char>(value != 0);
      return absl::OkStatus();
    }
    case ElementType::kInt8:
    case ElementType::kUint8:
    case ElementType::kInt16:
    case ElementType::kUint16:
    case ElementType::kInt32:
    case ElementType::kUint32:
    case ElementType::kInt64:
    case ElementType::kUint64: {
      if (element.truth.has_value()) return reader.Error(number.offset, "expected an integer");
      ALLOT_ASSIGN_OR_RETURN(const int64_t value, IntegerOf(reader, number));
      AppendInteger(value, BitWidth(type), out);
      return absl::OkStatus();
    }
    default:
      return reader.Error(number.offset, absl::StrCat("elements of type ", MlirName(type),
                                                      " are written as dense<\"0x...\">"));
  }
}

}  // namespace

absl::StatusOr<std::string> PackElements(const TextReader& reader, const Type& type,
                                         const std::vector<SpelledElement>& elements) {
  std::string bytes;
  for (const SpelledElement& element : elements) {
    ALLOT_RETURN_IF_ERROR(PackOne(reader, type.element, element, bytes));
  }
  return bytes;
}

// Behind "dense".
absl::StatusOr<Attr> TypeParser::ReadDense() {
  ALLOT_RETURN_IF_ERROR(reader_.Expect("<"));
  const size_t start = reader_.Position();
  std::optional<std::string> hex;
  std::vector<SpelledElement> spelled;
  int depth = 0;
  if (reader_.Next("\"")) {
    ALLOT_ASSIGN_OR_RETURN(hex, reader_.ReadString());
    ALLOT_RETURN_IF_ERROR(reader_.Expect(">"));
  } else {
    bool listed = false;
    while (true) {
      SpelledElement element;
      element.number.offset = reader_.Position();
      if (reader_.Consume("[")) {
        listed = true;
        ++depth;
        continue;
      }
      if (reader_.Consume("]")) {
        if (--depth < 0) return reader_.Error(element.number.offset, "expected '>'");
      } else if (depth == 0 && reader_.Consume(">")) {
        break;
      } else if (reader_.Consume("true") || reader_.Next("false")) {
        element.truth = !reader_.Consume("false");
        spelled.push_back(element);
      } else {
        ALLOT_ASSIGN_OR_RETURN(element.number, reader_.ReadNumber());
        spelled.push_back(element);
      }
      reader_.Consume(",");
    }
    if (!listed && spelled.size() > 1) return reader_.Error(start, "expected '['");
    if (listed && spelled.size() == 1) depth = -1;  // a list of one is no splat
  }
  ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
  Elements elements;
  ALLOT_ASSIGN_OR_RETURN(elements.type, ReadType());
  if (!elements.type.is_static()) {
    return reader_.Error(start, "dense<...> has the type of a tensor with all its sizes");
  }
  const int64_t count = *NumElements(*elements.type.shape);
  const int64_t wanted = PackedBytes(elements.type.element, count);
  std::string bytes;
  if (hex.has_value()) {
    absl::string_view digits = *hex;
    std::optional<std::string> read;
    if (absl::ConsumePrefix(&digits, "0x")) read = BytesOfHex(digits);
    if (!read.has_value()) return reader_.Error(start, "expected \"0x\" and bytes");
    bytes = *std::move(read);
    // MLIR packs truth values as bits, ONNX as bytes.
    if (elements.type.element == ElementType::kBool &&
        static_cast<int64_t>(bytes.size()) == (count + 7) / 8 && wanted != 1) {
      const std::string bits = std::exchange(bytes, "");
      for (int64_t i = 0; i < count; ++i) {
        bytes += static_cast<char>(
            static_cast<unsigned char>(bits[static_cast<size_t>(i / 8)]) >> (i % 8) & 1);
      }
    }
  } else {
    ALLOT_ASSIGN_OR_RETURN(bytes, PackElements(reader_, elements.type, spelled));
  }
  // One element may stand for all.
  const int64_t one = PackedBytes(elements.type.element, 1);
  if (depth == 0 && count != 1 && static_cast<int64_t>(bytes.size()) == one) {
    if (wanted > kMaxSplatBytes) return reader_.Error(start, "this constant is too large");
    const std::string element = std::exchange(bytes, "");
    bytes.reserve(static_cast<size_t>(wanted));
    for (int64_t i = 0; i < count; ++i) bytes += element;
  }
  if (static_cast<int64_t>(bytes.size()) != wanted) {
    return reader_.Error(start, absl::StrCat("there are ", bytes.size(), " bytes of elements, and ",
                                             "the type has ", wanted));
  }
  elements.bytes = std::make_shared<const std::string>(std::move(bytes));
  return Attr{std::move(elements)};
}

}  // namespace allot::ir::text
