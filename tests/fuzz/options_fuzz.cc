// What flags and small files say, all of them from the same text: quantities, durations, rules,
// dimensions, options of passes, sizes of this machine, measured costs.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "api/placement_setup.h"
#include "support/json.h"
#include "support/options.h"
#include "target/cost_models/measured.h"
#include "target/cpu_list.h"
#include "target/host/host_target.h"
#include "target/quantity.h"
#include "target/rule.h"
#include "tests/fuzz/fuzz_input.h"

namespace allot::fuzz {
namespace {

// What prints reads back as the same.
void CheckQuantities(absl::string_view text) {
  for (const Unit unit : {Unit::kBytes, Unit::kBytesPerSecond, Unit::kFlopsPerSecond}) {
    const absl::StatusOr<int64_t> amount = ParseQuantity(text, unit);
    if (!amount.ok()) continue;
    ALLOT_FUZZ_CHECK(*amount >= 0);
    const absl::StatusOr<int64_t> again = ParseQuantity(PrintQuantity(*amount, unit), unit);
    ALLOT_FUZZ_CHECK(again.ok() && *again == *amount);
  }
  const absl::StatusOr<Picos> time = ParseDuration(text);
  if (time.ok()) {
    const absl::StatusOr<Picos> again = ParseDuration(PrintDuration(*time));
    ALLOT_FUZZ_CHECK(again.ok() && *again == *time);
  }
  for (const int64_t scale : {int64_t{1}, int64_t{1'000'000}, int64_t{1'000'000'000'000}}) {
    const absl::StatusOr<int64_t> scaled = ParseScaledDecimal(text, scale);
    if (scaled.ok()) ALLOT_FUZZ_CHECK(*scaled >= 0);
  }
}

template <typename T>
void CheckOption(absl::string_view text) {
  T value{}, again{};
  if (!ParseOption(text, value).ok()) return;
  const std::string printed = PrintOption(value);
  const absl::StatusOr<std::vector<OptionText>> split = SplitOptions("key=" + printed);
  ALLOT_FUZZ_CHECK(split.ok() && split->size() == 1);
  ALLOT_FUZZ_CHECK(ParseOption((*split)[0].value, again).ok());
  ALLOT_FUZZ_CHECK(PrintOption(again) == printed);
}

// Any text can be a value.
void CheckTextOption(absl::string_view text) {
  const std::string value(text);
  const absl::StatusOr<std::vector<OptionText>> split = SplitOptions("key=" + PrintOption(value));
  ALLOT_FUZZ_CHECK(split.ok() && split->size() == 1 && (*split)[0].value == value);
}

void CheckRules(absl::string_view text) {
  const Target& machine = SmallMachine();
  for (const Rule::Effect effect : {Rule::Effect::kPin, Rule::Effect::kForbid}) {
    const absl::StatusOr<Rule> rule = ParseRuleText(text, effect, machine);
    if (!rule.ok()) continue;
    (void)Describe(*rule, machine);
    const absl::StatusOr<RuleMatcher> matcher = RuleMatcher::Make({*rule});
    if (matcher.ok()) (void)matcher->Matches(0, text, "", "Relu");
  }
  const absl::StatusOr<Rule> together = ParseTogetherText(text);
  if (together.ok()) (void)Describe(*together, machine);
}

void CheckCosts(absl::string_view text) {
  const absl::StatusOr<MeasuredCosts> costs = ParseCosts(text, "costs");
  if (costs.ok()) (void)UnmatchedRows(*costs, {"a", "b", std::string(text)}, SmallMachine());
}

HostFacts SomeHost() {
  HostFacts facts;
  for (int i = 0; i < 8; ++i) facts.cores.push_back({i, i / 2});
  facts.cpu_model = "some";
  facts.clock_mhz = kUnknownClockMhz;
  facts.memory = Bytes{16} << 30;
  facts.gpus.resize(1);
  return facts;
}

}  // namespace
}  // namespace allot::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace allot;
  const absl::string_view text = fuzz::Text(data, size);
  fuzz::CheckQuantities(text);
  fuzz::CheckOption<bool>(text);
  fuzz::CheckOption<int64_t>(text);
  fuzz::CheckOption<double>(text);
  fuzz::CheckTextOption(text);
  fuzz::CheckRules(text);
  fuzz::CheckCosts(text);
  (void)SplitOptions(text).status();
  (void)ParseDims({std::string(text)}, 1).status();
  static const HostFacts& host = *new HostFacts(fuzz::SomeHost());
  (void)HostTarget(host, text).status();
  const absl::StatusOr<Json> json = ParseJson(text);
  if (json.ok()) {
    const absl::StatusOr<Json> again = ParseJson(PrintJson(*json));
    ALLOT_FUZZ_CHECK(again.ok());
    ALLOT_FUZZ_CHECK(PrintJson(*again) == PrintJson(*json));
  }
  return 0;
}
