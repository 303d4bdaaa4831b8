#include "target/quantity.h"

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "support/status.h"

namespace allot {
namespace {

constexpr absl::string_view kPrefixes = "kMGTPE";

int64_t Power(int64_t base, int exponent) {
  int64_t power = 1;
  for (int i = 0; i < exponent; ++i) power *= base;
  return power;
}

// The accepted spellings of a unit, the printed one first.
std::vector<absl::string_view> Spellings(Unit unit) {
  switch (unit) {
    case Unit::kBytes:
      return {"B"};
    case Unit::kBytesPerSecond:
    case Unit::kNetworkBytesPerSecond:
      return {"B/s"};
    case Unit::kFlopsPerSecond:
      return {"", "FLOP/s", "FLOPS", "OP/s", "OPS"};
  }
  return {};
}

const char* Example(Unit unit) {
  switch (unit) {
    case Unit::kBytes:
      return "'40GiB'";
    case Unit::kBytesPerSecond:
      return "'25GB/s'";
    case Unit::kNetworkBytesPerSecond:
      return "'25Gb/s' or '3.125GB/s'";
    case Unit::kFlopsPerSecond:
      return "'19.5T'";
  }
  return "";
}

// The length of the number at the start of `text`. An "e" belongs to it only before digits: "1E" is
// a prefix.
size_t NumberLength(absl::string_view text) {
  const auto digit_at = [text](size_t i) {
    return i < text.size() && absl::ascii_isdigit(text[i]);
  };
  size_t i = 0;
  while (digit_at(i) || (i < text.size() && text[i] == '.')) ++i;
  if (i == 0 || i == text.size() || (text[i] != 'e' && text[i] != 'E')) return i;
  size_t exponent = i + 1;
  if (exponent < text.size() && (text[exponent] == '-' || text[exponent] == '+')) ++exponent;
  if (!digit_at(exponent)) return i;
  while (digit_at(exponent)) ++exponent;
  return exponent;
}

// The factor that "", "k", "G", "Mi", ... stand for; nullopt for any other text.
std::optional<int64_t> ScaleOf(absl::string_view text) {
  if (text.empty()) return 1;
  const size_t index = kPrefixes.find(text[0] == 'K' ? 'k' : text[0]);
  const bool binary = text.size() == 2 && text[1] == 'i';
  if (index == kPrefixes.npos || (text.size() > 1 && !binary)) return std::nullopt;
  return Power(binary ? 1024 : 1000, static_cast<int>(index) + 1);
}

// The prefix of a unit of bits, "G" of "Gb/s", "Gbit/s" and "Gbps"; nullopt if `rest`, what stands
// behind the number, is none.
std::optional<absl::string_view> PrefixOfBits(absl::string_view rest, Unit unit) {
  if (unit == Unit::kFlopsPerSecond) return std::nullopt;
  absl::string_view spelled = rest;
  const bool rate = absl::ConsumeSuffix(&spelled, "/s") || absl::ConsumeSuffix(&spelled, "ps");
  if (rate == (unit == Unit::kBytes)) return std::nullopt;
  bool bits = false;
  for (const absl::string_view name : {"bits", "bit", "Bits", "Bit", "b"}) {
    bits = bits || absl::ConsumeSuffix(&spelled, name);
  }
  if (!bits) return std::nullopt;
  return spelled;
}

// What an amount of bits ("25Gb/s", "100 Gbit/s", "10Gbps") is in bytes; nullopt if it is none.
std::optional<int64_t> InBytes(absl::string_view number, absl::string_view rest, Unit unit) {
  const std::optional<absl::string_view> prefix = PrefixOfBits(rest, unit);
  if (!prefix.has_value()) return std::nullopt;
  const std::optional<int64_t> scale = ScaleOf(*prefix);
  if (!scale.has_value()) return std::nullopt;
  const absl::StatusOr<int64_t> amount = ParseScaledDecimal(number, *scale);
  if (!amount.ok()) return std::nullopt;
  return *amount / 8;
}

// With decimal prefixes, as bits have them: "3.125GB/s", and "2GB" of memory.
std::string PrintBytes(int64_t bytes, Unit unit) {
  std::string text = PrintQuantity(bytes, Unit::kBytesPerSecond);
  if (unit == Unit::kBytes) text.resize(text.size() - 2);
  return text;
}

// Of an amount in bits with a small prefix, "25gb/s", which may be meant in bits or in bytes; empty
// if it is none.
std::string BothReadings(absl::string_view number, absl::string_view rest, Unit unit) {
  std::string raised(rest);
  if (raised.empty() || !absl::ascii_islower(static_cast<unsigned char>(raised[0]))) return "";
  raised[0] = absl::ascii_toupper(static_cast<unsigned char>(raised[0]));
  const std::optional<int64_t> bytes = InBytes(number, raised, unit);
  if (!bytes.has_value() || PrefixOfBits(raised, unit)->empty()) return "";
  return absl::StrCat("'", number, *PrefixOfBits(raised, unit), Spellings(unit)[0], "', or '",
                      PrintBytes(*bytes, unit), "' if bits are meant");
}

struct TimeUnit {
  absl::string_view name;
  Picos picos;
};
constexpr TimeUnit kTimeUnits[] = {{"s", kPicosPerSecond},
                                   {"ms", kPicosPerMilli},
                                   {"us", kPicosPerMicro},
                                   {"ns", kPicosPerNano},
                                   {"ps", 1}};

// value / 1000, exactly.
std::string PrintThousandths(int64_t value) {
  std::string text = absl::StrCat(value / 1000);
  if (value % 1000 == 0) return text;
  std::string fraction = absl::StrCat(1000 + value % 1000).substr(1);
  while (fraction.back() == '0') fraction.pop_back();
  return absl::StrCat(text, ".", fraction);
}

}  // namespace

absl::StatusOr<int64_t> ParseScaledDecimal(absl::string_view text, int64_t scale) {
  // digits * 10^exponent; digits beyond the 19th do not fit and hardly matter.
  Int128 digits = 0;
  int exponent = 0;
  bool point = false, any = false;
  size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) break;
    any = true;
    if (digits < Power(10, 18)) {
      digits = digits * 10 + (c - '0');
      if (point) --exponent;
    } else if (!point && exponent < 1000) {
      ++exponent;
    }
  }
  if (!any) return InputError("'", text, "' is not a non-negative number");
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    const bool negative = i < text.size() && text[i] == '-';
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (i == text.size()) return InputError("'", text, "' is not a non-negative number");
    int written = 0;
    for (; i < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[i])); ++i) {
      if (written < 10000) written = written * 10 + (text[i] - '0');
    }
    exponent += negative ? -written : written;
  }
  if (i != text.size()) return InputError("'", text, "' is not a non-negative number");

  constexpr Int128 kLargest = std::numeric_limits<int64_t>::max();
  Int128 amount = digits * scale;
  for (; exponent > 0 && amount != 0; --exponent) {
    if (amount > kLargest) return InputError("'", text, "' is too large");
    amount *= 10;
  }
  // Halving up once, at the last digit dropped: earlier ones only matter below it.
  for (; exponent < -1 && amount != 0; ++exponent) amount /= 10;
  if (exponent == -1) amount = (amount + 5) / 10;
  if (amount > kLargest) return InputError("'", text, "' is too large");
  return static_cast<int64_t>(amount);
}

absl::StatusOr<int64_t> ParseQuantity(absl::string_view text, Unit unit) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(text);
  const size_t length = NumberLength(trimmed);
  const absl::string_view number = trimmed.substr(0, length);
  absl::string_view rest = absl::StripLeadingAsciiWhitespace(trimmed.substr(length));
  // The longest unit first: "OPS" ends "FLOPS" too.
  absl::string_view spelled;
  for (absl::string_view spelling : Spellings(unit)) {
    if (absl::EndsWith(rest, spelling) && spelling.size() > spelled.size()) spelled = spelling;
  }
  rest.remove_suffix(spelled.size());
  const std::optional<int64_t> scale = ScaleOf(rest);
  absl::StatusOr<int64_t> amount = InputError("");
  if (!number.empty() && scale.has_value()) amount = ParseScaledDecimal(number, *scale);
  if (!amount.ok() && absl::StrContains(amount.status().message(), "too large")) {
    return InputError("'", text, "' is too large");
  }
  if (!amount.ok()) {
    const absl::string_view behind = absl::StripLeadingAsciiWhitespace(trimmed.substr(length));
    if (const std::optional<int64_t> bytes = InBytes(number, behind, unit); bytes.has_value()) {
      if (unit == Unit::kNetworkBytesPerSecond) return *bytes;
      return InputError("cannot read '", text,
                        "': 'b' are bits, and rates and sizes are in bytes; ", "that is ",
                        PrintBytes(*bytes, unit));
    }
    if (const std::string both = BothReadings(number, behind, unit); !both.empty()) {
      return InputError("cannot read '", text, "'; write ", both);
    }
    return InputError("cannot read '", text, "'; write it like ", Example(unit));
  }
  return amount;
}

std::string PrintQuantity(int64_t amount, Unit unit) {
  const absl::string_view suffix = Spellings(unit)[0];
  if (unit == Unit::kBytes) {
    for (int i = 6; i >= 1 && amount > 0; --i) {
      const int64_t scale = Power(1024, i);
      if (amount % scale == 0) {
        return absl::StrCat(amount / scale,
                            kPrefixes.substr(static_cast<size_t>(i - 1), 1) == "k"
                                ? "K"
                                : kPrefixes.substr(static_cast<size_t>(i - 1), 1),
                            "i", suffix);
      }
    }
    return absl::StrCat(amount, suffix);
  }
  for (int i = 6; i >= 1; --i) {
    const int64_t scale = Power(1000, i);
    if (amount >= scale && amount % (scale / 1000) == 0) {
      return absl::StrCat(PrintThousandths(amount / (scale / 1000)),
                          kPrefixes.substr(static_cast<size_t>(i - 1), 1), suffix);
    }
  }
  return absl::StrCat(amount, suffix);
}

absl::StatusOr<Picos> ParseDuration(absl::string_view text) {
  const absl::string_view trimmed = absl::StripAsciiWhitespace(text);
  const size_t length = NumberLength(trimmed);
  const absl::string_view spelled = absl::StripLeadingAsciiWhitespace(trimmed.substr(length));
  for (const TimeUnit& unit : kTimeUnits) {
    if (spelled != unit.name) continue;
    absl::StatusOr<int64_t> time = ParseScaledDecimal(trimmed.substr(0, length), unit.picos);
    if (time.ok()) return time;
    if (absl::StrContains(time.status().message(), "too large")) {
      return InputError("'", text, "' is too large");
    }
  }
  return InputError("cannot read '", text, "'; write it like '1.5us', with ps, ns, us, ms or s");
}

std::string PrintDuration(Picos time) {
  for (const TimeUnit& unit : kTimeUnits) {
    if (time < unit.picos || unit.picos == 1) continue;
    if (time % (unit.picos / 1000) != 0) continue;
    return absl::StrCat(PrintThousandths(time / (unit.picos / 1000)), unit.name);
  }
  return absl::StrCat(time, "ps");
}

}  // namespace allot
