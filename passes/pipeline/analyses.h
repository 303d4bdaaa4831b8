// What passes find out about the graph and the plan, made once and kept for as long as it holds.
//
// An analysis is a struct that says what it makes, from what, and how:
//
//   struct ClusterProblem {
//     using Result = BuiltProblem;
//     static constexpr ir::PlanStage kReads = ir::PlanStage::kClusters;
//     static absl::StatusOr<Result> Make(const ir::Module& module, const ir::Plan& plan,
//                                        const PassContext& context);
//   };
//   ALLOT_ASSIGN_OR_RETURN(const auto built, Analysis<ClusterProblem>(module, plan, context));
//
// It is a pure function of the module, of the plan's stages up to `kReads` and of the context. One
// that reads the graph alone (PlanStage::kGraph) is made without a plan, so graph passes can ask
// for it, too.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/module.h"
#include "ir/plan.h"
#include "ir/plan_stages.h"
#include "passes/pipeline/pass.h"
#include "support/status.h"

namespace allot {

// Of one module and plan, in one context. Not for several threads at once; what it hands out is.
class Analyses {
 public:
  template <typename A>
  std::shared_ptr<const typename A::Result> Find() const {
    for (const Known& known : known_) {
      if (known.key == KeyOf<A>()) {
        return std::static_pointer_cast<const typename A::Result>(known.result);
      }
    }
    return nullptr;
  }

  // There must be none of this type.
  template <typename A>
  void Keep(std::shared_ptr<const typename A::Result> result) {
    known_.push_back({KeyOf<A>(), A::kReads, std::move(result)});
  }

  // The stage `written` and all later ones are not what they were; kGraph: nothing is.
  void Forget(ir::PlanStage written) {
    std::erase_if(known_, [written](const Known& known) { return known.reads >= written; });
  }

 private:
  struct Known {
    const void* key;
    ir::PlanStage reads;
    std::shared_ptr<const void> result;
  };
  template <typename A>
  static const void* KeyOf() {
    static constexpr char kKey = 0;
    return &kKey;
  }

  std::vector<Known> known_;
};

// The analysis that a function makes: using ClusterProblem = MadeBy<kBuild, the stage it reads>.
template <auto kBuild, ir::PlanStage kStage>
struct MadeBy {
  using Result = typename std::invoke_result_t<decltype(kBuild), const ir::Module&, const ir::Plan&,
                                               const PassContext&>::value_type;
  static constexpr ir::PlanStage kReads = kStage;
  static absl::StatusOr<Result> Make(const ir::Module& module, const ir::Plan& plan,
                                     const PassContext& context) {
    return kBuild(module, plan, context);
  }
};

// The analysis from context.analyses, made if it is not there; made anew if nothing keeps them.
// Errors are not kept. Whoever writes a stage asks for what reads it only once it is written.
template <typename A>
absl::StatusOr<std::shared_ptr<const typename A::Result>> Analysis(const ir::Module& module,
                                                                   const ir::Plan& plan,
                                                                   const PassContext& context) {
  static_assert(A::kReads != ir::PlanStage::kGraph, "made without a plan");
  if (context.analyses != nullptr) {
    if (auto known = context.analyses->template Find<A>()) return known;
  }
  ALLOT_ASSIGN_OR_RETURN(typename A::Result made, A::Make(module, plan, context));
  auto result = std::make_shared<const typename A::Result>(std::move(made));
  if (context.analyses != nullptr) context.analyses->template Keep<A>(result);
  return result;
}

// The same of the graph alone.
template <typename A>
absl::StatusOr<std::shared_ptr<const typename A::Result>> Analysis(const ir::Module& module,
                                                                   const PassContext& context) {
  static_assert(A::kReads == ir::PlanStage::kGraph, "made with a plan");
  if (context.analyses != nullptr) {
    if (auto known = context.analyses->template Find<A>()) return known;
  }
  ALLOT_ASSIGN_OR_RETURN(typename A::Result made, A::Make(module, context));
  auto result = std::make_shared<const typename A::Result>(std::move(made));
  if (context.analyses != nullptr) context.analyses->template Keep<A>(result);
  return result;
}

}  // namespace allot
