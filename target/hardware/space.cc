#include "target/hardware/space.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "support/status.h"
#include "support/units.h"

namespace allot::hardware {
namespace {

constexpr int64_t kMostCombinations = 10'000'000;

std::string Text(const Configuration& c) {
  return absl::StrCat(c.tensor_cores, " tensor cores of ", c.width, " x ", c.depth, ", ",
                      c.vector_cores, " vector cores of ", c.vector_width, ", ", c.buffer_mb,
                      " MB");
}

// What has no area in the tables.
absl::Status Missing(const AreaModel& model, const Configuration& c) {
  for (const int64_t lanes : {c.width * c.depth, c.vector_width}) {
    const int64_t kib = CoreBufferKib(model, lanes);
    if (model.core_buffer.count(kib) > 0) continue;
    return InputError("area.core_buffer has no buffer of ", kib, " KiB, which ", Text(c), " need");
  }
  return InputError("area.shared_buffer has no buffer of ", c.buffer_mb, " MB");
}

}  // namespace

int64_t CoreBufferKib(const AreaModel& model, int64_t lanes) {
  return std::max<int64_t>(1, lanes / model.lanes_per_buffer_kib);
}

std::optional<Area> AreaOf(const AreaModel& model, const Configuration& c) {
  const auto of_tensor = model.core_buffer.find(CoreBufferKib(model, c.width * c.depth));
  const auto of_vector = model.core_buffer.find(CoreBufferKib(model, c.vector_width));
  const auto shared = model.shared_buffer.find(c.buffer_mb);
  if (of_tensor == model.core_buffer.end() || of_vector == model.core_buffer.end() ||
      shared == model.shared_buffer.end()) {
    return std::nullopt;
  }
  const auto tensor_cores = static_cast<double>(c.tensor_cores);
  const auto vector_cores = static_cast<double>(c.vector_cores);
  const auto array = static_cast<double>(c.width * c.depth);
  return model.multiplier * (tensor_cores * array) +
         model.lane * (vector_cores * static_cast<double>(c.vector_width)) +
         of_tensor->second * tensor_cores + of_vector->second * vector_cores + shared->second;
}

absl::StatusOr<std::optional<Area>> AreaLimit(const Space& space) {
  if (space.most_area.has_value() || !space.largest.has_value()) return space.most_area;
  const std::optional<Area> area = AreaOf(space.area, *space.largest);
  if (!area.has_value()) return Missing(space.area, *space.largest);
  return area;
}

absl::StatusOr<std::vector<SizedConfiguration>> Enumerate(const Space& space) {
  ALLOT_ASSIGN_OR_RETURN(const std::optional<Area> limit, AreaLimit(space));
  int64_t combinations = 1;
  for (const std::vector<int64_t>* values :
       {&space.tensor_cores, &space.vector_cores, &space.width, &space.depth, &space.buffer_mb}) {
    combinations = SaturatingMultiply(combinations, static_cast<int64_t>(values->size()));
  }
  const size_t widths = std::max<size_t>(1, space.vector_width.size());
  combinations = SaturatingMultiply(combinations, static_cast<int64_t>(widths));
  if (combinations > kMostCombinations) {
    return InputError("there are ", combinations, " combinations, and ", kMostCombinations,
                      " are the most; leave out some values");
  }
  std::vector<SizedConfiguration> all;
  for (int64_t i = 0; i < combinations; ++i) {
    int64_t rest = i;
    const auto take = [&rest](const std::vector<int64_t>& values) {
      const auto count = static_cast<int64_t>(values.size());
      const int64_t value = values[static_cast<size_t>(rest % count)];
      rest /= count;
      return value;
    };
    Configuration c;
    c.buffer_mb = take(space.buffer_mb);
    if (!space.vector_width.empty()) c.vector_width = take(space.vector_width);
    c.depth = take(space.depth);
    c.width = take(space.width);
    if (space.vector_width.empty()) c.vector_width = c.width;
    c.vector_cores = take(space.vector_cores);
    c.tensor_cores = take(space.tensor_cores);
    const std::optional<Area> area = AreaOf(space.area, c);
    if (!area.has_value()) return Missing(space.area, c);
    if (limit.has_value()) {
      const bool single = c.tensor_cores == 1 || c.vector_cores == 1;
      const Area least = single ? Area(0) : *limit * space.least_of_largest;
      if (*area > *limit || *area < least) continue;
    }
    all.push_back({c, *area});
  }
  return all;
}

}  // namespace allot::hardware
