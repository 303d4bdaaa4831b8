#include "placement/kinds/pipelines/formats/piper_profile.h"

#include <algorithm>
#include <cmath>

#include "placement/kinds/stages/formats/piper_json.h"
#include "support/status.h"

namespace allot::pipelines {
namespace {

constexpr double kForwardPart = 1.0 / 3;

double Bytes(Millibytes amount) {
  return static_cast<double>(amount) / static_cast<double>(kMillibytesPerByte);
}

double Largest(const std::vector<BoundarySync>& syncs) {
  Millibytes largest = 0;
  for (const BoundarySync& sync : syncs) largest = std::max(largest, sync.bytes);
  return Bytes(largest);
}

class Converter {
 public:
  Converter(const StagesDraft& profile, const std::string& file)
      : profile_(profile), problem_(profile.problem), file_(file) {}

  absl::StatusOr<Draft> Convert() {
    FindLayers();
    if (number_of_.empty() || draft_.names.empty()) return InputError(file_, ": has no layers");
    draft_.memory = Bytes(problem_.memory);
    draft_.bandwidth = static_cast<double>(problem_.bandwidth);
    draft_.devices = problem_.devices;
    draft_.microbatches = problem_.samples;
    ALLOT_RETURN_IF_ERROR(ConvertWidths());
    ConvertEdges();
    return std::move(draft_);
  }

 private:
  void FindLayers() {
    std::vector<bool> reads(problem_.layers.size()), works(problem_.layers.size());
    for (const LayerEdge& edge : problem_.edges) reads[static_cast<size_t>(edge.to)] = true;
    size_t next = 0;
    for (size_t i = 0; i < problem_.layers.size(); ++i) {
      first_time_.push_back(next);
      for (const LayerWidth& width : problem_.layers[i].widths) {
        for (const LayerVariant& variant : width.variants) {
          works[i] = works[i] || variant.parameters > 0 || profile_.times[next] > 0;
          ++next;
        }
      }
    }
    for (size_t i = 0; i < problem_.layers.size(); ++i) {
      const bool layer = reads[i] || works[i];
      number_of_.push_back(layer ? static_cast<int32_t>(draft_.names.size()) : -1);
      if (layer) draft_.names.push_back(absl::StrCat(i));
    }
  }

  absl::Status ConvertWidths() {
    // What every layer can be split over.
    std::vector<int64_t> widths;
    for (size_t i = 0; i < problem_.layers.size(); ++i) {
      if (number_of_[i] < 0) continue;
      std::vector<int64_t> own, common;
      for (const LayerWidth& width : problem_.layers[i].widths) own.push_back(width.devices);
      if (number_of_[i] == 0) {
        widths = own;
        continue;
      }
      std::set_intersection(widths.begin(), widths.end(), own.begin(), own.end(),
                            std::back_inserter(common));
      widths = common;
    }
    if (widths.empty()) return InputError(file_, ": there is no tensor width that all layers have");
    for (const int64_t devices : widths) ConvertWidth(devices);
    return absl::OkStatus();
  }

  void ConvertWidth(int64_t devices) {
    DraftWidth& made = draft_.widths.emplace_back();
    made.devices = devices;
    for (size_t i = 0; i < problem_.layers.size(); ++i) {
      if (number_of_[i] < 0) continue;
      size_t time = first_time_[i];
      for (const LayerWidth& width : problem_.layers[i].widths) {
        if (width.devices == devices) {
          const LayerVariant& variant = width.variants[0];
          const double seconds = profile_.times[time];
          made.layers.push_back({Bytes(variant.parameters), Bytes(variant.per_in_flight),
                                 seconds * kForwardPart, seconds * (1 - kForwardPart), devices > 1,
                                 Largest(variant.before), Largest(variant.after)});
        }
        time += width.variants.size();
      }
    }
  }

  void ConvertEdges() {
    std::vector<double> largest(problem_.layers.size());
    for (const LayerEdge& edge : problem_.edges) {
      double& read = largest[static_cast<size_t>(edge.to)];
      read = std::max(read, Bytes(edge.bytes));
    }
    std::vector<std::pair<std::pair<int32_t, int32_t>, double>> edges;
    for (const LayerEdge& edge : problem_.edges) {
      const int32_t from = number_of_[static_cast<size_t>(edge.from)];
      const int32_t to = number_of_[static_cast<size_t>(edge.to)];
      if (from >= 0) edges.push_back({{from, to}, largest[static_cast<size_t>(edge.to)]});
    }
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    for (const auto& [ends, bytes] : edges) {
      draft_.edges.push_back(ends);
      for (DraftWidth& width : draft_.widths) width.bytes.push_back(bytes);
    }
  }

  const StagesDraft& profile_;
  const StagesProblem& problem_;
  const std::string& file_;
  std::vector<int32_t> number_of_;  // by layer of the profile; -1: an input
  std::vector<size_t> first_time_;  // likewise, in StagesDraft::times
  Draft draft_;
};

}  // namespace

bool IsPiperProfile(const Json& document) { return IsPiperJson(document); }

absl::StatusOr<Draft> ReadPiperProfile(const Json& document, const std::string& file) {
  ALLOT_ASSIGN_OR_RETURN(const StagesDraft profile, ReadPiperJson(document, file));
  for (const StageLayer& layer : profile.problem.layers) {
    for (const LayerWidth& width : layer.widths) {
      if (width.variants.empty()) {
        return InputError(file, ": a layer has no variant at width ", width.devices);
      }
    }
  }
  return Converter(profile, file).Convert();
}

}  // namespace allot::pipelines
