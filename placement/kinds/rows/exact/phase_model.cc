#include "placement/kinds/rows/exact/phase_model.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

namespace allot::rows {

int32_t PhaseModel::U(size_t of_class, size_t part) const {
  return static_cast<int32_t>(of_class * parts_ + part);
}
int32_t PhaseModel::N(size_t of_class, size_t part) const {
  return static_cast<int32_t>((rows_of_class_.size() + of_class) * parts_ + part);
}
int32_t PhaseModel::Y(size_t net, size_t part) const {
  return static_cast<int32_t>((2 * rows_of_class_.size() + net) * parts_ + part);
}

PhaseModel PhaseModel::Make(const Phase& phase) {
  PhaseModel made;
  made.parts_ = static_cast<size_t>(phase.parts);
  made.nets_ = static_cast<size_t>(phase.num_nets);
  made.receive_ = phase.receive;
  made.send_ = phase.send;
  made.model_.name = "rows";
  made.FindClasses(phase);
  made.AddColumns(phase);
  made.AddRows(phase);
  return made;
}

void PhaseModel::FindClasses(const Phase& phase) {
  for (const int64_t weight : phase.weights) alike_ &= weight == phase.weights[0];
  std::map<std::pair<int32_t, std::vector<int64_t>>, size_t> class_of;
  for (size_t row = 0; row < phase.num_vertices(); ++row) {
    std::vector<int64_t> send;
    if (const int64_t* const costs = phase.Send(row)) send.assign(costs, costs + parts_);
    if (!alike_) send.push_back(static_cast<int64_t>(row));
    const auto [at, added] =
        class_of.try_emplace({phase.kind_of[row], std::move(send)}, rows_of_class_.size());
    if (added) rows_of_class_.emplace_back();
    rows_of_class_[at->second].push_back(static_cast<int32_t>(row));
  }
  classes_of_net_.resize(nets_);
  for (size_t c = 0; c < rows_of_class_.size(); ++c) {
    for (const int32_t net : phase.Nets(static_cast<size_t>(rows_of_class_[c][0]))) {
      classes_of_net_[static_cast<size_t>(net)].push_back(static_cast<int32_t>(c));
    }
  }
}

void PhaseModel::AddColumns(const Phase& phase) {
  const auto add = [&](const char* name, size_t i, size_t p, MilpModel::Kind kind, double upper,
                       double objective) {
    model_.AddColumn({absl::StrCat(name, i, "_", p), kind, 0, upper, objective});
  };
  using enum MilpModel::Kind;
  for (size_t c = 0; c < rows_of_class_.size(); ++c) {
    for (size_t p = 0; p < parts_; ++p) add("u", c, p, kBinary, 1, 0);
  }
  for (size_t c = 0; c < rows_of_class_.size(); ++c) {
    const auto count = static_cast<double>(rows_of_class_[c].size());
    const int64_t* const send = phase.Send(static_cast<size_t>(rows_of_class_[c][0]));
    for (size_t p = 0; p < parts_; ++p) {
      add("n", c, p, alike_ ? kContinuous : kBinary, count,
          send == nullptr ? 0 : static_cast<double>(send[p]));
    }
  }
  for (size_t e = 0; e < nets_; ++e) {
    for (size_t p = 0; p < parts_; ++p) {
      add("y", e, p, kContinuous, 1, static_cast<double>(receive_[e * parts_ + p]));
    }
  }
}

void PhaseModel::AddRows(const Phase& phase) {
  for (size_t c = 0; c < rows_of_class_.size(); ++c) {
    const auto count = static_cast<double>(rows_of_class_[c].size());
    MilpModel::Row all = {absl::StrCat("all", c), {}, count, count};
    for (size_t p = 0; p < parts_; ++p) {
      all.terms.push_back({N(c, p), 1});
      model_.AddRow(
          {absl::StrCat("has", c, "_", p), {{N(c, p), 1}, {U(c, p), -count}}, -kMilpInfinity, 0});
    }
    model_.AddRow(std::move(all));
  }
  for (size_t p = 0; p < parts_; ++p) {
    // In rows, where they weigh the same: so what is left over is no fraction of one.
    const int64_t unit = alike_ && !phase.weights.empty() ? phase.weights[0] : 1;
    if (unit == 0) break;
    MilpModel::Row load = {
        absl::StrCat("load", p), {}, -kMilpInfinity, static_cast<double>(phase.limits[p] / unit)};
    for (size_t c = 0; c < rows_of_class_.size(); ++c) {
      const int64_t weight = phase.weights[static_cast<size_t>(rows_of_class_[c][0])] / unit;
      if (weight > 0) load.terms.push_back({N(c, p), static_cast<double>(weight)});
    }
    model_.AddRow(std::move(load));
  }
  for (size_t e = 0; e < nets_; ++e) {
    for (const int32_t of_class : classes_of_net_[e]) {
      for (size_t p = 0; p < parts_; ++p) {
        model_.AddRow({absl::StrCat("read", e, "_", of_class, "_", p),
                       {{Y(e, p), 1}, {U(static_cast<size_t>(of_class), p), -1}},
                       0,
                       kMilpInfinity});
      }
    }
  }
}

std::vector<double> PhaseModel::PointOf(const std::vector<int32_t>& part_of) const {
  std::vector<double> values(model_.columns.size());
  for (size_t c = 0; c < rows_of_class_.size(); ++c) {
    for (const int32_t row : rows_of_class_[c]) {
      const auto part = static_cast<size_t>(part_of[static_cast<size_t>(row)]);
      values[static_cast<size_t>(N(c, part))] += 1;
      values[static_cast<size_t>(U(c, part))] = 1;
    }
  }
  for (size_t e = 0; e < nets_; ++e) {
    for (const int32_t of_class : classes_of_net_[e]) {
      for (size_t p = 0; p < parts_; ++p) {
        double& y = values[static_cast<size_t>(Y(e, p))];
        y = std::max(y, values[static_cast<size_t>(U(static_cast<size_t>(of_class), p))]);
      }
    }
  }
  return values;
}

std::vector<int32_t> PhaseModel::DivisionOf(const std::vector<double>& values) const {
  size_t rows = 0;
  for (const std::vector<int32_t>& of_class : rows_of_class_) rows += of_class.size();
  std::vector<int32_t> part_of(rows);
  for (size_t c = 0; c < rows_of_class_.size(); ++c) {
    size_t next = 0;
    for (size_t p = 0; p < parts_; ++p) {
      const long count = std::lround(values[static_cast<size_t>(N(c, p))]);
      for (long i = 0; i < count && next < rows_of_class_[c].size(); ++i) {
        part_of[static_cast<size_t>(rows_of_class_[c][next++])] = static_cast<int32_t>(p);
      }
    }
  }
  return part_of;
}

int64_t PhaseModel::CostOf(const std::vector<int32_t>& part_of) const {
  const std::vector<double> values = PointOf(part_of);
  int64_t cost = 0;
  for (size_t e = 0; e < nets_; ++e) {
    for (size_t p = 0; p < parts_; ++p) {
      if (values[static_cast<size_t>(Y(e, p))] > 0.5) cost += receive_[e * parts_ + p];
    }
  }
  for (size_t row = 0; row < part_of.size() && !send_.empty(); ++row) {
    cost += send_[row * parts_ + static_cast<size_t>(part_of[row])];
  }
  return cost;
}

}  // namespace allot::rows
