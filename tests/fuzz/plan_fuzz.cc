// A plan.json as explaining, comparing and starting from it read it; two of them apart by a line
// "// -----".

#include <string>

#include "api/start_file.h"
#include "lowering/plan_file.h"
#include "tests/fuzz/fuzz_input.h"
#include "tools/explain_report.h"
#include "tools/plan_diff.h"
#include "tools/plan_diff_report.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace allot;
  const auto [text, other_text] = fuzz::TwoTexts(fuzz::Text(data, size));
  const absl::StatusOr<PlanFile> plan = ParsePlanFile(text, "plan.json");
  if (!plan.ok()) return 0;
  (void)ExplainPlan(*plan);
  (void)PrintJson(ExplainPlanJson(*plan));
  for (size_t i = 0; i < plan->nodes.size() && i < 8; ++i) {
    (void)ExplainNode(*plan, plan->nodes[i]);
    (void)PrintJson(ExplainNodeJson(*plan, plan->nodes[i]));
    (void)FindNode(*plan, plan->nodes[i].name).status();
  }
  (void)StartFrom(*plan, "plan.json");
  ALLOT_FUZZ_CHECK(ComparePlans(*plan, *plan).equal);
  const absl::StatusOr<PlanFile> other = ParsePlanFile(other_text, "other.json");
  if (!other.ok()) return 0;
  const PlanDiff diff = ComparePlans(*plan, *other);
  (void)DiffText(diff, *plan, *other, "plan.json", "other.json");
  (void)PrintJson(DiffJson(diff, *plan, *other));
  return 0;
}
