#include "target/cost_models/measured.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "support/nearest_name.h"
#include "target/cost_models/measured_csv.h"
#include "target/cost_models/measured_profile.h"

namespace allot {
namespace {

class Measured final : public CostModel {
 public:
  Measured(std::unique_ptr<CostModel> base, MeasuredCosts costs)
      : base_(std::move(base)), costs_(std::move(costs)) {
    for (size_t i = 0; i < costs_.rows.size(); ++i) rows_of_[costs_.rows[i].node].push_back(i);
  }

  absl::StatusOr<Picos> OpTime(const OpFeatures& op, const Device& device) const override {
    const MeasuredCosts::Row* row = Find(op, device);
    return row != nullptr ? row->time : base_->OpTime(op, device);
  }

  absl::StatusOr<CostBreakdown> Breakdown(const OpFeatures& op,
                                          const Device& device) const override {
    const MeasuredCosts::Row* row = Find(op, device);
    if (row == nullptr) return base_->Breakdown(op, device);
    return CostBreakdown{.other = row->time};
  }

  absl::StatusOr<Picos> FusedTime(const std::vector<const OpFeatures*>& ops,
                                  const OpFeatures& fused, const Device& device) const override {
    const bool any = std::any_of(
        ops.begin(), ops.end(), [&](const OpFeatures* op) { return Find(*op, device) != nullptr; });
    return any ? CostModel::FusedTime(ops, fused, device) : base_->FusedTime(ops, fused, device);
  }

  std::string FusedInto(const OpFeatures& op, const Device& device) const override {
    const MeasuredCosts::Row* row = Find(op, device);
    return row != nullptr ? row->fused_into : base_->FusedInto(op, device);
  }

 private:
  const MeasuredCosts::Row* Find(const OpFeatures& op, const Device& device) const {
    const auto found = rows_of_.find(op.name);
    if (found == rows_of_.end()) return nullptr;
    const MeasuredCosts::Row* closest = nullptr;
    std::optional<int> least;
    for (const size_t i : found->second) {
      const std::optional<int> match = DeviceMatch(costs_.rows[i].device, device);
      if (!match.has_value() || (least.has_value() && *least <= *match)) continue;
      least = match;
      closest = &costs_.rows[i];
    }
    return closest;
  }

  std::unique_ptr<CostModel> base_;
  MeasuredCosts costs_;
  std::unordered_map<std::string, std::vector<size_t>> rows_of_;  // looked up, never iterated
};

bool NamesADevice(absl::string_view row_device, const Target& target) {
  return std::any_of(target.devices.begin(), target.devices.end(), [&](const Device& device) {
    return DeviceMatch(row_device, device).has_value();
  });
}

// Whether some two devices answer to the two names.
bool NamesAPair(const MeasuredCosts::Transfer& transfer, const Target& target) {
  for (const DeviceId from : target.devices.ids()) {
    if (!DeviceMatch(transfer.from, target.devices[from]).has_value()) continue;
    for (const DeviceId to : target.devices.ids()) {
      if (from != to && DeviceMatch(transfer.to, target.devices[to]).has_value()) return true;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<MeasuredCosts> ParseCosts(absl::string_view text, std::string file_name) {
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");  // a byte order mark, as spreadsheets write it
  const absl::string_view start = absl::StripLeadingAsciiWhitespace(text);
  if (absl::StartsWith(start, "[") || absl::StartsWith(start, "{")) {
    return ReadProfile(text, std::move(file_name));
  }
  return ReadCostsCsv(text, std::move(file_name));
}

std::optional<int> DeviceMatch(absl::string_view row_device, const Device& device) {
  if (row_device.empty()) return std::nullopt;
  const std::array<const std::string*, 3> names = {&device.name, &device.runtime.provider,
                                                   &device.kind};
  for (size_t i = 0; i < names.size(); ++i) {
    if (row_device == *names[i]) return static_cast<int>(i);
  }
  return std::nullopt;
}

std::unique_ptr<CostModel> MakeMeasuredCostModel(std::unique_ptr<CostModel> base,
                                                 MeasuredCosts costs) {
  return std::make_unique<Measured>(std::move(base), std::move(costs));
}

std::vector<std::string> UnmatchedRows(const MeasuredCosts& costs,
                                       const std::vector<std::string>& node_names,
                                       const Target& target) {
  const std::set<std::string> nodes(node_names.begin(), node_names.end());
  std::vector<std::string> device_names;
  for (const Device& device : target.devices) device_names.push_back(device.name);
  std::vector<std::string> lines;
  const auto report = [&](int64_t line, absl::string_view what, absl::string_view name) {
    const std::string where = line > 0 ? absl::StrCat(costs.file, ":", line) : costs.file;
    // Looked for among all, so for the first few only.
    constexpr size_t kMostSuggested = 5;
    std::string near;
    // Of one letter, whatever is as short is near.
    if (lines.size() < kMostSuggested && name.size() > 1) {
      if (what == "node") near = NearestName(name, node_names);
      if (what == "device") near = NearestName(name, device_names);
    }
    lines.push_back(
        absl::StrCat(where, ": no ", what, " '", name, "'",
                     near.empty() ? "" : absl::StrCat(" (did you mean '", near, "'?)")));
  };
  for (const MeasuredCosts::Row& row : costs.rows) {
    if (nodes.count(row.node) == 0) {
      report(row.line, "node", row.node);
    } else if (!NamesADevice(row.device, target)) {
      report(row.line, "device", row.device);
    }
  }
  for (const MeasuredCosts::Launch& launch : costs.launches) {
    if (!NamesADevice(launch.device, target)) report(launch.line, "device", launch.device);
  }
  for (const MeasuredCosts::Transfer& transfer : costs.transfers) {
    if (!NamesADevice(transfer.from, target)) {
      report(transfer.line, "device", transfer.from);
    } else if (!NamesADevice(transfer.to, target)) {
      report(transfer.line, "device", transfer.to);
    } else if (!NamesAPair(transfer, target)) {
      report(transfer.line, "other device", transfer.to);
    }
  }
  return lines;
}

}  // namespace allot
