#include "api/start_file.h"

#include <algorithm>
#include <map>
#include <utility>

namespace allot {
namespace {

std::map<std::string, int32_t> AddLane(const std::vector<PlanFile::Part>& parts, int64_t share,
                                       StartPlan& start) {
  std::map<std::string, int32_t> index;
  StartPlan::Lane& lane = start.lanes.emplace_back();
  lane.share = share;
  for (const PlanFile::Part& part : parts) {
    index.emplace(part.id, static_cast<int32_t>(lane.devices.size()));
    lane.devices.push_back(part.device);
  }
  return index;
}

int32_t IndexOf(const std::map<std::string, int32_t>& parts, const std::string& id) {
  const auto found = parts.find(id);
  return found == parts.end() ? -1 : found->second;
}

}  // namespace

StartPlan StartFrom(const PlanFile& plan, const std::string& file) {
  StartPlan start;
  start.file = file;
  std::vector<std::map<std::string, int32_t>> index = {AddLane(plan.parts, plan.share, start)};
  for (const PlanFile::Lane& lane : plan.lanes) {
    index.push_back(AddLane(lane.parts, lane.share, start));
  }
  for (const PlanFile::Node& node : plan.nodes) {
    StartPlan::Node& placed = start.nodes.emplace_back();
    placed.name = node.name;
    placed.part.push_back(IndexOf(index[0], node.part));
    for (size_t lane = 0; lane < plan.lanes.size(); ++lane) {
      const std::vector<std::string>& part_of = plan.lanes[lane].part_of;
      const bool known = node.cluster >= 0 && node.cluster < static_cast<int64_t>(part_of.size());
      placed.part.push_back(
          known ? IndexOf(index[lane + 1], part_of[static_cast<size_t>(node.cluster)]) : -1);
    }
  }
  return start;
}

}  // namespace allot
