#include "api/c_cost_model.h"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

#include "support/check.h"
#include "support/status.h"
#include "target/peak_rate.h"

namespace allot {
namespace {

static_assert(ALLOT_COST_MAX_PICOSECONDS == kMaxPicos, "the header of plug-ins states our limit");

// Of the first version of the struct, which all that ever get ALLOT_COST_MODEL_ABI 1 have. A member
// that comes later is there if the plug-in's own size says so.
constexpr size_t kLeastSize =
    offsetof(AllotCostModelPlugin, estimate_fused) + sizeof(AllotCostModelPlugin::estimate_fused);

// Room for what a plug-in says of an error; one that does not end its text loses the last byte.
class ErrorText {
 public:
  char* data() { return text_.data(); }
  size_t size() const { return text_.size(); }
  std::string str() {
    text_.back() = 0;
    return text_.front() != 0 ? text_.data() : "it gives no reason";
  }

 private:
  std::array<char, 512> text_{};
};

AllotOp OpForC(const OpFeatures& op) {
  return {.size = sizeof(AllotOp),
          .name = op.name.c_str(),
          .op_type = op.op_type.c_str(),
          .domain = op.domain.c_str(),
          .dtype = op.dtype.c_str(),
          .family = OpFamilyName(op.family),
          .flops = op.flops,
          .bytes_read = op.read,
          .bytes_written = op.written,
          .bytes_weights = op.weights,
          .launches = op.launches,
          .is_shape_work = op.integer_shape_work ? 1 : 0};
}

AllotDevice DeviceForC(const Device& device, const OpFeatures& op) {
  return {.size = sizeof(AllotDevice),
          .name = device.name.c_str(),
          .kind = device.kind.c_str(),
          .provider = device.runtime.provider.c_str(),
          .memory_bytes = device.memory,
          .peak_flops = PeakRate(device, op.dtype),
          .memory_bandwidth = device.memory_bandwidth,
          .part_picoseconds = device.part_cost,
          .op_picoseconds = device.op_cost};
}

class CCostModel final : public CostModel {
 public:
  CCostModel(const AllotCostModelPlugin& plugin, void* model, std::unique_ptr<CostModel> fallback)
      : plugin_(plugin), model_(model), fallback_(std::move(fallback)) {}
  ~CCostModel() override { plugin_.destroy(model_); }
  CCostModel(const CCostModel&) = delete;
  CCostModel& operator=(const CCostModel&) = delete;

  absl::StatusOr<Picos> OpTime(const OpFeatures& op, const Device& device) const override {
    ALLOT_ASSIGN_OR_RETURN(const std::optional<Picos> time, Estimate(op, device));
    if (!time.has_value()) return fallback_->OpTime(op, device);
    return *time;
  }

  absl::StatusOr<CostBreakdown> Breakdown(const OpFeatures& op,
                                          const Device& device) const override {
    ALLOT_ASSIGN_OR_RETURN(const std::optional<Picos> time, Estimate(op, device));
    if (!time.has_value()) return fallback_->Breakdown(op, device);
    return CostBreakdown{.other = *time};
  }

  absl::StatusOr<Picos> FusedTime(const std::vector<const OpFeatures*>& ops,
                                  const OpFeatures& fused, const Device& device) const override {
    if (plugin_.estimate_fused != nullptr) {
      ALLOT_ASSIGN_OR_RETURN(const std::optional<Picos> time, EstimateFused(ops, fused, device));
      if (time.has_value()) return *time;
    }
    bool any_known = false;
    for (const OpFeatures* op : ops) {
      ALLOT_ASSIGN_OR_RETURN(const std::optional<Picos> time, Estimate(*op, device));
      any_known = any_known || time.has_value();
    }
    if (!any_known) return fallback_->FusedTime(ops, fused, device);
    return CostModel::FusedTime(ops, fused, device);
  }

 private:
  // nullopt: unknown.
  absl::StatusOr<std::optional<Picos>> Estimate(const OpFeatures& op, const Device& device) const {
    const AllotOp c_op = OpForC(op);
    const AllotDevice c_device = DeviceForC(device, op);
    Picos time = 0;
    ErrorText error;
    const int code = plugin_.estimate(model_, &c_op, &c_device, &time, error.data(), error.size());
    return Answer("estimate", code, time, error);
  }

  absl::StatusOr<std::optional<Picos>> EstimateFused(const std::vector<const OpFeatures*>& ops,
                                                     const OpFeatures& fused,
                                                     const Device& device) const {
    std::vector<AllotOp> c_ops;
    c_ops.reserve(ops.size());
    std::vector<const AllotOp*> pointers;
    for (const OpFeatures* op : ops) {
      c_ops.push_back(OpForC(*op));
      pointers.push_back(&c_ops.back());
    }
    const AllotOp whole = OpForC(fused);
    const AllotDevice c_device = DeviceForC(device, fused);
    Picos time = 0;
    ErrorText error;
    const int code = plugin_.estimate_fused(model_, pointers.data(), pointers.size(), &whole,
                                            &c_device, &time, error.data(), error.size());
    return Answer("estimate_fused", code, time, error);
  }

  // Times out of range are one error for whatever plug-in says them, see plugin_guard.h; but a sum
  // must not hide one.
  static absl::StatusOr<std::optional<Picos>> Answer(absl::string_view function, int code,
                                                     Picos time, ErrorText& error) {
    switch (code) {
      case ALLOT_COST_OK:
        if (time < 0 || time > kMaxPicos) {
          return InputError(function, " says ", time, " ps; expected 0 to ", kMaxPicos,
                            ", please tell the plug-in's authors");
        }
        return time;
      case ALLOT_COST_UNKNOWN:
        return std::nullopt;
      case ALLOT_COST_ERROR:
        return InputError(error.str());
      default:
        return InputError(function, " returned ", code,
                          ", which means nothing; please tell the plug-in's authors");
    }
  }

  const AllotCostModelPlugin& plugin_;
  void* const model_;
  const std::unique_ptr<CostModel> fallback_;
};

}  // namespace

absl::StatusOr<Entry<CostModel>> CCostModelEntry(const AllotCostModelPlugin* plugin) {
  if (plugin == nullptr) return InputError("allotGetCostModelPlugin() returns NULL");
  if (plugin->abi != ALLOT_COST_MODEL_ABI || plugin->size < kLeastSize) {
    return InputError("its cost model is made for interface ", plugin->abi, " with ", plugin->size,
                      " bytes, this program needs ", ALLOT_COST_MODEL_ABI, " with at least ",
                      kLeastSize, "; build it with this program's cost_model_plugin.h");
  }
  for (const auto& [missing, member] : {std::pair(plugin->name == nullptr, "name"),
                                        std::pair(plugin->version == nullptr, "version"),
                                        std::pair(plugin->description == nullptr, "description"),
                                        std::pair(plugin->create == nullptr, "create"),
                                        std::pair(plugin->destroy == nullptr, "destroy"),
                                        std::pair(plugin->estimate == nullptr, "estimate")}) {
    if (missing) return InputError("its cost model has no ", member, ": the member is NULL");
  }
  Entry<CostModel> entry;
  entry.name = plugin->name;
  entry.summary = plugin->description;
  entry.make = [plugin](absl::string_view text) -> absl::StatusOr<std::unique_ptr<CostModel>> {
    const Registry<CostModel> models = BuiltinCostModels();
    const Entry<CostModel>* roofline = models.Find("roofline");
    ALLOT_CHECK(roofline != nullptr);
    ALLOT_ASSIGN_OR_RETURN(std::unique_ptr<CostModel> fallback, roofline->make(""));
    const std::string options(absl::StripAsciiWhitespace(text));
    ErrorText error;
    void* const model = plugin->create(options.c_str(), error.data(), error.size());
    if (model == nullptr) return InputError(plugin->name, ": ", error.str());
    return std::make_unique<CCostModel>(*plugin, model, std::move(fallback));
  };
  // What options there are only the plug-in knows; it judges them when it makes a model.
  entry.normalize = [](absl::string_view text) -> absl::StatusOr<std::string> {
    return std::string(absl::StripAsciiWhitespace(text));
  };
  return entry;
}

}  // namespace allot
