// Text of MLIR, ours or others': what is read prints and reads back as the same, and passes run on
// it, as far as its plan goes. With attributes put on its ops it is the same model. A reproducer
// that it carries is read too.

#include <cstdio>
#include <iterator>
#include <map>
#include <string>

#include "api/placement_setup.h"
#include "ir/module.h"
#include "ir/parse.h"
#include "ir/print.h"
#include "ir/text/splice_attributes.h"
#include "ir/verify.h"
#include "lowering/bundle.h"
#include "mlir_import/import.h"
#include "passes/pipeline/pipeline.h"
#include "passes/problem/cluster_problem.h"
#include "tests/fuzz/fuzz_input.h"
#include "tools/reproducer.h"

namespace allot::fuzz {
namespace {

void CheckRoundTrip(const ir::ParsedModule& parsed) {
  ir::PrintOptions print;
  print.locations = true;
  print.plan = &parsed.plan;
  print.target = &SmallMachine();
  const std::string first = ir::Print(parsed.module, print);
  const absl::StatusOr<ir::ParsedModule> again = ir::Parse(first, "again", &SmallMachine());
  if (!again.ok()) std::fprintf(stderr, "%s\n", std::string(again.status().message()).c_str());
  ALLOT_FUZZ_CHECK(again.ok());
  ALLOT_FUZZ_CHECK(ir::Equal(parsed.module, again->module));
  ALLOT_FUZZ_CHECK(parsed.plan == again->plan);
  print.plan = &again->plan;
  ALLOT_FUZZ_CHECK(ir::Print(again->module, print) == first);
}

// Others' text with a device on every op of the model.
void CheckSplice(absl::string_view text, const MlirModel& model) {
  if (model.form == MlirForm::kOwn) return;
  const absl::StatusOr<ir::text::Document> document =
      ir::text::ParseDocument(text, "in.mlir", ir::text::DialectsOf(text));
  ALLOT_FUZZ_CHECK(document.ok());
  ir::text::Dictionary device;
  Set(device, "place.device", ir::text::StringAttr("cpu"));
  std::map<size_t, ir::text::Dictionary> attributes;
  for (const size_t offset : model.parsed.node_offsets) attributes[offset] = device;
  const std::string spliced = ir::text::SpliceAttributes(text, *document, attributes);
  const absl::StatusOr<MlirModel> again = ImportMlir(spliced, "spliced", &SmallMachine());
  if (!again.ok()) std::fprintf(stderr, "%s\n", std::string(again.status().message()).c_str());
  ALLOT_FUZZ_CHECK(again.ok());
  ALLOT_FUZZ_CHECK(ir::Equal(model.parsed.module, again->parsed.module));
}

// Each starts from what a text may say already: nothing, costs, clusters, a placement.
constexpr char kAll[] =
    "canonicalize,estimate-cost,coarsen{max-items=12},place{work=300},"
    "refine{work=300},form-parts,schedule,explain";
constexpr char kCopies[] =
    "infer-shapes,fold-shapes,drop-identity,estimate-cost,coarsen,place-copies,form-parts,schedule,"
    "explain";
constexpr const char* kPipelines[] = {
    kAll,
    kCopies,
    "inline-functions,fold-conditions,cse,dead-nodes",
    "coarsen{max-items=12},place{work=300},form-parts,schedule",
    "split-modularity,place{work=300},form-parts,schedule,explain",
    "refine{work=300},form-parts,schedule,explain",
    "form-parts,schedule,explain",
    "schedule,explain"};

}  // namespace
}  // namespace allot::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace allot;
  const absl::string_view text = fuzz::Text(data, size);
  const uint64_t choice = fuzz::Choice(text);
  CompileOptions options;
  options.target = "small";
  options.machine = fuzz::SmallMachine();
  if (choice & 8) options.objective = ir::Objective::kThroughput;
  absl::StatusOr<MlirModel> model = ImportMlir(text, "in.mlir", &fuzz::SmallMachine());
  if (!model.ok()) return 0;
  ir::ParsedModule* const parsed = &model->parsed;
  fuzz::CheckSplice(text, *model);
  (void)FindReproducer(parsed->external_resources, options).status();
  Diagnostics wrong;
  if (!ir::Verify(parsed->module, wrong).ok()) return 0;
  fuzz::CheckRoundTrip(*parsed);

  const absl::StatusOr<PlacementSetup> setup = MakePlacementSetup(options);
  ALLOT_FUZZ_CHECK(setup.ok());
  Diagnostics diagnostics;
  PassStatistics statistics;
  PassContext context = setup->Context(options, diagnostics, statistics);
  static const PassRegistry& passes = *new PassRegistry(BuiltinRegistries().passes);
  const absl::StatusOr<Pipeline> pipeline =
      ParsePipeline(fuzz::kPipelines[choice % std::size(fuzz::kPipelines)], passes);
  ALLOT_FUZZ_CHECK(pipeline.ok());
  // What a plan says may be nonsense, which a pass cannot tell; a graph is verified.
  const absl::Status outcome = RunPipeline(*pipeline, parsed->module, parsed->plan, context, {});
  if (!absl::IsInternal(outcome)) fuzz::CheckBlame(outcome);
  if (!outcome.ok()) return 0;
  fuzz::CheckRoundTrip(*parsed);
  (void)BuildClusterProblem(parsed->module, parsed->plan, context).status();
  (void)Extract(parsed->module, setup->target, parsed->plan).status();
  return 0;
}
