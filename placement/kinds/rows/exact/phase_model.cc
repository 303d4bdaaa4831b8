#include "placement/kinds/rows/exact/phase_model.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

#include "support/status.h"

namespace allot::rows {

int32_t PhaseModel::U(size_t kind, size_t part) const {
  return static_cast<int32_t>(kind * parts_ + part);
}
int32_t PhaseModel::N(size_t kind, size_t part) const {
  return static_cast<int32_t>((kinds_ + kind) * parts_ + part);
}
int32_t PhaseModel::Y(size_t net, size_t part) const {
  return static_cast<int32_t>((2 * kinds_ + net) * parts_ + part);
}

absl::StatusOr<PhaseModel> PhaseModel::Make(const Phase& phase) {
  PhaseModel made;
  made.parts_ = static_cast<size_t>(phase.parts);
  made.kinds_ = phase.kind_begin.size() - 1;
  made.nets_ = static_cast<size_t>(phase.num_nets);
  made.receive_ = phase.receive;
  made.rows_of_kind_.resize(made.kinds_);
  made.kinds_of_net_.resize(made.nets_);
  const int64_t weight = phase.weights.empty() ? 0 : phase.weights[0];
  for (size_t row = 0; row < phase.num_vertices(); ++row) {
    if (phase.weights[row] != weight || weight == 0) {
      return InputError("the rows of a phase that is solved exactly must weigh the same");
    }
    made.rows_of_kind_[static_cast<size_t>(phase.kind_of[row])].push_back(
        static_cast<int32_t>(row));
  }
  for (size_t kind = 0; kind < made.kinds_; ++kind) {
    const auto first = static_cast<size_t>(phase.kind_begin[kind]);
    const auto last = static_cast<size_t>(phase.kind_begin[kind + 1]);
    for (size_t at = first; at < last; ++at) {
      made.kinds_of_net_[static_cast<size_t>(phase.nets[at])].push_back(static_cast<int32_t>(kind));
    }
  }
  MilpModel& model = made.model_;
  model.name = "rows";
  const auto add = [&](const char* name, size_t i, size_t p, MilpModel::Kind kind, double upper,
                       double objective) {
    model.AddColumn({absl::StrCat(name, i, "_", p), kind, 0, upper, objective});
  };
  using enum MilpModel::Kind;
  const size_t parts = made.parts_;
  for (size_t c = 0; c < made.kinds_; ++c) {
    for (size_t p = 0; p < parts; ++p) add("u", c, p, kBinary, 1, 0);
  }
  for (size_t c = 0; c < made.kinds_; ++c) {
    const auto count = static_cast<double>(made.rows_of_kind_[c].size());
    for (size_t p = 0; p < parts; ++p) add("n", c, p, kContinuous, count, 0);
  }
  for (size_t e = 0; e < made.nets_; ++e) {
    for (size_t p = 0; p < parts; ++p) {
      add("y", e, p, kContinuous, 1, static_cast<double>(made.receive_[e * parts + p]));
    }
  }
  for (size_t c = 0; c < made.kinds_; ++c) {
    const auto count = static_cast<double>(made.rows_of_kind_[c].size());
    MilpModel::Row all = {absl::StrCat("all", c), {}, count, count};
    for (size_t p = 0; p < parts; ++p) {
      all.terms.push_back({made.N(c, p), 1});
      model.AddRow({absl::StrCat("has", c, "_", p),
                    {{made.N(c, p), 1}, {made.U(c, p), -count}},
                    -kMilpInfinity,
                    0});
    }
    model.AddRow(std::move(all));
  }
  for (size_t p = 0; p < parts; ++p) {
    MilpModel::Row load = {
        absl::StrCat("load", p), {}, -kMilpInfinity, static_cast<double>(phase.limits[p] / weight)};
    for (size_t c = 0; c < made.kinds_; ++c) load.terms.push_back({made.N(c, p), 1});
    model.AddRow(std::move(load));
  }
  for (size_t e = 0; e < made.nets_; ++e) {
    for (const int32_t kind : made.kinds_of_net_[e]) {
      for (size_t p = 0; p < parts; ++p) {
        model.AddRow({absl::StrCat("read", e, "_", kind, "_", p),
                      {{made.Y(e, p), 1}, {made.U(static_cast<size_t>(kind), p), -1}},
                      0,
                      kMilpInfinity});
      }
    }
  }
  return made;
}

std::vector<double> PhaseModel::PointOf(const std::vector<int32_t>& part_of) const {
  std::vector<double> values(model_.columns.size());
  for (size_t c = 0; c < kinds_; ++c) {
    for (const int32_t row : rows_of_kind_[c]) {
      const auto part = static_cast<size_t>(part_of[static_cast<size_t>(row)]);
      values[static_cast<size_t>(N(c, part))] += 1;
      values[static_cast<size_t>(U(c, part))] = 1;
    }
  }
  for (size_t e = 0; e < nets_; ++e) {
    for (const int32_t kind : kinds_of_net_[e]) {
      for (size_t p = 0; p < parts_; ++p) {
        double& y = values[static_cast<size_t>(Y(e, p))];
        y = std::max(y, values[static_cast<size_t>(U(static_cast<size_t>(kind), p))]);
      }
    }
  }
  return values;
}

std::vector<int32_t> PhaseModel::DivisionOf(const std::vector<double>& values) const {
  size_t rows = 0;
  for (const std::vector<int32_t>& of_kind : rows_of_kind_) rows += of_kind.size();
  std::vector<int32_t> part_of(rows);
  for (size_t c = 0; c < kinds_; ++c) {
    size_t next = 0;
    for (size_t p = 0; p < parts_; ++p) {
      const long count = std::lround(values[static_cast<size_t>(N(c, p))]);
      for (long i = 0; i < count && next < rows_of_kind_[c].size(); ++i) {
        part_of[static_cast<size_t>(rows_of_kind_[c][next++])] = static_cast<int32_t>(p);
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
  return cost;
}

}  // namespace allot::rows
