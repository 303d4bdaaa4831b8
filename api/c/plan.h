// A compilation behind a handle of allot.h: the plan as flat tables of numbers and texts that stay
// where they are.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "api/c/diagnostics.h"
#include "api/c/handles.h"
#include "api/c/options.h"
#include "api/compilation.h"

namespace allot::capi {

class PlanObject {
 public:
  static constexpr Kind kKind = Kind::kPlan;

  struct NodeRow {
    std::string name;
    const std::string* op_type;
    int64_t device, part;
    ir::Interval time;
    const std::string* reason;  // nullptr: none
  };

  // `compilation` has a schedule. `registries`: what its parts may live in, nullptr: the built-in.
  PlanObject(Compilation compilation, OutputOptions output,
             std::shared_ptr<const Registries> registries, const Diagnostics& diagnostics);
  PlanObject(const PlanObject&) = delete;
  PlanObject& operator=(const PlanObject&) = delete;

  const Target& target() const { return compilation_.target; }
  const ir::Plan& plan() const { return compilation_.plan; }
  const ir::Summary& summary() const { return *compilation_.plan.summary; }
  const std::string& pipeline() const { return compilation_.pipeline; }
  const DiagnosticTexts& diagnostics() const { return diagnostics_; }
  const std::vector<NodeRow>& nodes() const { return nodes_; }
  // The names of tensors that travel.
  const std::string& ValueName(ir::ValueId value) const {
    return compilation_.module->graph.value(value).name;
  }

  // The text of plan.json; made by whoever asks first.
  absl::StatusOr<const char*> PlanJson() const;
  absl::Status Write(const std::string& folder, const std::string& emit) const;

 private:
  const Compilation compilation_;
  const OutputOptions output_;
  const std::shared_ptr<const Registries> registries_;
  const DiagnosticTexts diagnostics_;
  std::vector<NodeRow> nodes_;
  mutable std::mutex json_mutex_;
  mutable std::optional<std::string> json_;
};

}  // namespace allot::capi
