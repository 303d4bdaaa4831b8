#include "passes/splitting/slice_name.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace allot {
namespace {

constexpr absl::string_view kBlock = "/block", kSlice = "/slice";

// The number behind the last `mark` of the text, which it ends; the text then ends before `mark`.
std::optional<int64_t> TakeNumber(absl::string_view& text, absl::string_view mark) {
  const size_t at = text.rfind(mark);
  if (at == text.npos) return std::nullopt;
  const absl::string_view digits = text.substr(at + mark.size());
  int64_t number = 0;
  if (digits.empty() || digits.size() > 9 ||
      digits.find_first_not_of("0123456789") != digits.npos || !absl::SimpleAtoi(digits, &number)) {
    return std::nullopt;
  }
  text = text.substr(0, at);
  return number;
}

}  // namespace

std::string SliceName(absl::string_view name, SliceOf of) {
  return absl::StrCat(name, kBlock, of.block, kSlice, of.slice);
}

std::optional<SliceOf> ParseSliceName(absl::string_view name) {
  const std::optional<int64_t> slice = TakeNumber(name, kSlice);
  if (!slice.has_value()) return std::nullopt;
  const std::optional<int64_t> block = TakeNumber(name, kBlock);
  if (!block.has_value()) return std::nullopt;
  return SliceOf{*block, *slice};
}

std::string SlicePattern(SliceOf of) { return SliceName(".*", of); }

}  // namespace allot
