#include "target/cost_models/measured.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"

#include "support/options.h"

namespace allot {
namespace {

class Measured final : public CostModel {
 public:
  Measured(std::unique_ptr<CostModel> base, MeasuredCosts costs)
      : base_(std::move(base)), costs_(std::move(costs)) {
    for (size_t i = 0; i < costs_.rows.size(); ++i) rows_of_[costs_.rows[i].node].push_back(i);
  }

  Picos OpTime(const OpFeatures& op, const Device& device) const override {
    const MeasuredCosts::Row* row = Find(op, device);
    return row != nullptr ? row->time : base_->OpTime(op, device);
  }

  Picos FusedTime(const std::vector<const OpFeatures*>& ops, const OpFeatures& fused,
                  const Device& device) const override {
    const bool any = std::any_of(
        ops.begin(), ops.end(), [&](const OpFeatures* op) { return Find(*op, device) != nullptr; });
    return any ? CostModel::FusedTime(ops, fused, device) : base_->FusedTime(ops, fused, device);
  }

 private:
  const MeasuredCosts::Row* Find(const OpFeatures& op, const Device& device) const {
    const auto found = rows_of_.find(op.name);
    if (found == rows_of_.end()) return nullptr;
    for (const std::string* name : {&device.name, &device.runtime.provider, &device.kind}) {
      for (size_t i : found->second) {
        if (costs_.rows[i].device == *name) return &costs_.rows[i];
      }
    }
    return nullptr;
  }

  std::unique_ptr<CostModel> base_;
  MeasuredCosts costs_;
  std::unordered_map<std::string, std::vector<size_t>> rows_of_;  // looked up, never iterated
};

}  // namespace

std::unique_ptr<CostModel> MakeMeasuredCostModel(std::unique_ptr<CostModel> base,
                                                 MeasuredCosts costs) {
  return std::make_unique<Measured>(std::move(base), std::move(costs));
}

std::vector<std::string> UnmatchedRows(const MeasuredCosts& costs,
                                       const std::vector<std::string>& node_names,
                                       const Target& target) {
  const std::set<std::string> nodes(node_names.begin(), node_names.end());
  std::set<std::string> devices;
  for (const Device& device : target.devices) {
    devices.insert({device.name, device.runtime.provider, device.kind});
  }
  devices.erase("");
  std::vector<std::string> lines;
  for (const MeasuredCosts::Row& row : costs.rows) {
    const bool node = nodes.count(row.node) > 0, device = devices.count(row.device) > 0;
    if (node && device) continue;
    const std::string where = row.line > 0 ? absl::StrCat(costs.file, ":", row.line) : costs.file;
    lines.push_back(absl::StrCat(
        where, ": no ",
        node ? absl::StrCat("device '", row.device, "'") : absl::StrCat("node '", row.node, "'")));
  }
  return lines;
}

}  // namespace allot
