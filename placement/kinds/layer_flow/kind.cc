// Layers of a language model over unlike servers, by maximum flow.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "placement/kinds/kind_of.h"
#include "placement/kinds/layer_flow/format.h"
#include "placement/kinds/layer_flow/search/solvers.h"
#include "placement/kinds/layer_flow/value/evaluate.h"
#include "placement/kinds/layer_flow/value/problem.h"
#include "placement/kinds/layer_flow/value/verify.h"
#include "support/status.h"

namespace allot {
namespace {

class LayerFlow final : public KindWithSolvers<LayerFlowProblem, LayerPlacement> {
 public:
  absl::string_view name() const override { return kLayerFlowKind; }
  absl::string_view summary() const override {
    return "Layers of a language model over unlike servers, for tokens per second.";
  }
  absl::string_view unit() const override { return "tokens/s"; }
  std::vector<KindFlag> flags() const override {
    return {{std::string(kRoundTripFlag), "N", "a token passes at most N servers"}};
  }
  bool Recognizes(const Json& document) const override { return RecognizesLayerFlow(document); }

  absl::Status Check(const LayerFlowProblem& problem) const override {
    return CheckLayerFlow(problem);
  }
  int64_t Evaluate(const LayerFlowProblem& problem,
                   const LayerPlacement& placement) const override {
    return RateCeiling(problem) - FlowEvaluator(problem).Rate(placement);
  }
  absl::StatusOr<int64_t> Verify(const LayerFlowProblem& problem,
                                 const LayerPlacement& placement) const override {
    ALLOT_ASSIGN_OR_RETURN(const VerifiedFlow flow, VerifyLayerFlow(problem, placement));
    return RateCeiling(problem) - flow.rate;
  }

  absl::StatusOr<LayerFlowProblem> ParseProblem(const Json& document, const std::string& file,
                                                const ProblemOptions& question) const override {
    return ParseLayerFlow(document, file, question);
  }
  std::string PrintProblem(const LayerFlowProblem& problem) const override {
    return PrintLayerFlow(problem);
  }
  absl::StatusOr<LayerPlacement> ParseAnswer(const LayerFlowProblem&, const Json& json,
                                             const std::string& file) const override {
    return ParseLayerPlacement(json, file);
  }
  Json AnswerJson(const LayerFlowProblem& problem, const LayerPlacement& placement) const override {
    Json::Object json = {{"placement", LayerPlacementJson(placement)}};
    const absl::StatusOr<VerifiedFlow> flow = VerifyLayerFlow(problem, placement);
    if (flow.ok()) json.push_back({"round_trip", flow->depth});
    return json;
  }
  Json Objective(const LayerFlowProblem& problem, int64_t value) const override {
    return static_cast<double>(RateCeiling(problem) - value) / static_cast<double>(kTokenRate);
  }
  absl::StatusOr<Json> Judge(const LayerFlowProblem& problem, const Json& plan,
                             const std::string& file) const override {
    ALLOT_ASSIGN_OR_RETURN(const LayerPlacement placement, ParseLayerPlacement(plan, file));
    ALLOT_ASSIGN_OR_RETURN(const VerifiedFlow flow, VerifyLayerFlow(problem, placement));
    Json::Object json = {{"objective", Objective(problem, RateCeiling(problem) - flow.rate)},
                         {"unit", unit()},
                         {"round_trip", flow.depth}};
    if (problem.published.has_value() && problem.published->value.has_value()) {
      json.push_back({"published", *problem.published->value});
    }
    return json;
  }

 private:
  Registry<Solver> solvers() const override { return LayerFlowSolvers(); }
};

}  // namespace

std::shared_ptr<const ProblemKind> LayerFlowKind() { return std::make_shared<const LayerFlow>(); }

}  // namespace allot
