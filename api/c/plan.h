// A compilation behind a handle of allot.h: the plan as flat tables of numbers and texts that stay
// where they are.
#pragma once

#include <map>
#include <memory>
#include <mutex>
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

  // Of the weights that each part uses.
  const std::vector<Bytes>& part_weights() const { return part_weights_; }

  // The text of the one file that an emitter makes; made by whoever asks first.
  absl::StatusOr<const char*> TextOf(const std::string& emit) const;
  // As `output` says but for its `emit`; nullptr: as asked when it was made.
  absl::Status Write(const std::string& folder, const std::string& emit,
                     const OutputOptions* output) const;

 private:
  void WeighParts();

  const Compilation compilation_;
  const OutputOptions output_;
  const std::shared_ptr<const Registries> registries_;
  const DiagnosticTexts diagnostics_;
  std::vector<NodeRow> nodes_;
  std::vector<Bytes> part_weights_;
  mutable std::mutex texts_mutex_;
  mutable std::map<std::string, std::string> texts_;  // by emitter
};

}  // namespace allot::capi
