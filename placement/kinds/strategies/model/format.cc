#include "placement/kinds/strategies/model/format.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/json_schema.h"
#include "support/status.h"

namespace allot::strategies {
namespace {

constexpr int kEnoughErrors = 20;
constexpr size_t kMaxNodes = 10'000'000, kMaxStrategies = 100'000;

// Reads arrays of arrays of whole numbers, and says where one is something else.
class Tables {
 public:
  Tables(std::string file, Diagnostics& diagnostics)
      : file_(std::move(file)), diagnostics_(diagnostics) {}

  bool ok() const { return diagnostics_.num_errors() < kEnoughErrors; }
  void Error(const std::string& path, std::string message) {
    diagnostics_.Error(absl::StrCat(file_, ": problem.", path), std::move(message));
  }
  // nullptr, reported, if it is none.
  const Json::Array* Array(const Json* json, const std::string& path) {
    const auto* const array = json == nullptr ? nullptr : json->If<Json::Array>();
    if (array == nullptr) {
      Error(path, json == nullptr ? "is missing"
                                  : absl::StrCat("must be an array, not ", json->KindName()));
    }
    return array;
  }
  // Whole numbers; beyond 64 bits, as 1e18 may be written, only what forbids has a meaning.
  bool Integer(const Json& json, bool is_cost, int64_t& value) {
    if (const auto* const integer = json.If<int64_t>()) {
      value = is_cost && *integer > kForbidden ? kForbidden : *integer;
      return true;
    }
    const auto* const number = json.If<double>();
    if (!is_cost || number == nullptr || !(*number >= static_cast<double>(kForbidden)))
      return false;
    value = kForbidden;
    return true;
  }
  // Appends the elements of json.
  size_t Append(const Json& json, const std::string& path, bool is_cost,
                std::vector<int64_t>& values) {
    const Json::Array* const array = Array(&json, path);
    if (array == nullptr) return 0;
    for (size_t i = 0; i < array->size() && ok(); ++i) {
      int64_t value = 0;
      if (!Integer((*array)[i], is_cost, value)) {
        Error(absl::StrCat(path, "[", i, "]"),
              absl::StrCat("must be a whole number of 64 bits, not ",
                           PrintJsonCompact((*array)[i]).substr(0, 40)));
      }
      values.push_back(value);
    }
    return array->size();
  }
  // An array of two whole numbers.
  bool Pair(const Json& json, const std::string& path, int64_t& a, int64_t& b) {
    const auto* const array = json.If<Json::Array>();
    if (array != nullptr && array->size() == 2 && Integer((*array)[0], false, a) &&
        Integer((*array)[1], false, b)) {
      return true;
    }
    Error(path, "must be two whole numbers");
    return false;
  }

 private:
  const std::string file_;
  Diagnostics& diagnostics_;
};

void ReadNodes(JsonReader& reader, Tables& tables, Problem& problem) {
  const auto* const intervals = tables.Array(reader.Find("intervals"), "nodes.intervals");
  const auto* const costs = tables.Array(reader.Find("costs"), "nodes.costs");
  const auto* const usages = tables.Array(reader.Find("usages"), "nodes.usages");
  if (intervals == nullptr || costs == nullptr || usages == nullptr) return;
  if (intervals->size() != costs->size() || usages->size() != costs->size()) {
    tables.Error("nodes", absl::StrCat("has ", costs->size(), " costs, ", usages->size(),
                                       " usages and ", intervals->size(), " intervals"));
    return;
  }
  if (costs->size() > kMaxNodes) {
    tables.Error("nodes", absl::StrCat("has more than ", kMaxNodes, " nodes"));
    return;
  }
  for (size_t n = 0; n < costs->size() && tables.ok(); ++n) {
    Node node;
    tables.Pair((*intervals)[n], absl::StrCat("nodes.intervals[", n, "]"), node.begin, node.end);
    node.first = problem.costs.size();
    const size_t count =
        tables.Append((*costs)[n], absl::StrCat("nodes.costs[", n, "]"), true, problem.costs);
    const std::string path = absl::StrCat("nodes.usages[", n, "]");
    const size_t used = tables.Append((*usages)[n], path, false, problem.usages);
    if (used != count) {
      tables.Error(path, absl::StrCat("has ", used, " usages for ", count, " strategies"));
    }
    if (count > kMaxStrategies) {
      tables.Error(path, absl::StrCat("has more than ", kMaxStrategies, " strategies"));
    }
    node.strategies = static_cast<int32_t>(count);
    problem.nodes.push_back(node);
  }
}

void ReadEdges(JsonReader& reader, Tables& tables, Problem& problem) {
  const auto* const nodes = tables.Array(reader.Find("nodes"), "edges.nodes");
  const auto* const costs = tables.Array(reader.Find("costs"), "edges.costs");
  if (nodes == nullptr || costs == nullptr) return;
  if (nodes->size() != costs->size()) {
    tables.Error("edges", absl::StrCat("has ", nodes->size(), " pairs of nodes and ", costs->size(),
                                       " matrices of costs"));
    return;
  }
  const auto count = static_cast<int64_t>(problem.nodes.size());
  for (size_t e = 0; e < nodes->size() && tables.ok(); ++e) {
    const std::string path = absl::StrCat("edges.nodes[", e, "]");
    int64_t a = 0, b = 0;
    if (!tables.Pair((*nodes)[e], path, a, b)) continue;
    if (a < 0 || b < 0 || a >= count || b >= count) {
      tables.Error(path, absl::StrCat("there is no node ", a < 0 || a >= count ? a : b,
                                      "; there are ", count, ", counted from 0"));
      continue;
    }
    const Edge edge{static_cast<int32_t>(a), static_cast<int32_t>(b), problem.edge_costs.size()};
    const std::string matrix = absl::StrCat("edges.costs[", e, "]");
    const size_t size = tables.Append((*costs)[e], matrix, true, problem.edge_costs);
    const int64_t rows = problem.nodes[static_cast<size_t>(a)].strategies;
    const int64_t columns = problem.nodes[static_cast<size_t>(b)].strategies;
    if (static_cast<int64_t>(size) != rows * columns) {
      tables.Error(matrix, absl::StrCat("has ", size, " costs for ", rows, " x ", columns,
                                        " strategies of nodes ", a, " and ", b));
    }
    problem.edges.push_back(edge);
  }
}

Json Slice(const std::vector<int64_t>& values, size_t first, size_t count) {
  Json::Array array;
  array.reserve(count);
  for (size_t i = 0; i < count; ++i) array.emplace_back(values[first + i]);
  return array;
}

}  // namespace

bool LooksLikeProblem(const Json& document) {
  if (document.Find("schema") != nullptr) return HasSchema(document, kSchema);
  const Json* const problem = document.Find("problem");
  return problem != nullptr && problem->Find("nodes") != nullptr &&
         problem->Find("edges") != nullptr && problem->Find("usage_limit") != nullptr;
}

absl::StatusOr<Problem> ReadProblem(const Json& document, const std::string& file) {
  Diagnostics diagnostics;
  Problem problem;
  JsonReader root(document, file, "", diagnostics);
  Tables tables(file, diagnostics);
  std::string schema;
  root.Read("schema", schema);
  const Json* const body = root.Find("problem");
  if (body == nullptr || body->If<Json::Object>() == nullptr) {
    return InputError(file, ": problem: must be an object with nodes, edges and usage_limit");
  }
  JsonReader reader = root.Object("problem");
  reader.Read("name", problem.name);
  reader.Require("usage_limit", problem.usage_limit);
  for (const char* const part : {"nodes", "edges"}) {
    const Json* const json = reader.Find(part);
    if (json != nullptr && json->If<Json::Object>() != nullptr) {
      JsonReader tables_of = reader.Object(part);
      const bool nodes = part[0] == 'n';
      nodes ? ReadNodes(tables_of, tables, problem) : ReadEdges(tables_of, tables, problem);
      tables_of.Finish();
    } else {
      tables.Error(part, "must be an object of arrays");
    }
    if (diagnostics.num_errors() > 0) break;  // edges of wrong nodes would only confuse
  }
  reader.Finish();
  root.Finish();
  ALLOT_RETURN_IF_ERROR(diagnostics.ToStatusOfAll());
  return problem;
}

std::string PrintProblem(const Problem& problem) {
  Json::Array intervals, costs, usages, pairs, matrices;
  for (const Node& node : problem.nodes) {
    const auto count = static_cast<size_t>(node.strategies);
    intervals.push_back(Json::Array{node.begin, node.end});
    costs.push_back(Slice(problem.costs, node.first, count));
    usages.push_back(Slice(problem.usages, node.first, count));
  }
  for (const Edge& edge : problem.edges) {
    const auto rows = static_cast<size_t>(problem.nodes[static_cast<size_t>(edge.a)].strategies);
    const auto columns = static_cast<size_t>(problem.nodes[static_cast<size_t>(edge.b)].strategies);
    pairs.push_back(Json::Array{int64_t{edge.a}, int64_t{edge.b}});
    matrices.push_back(Slice(problem.edge_costs, edge.first, rows * columns));
  }
  Json::Object nodes = {{"intervals", std::move(intervals)},
                        {"costs", std::move(costs)},
                        {"usages", std::move(usages)}};
  Json::Object edges = {{"nodes", std::move(pairs)}, {"costs", std::move(matrices)}};
  Json::Object body = {{"name", problem.name},
                       {"nodes", std::move(nodes)},
                       {"edges", std::move(edges)},
                       {"usage_limit", problem.usage_limit}};
  return PrintJson(Json::Object{{"schema", kSchema}, {"problem", std::move(body)}}) + "\n";
}

absl::StatusOr<Choice> ReadChoice(const Problem& problem, const Json& json,
                                  const std::string& file) {
  const Json* const member = json.Find("strategies");
  const auto* const array = (member == nullptr ? json : *member).If<Json::Array>();
  if (array == nullptr) {
    return InputError(file,
                      ": must be an array with a strategy for each node, or an object with "
                      "one as its member strategies");
  }
  if (array->size() != problem.nodes.size()) {
    return InputError(file, ": strategies: has ", array->size(), " strategies for ",
                      problem.nodes.size(), " nodes");
  }
  Choice choice;
  for (size_t n = 0; n < array->size(); ++n) {
    const auto* const number = (*array)[n].If<int64_t>();
    const int32_t count = problem.nodes[n].strategies;
    if (number == nullptr || *number < 0 || *number >= count) {
      return InputError(file, ": strategies[", n, "]: must be a number from 0 to ", count - 1);
    }
    choice.push_back(static_cast<int32_t>(*number));
  }
  return choice;
}

Json ChoiceJson(const Choice& choice) {
  Json::Array array;
  for (const int32_t strategy : choice) array.emplace_back(int64_t{strategy});
  return Json::Object{{"strategies", std::move(array)}};
}

}  // namespace allot::strategies
