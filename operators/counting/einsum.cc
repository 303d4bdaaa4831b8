#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

#include "operators/counting/work_rules.h"

namespace allot::work {
namespace {

// Labels are letters; dimensions that an ellipsis stands for are numbered from the right, below
// any letter.
using Labels = std::vector<int>;
constexpr int kMaxEllipsisRank = 64;

// The labels of one term, nullopt if it is malformed or does not fit `rank` dimensions (any rank if
// negative).
std::optional<Labels> ParseTerm(absl::string_view term, int rank, int ellipsis_rank) {
  Labels labels;
  int letters = 0;
  for (const char c : term) letters += absl::ascii_isalpha(static_cast<unsigned char>(c)) ? 1 : 0;
  bool ellipsis = false;
  for (size_t i = 0; i < term.size(); ++i) {
    if (absl::ascii_isalpha(static_cast<unsigned char>(term[i]))) {
      labels.push_back(term[i]);
      continue;
    }
    if (ellipsis || term.substr(i, 3) != "...") return std::nullopt;
    ellipsis = true;
    i += 2;
    const int hidden = rank < 0 ? ellipsis_rank : rank - letters;
    if (hidden < 0 || hidden > kMaxEllipsisRank) return std::nullopt;
    for (int j = hidden; j > 0; --j) labels.push_back(j - 1);
  }
  if (rank >= 0 && static_cast<int>(labels.size()) != rank) return std::nullopt;
  return labels;
}

}  // namespace

OpWork EinsumWork(absl::string_view equation,
                  const std::vector<std::vector<int64_t>>& operand_dims) {
  OpWork work;
  std::string text;
  for (const char c : equation) {
    if (c != ' ') text += c;
  }
  const size_t arrow = text.find("->");
  const std::vector<std::string> terms = absl::StrSplit(text.substr(0, arrow), ',');
  if (operand_dims.empty() || terms.size() != operand_dims.size()) return work;

  std::vector<Labels> operands;
  std::map<int, int64_t> size_of;
  std::map<int, int> uses;
  for (size_t i = 0; i < terms.size(); ++i) {
    const std::optional<Labels> labels =
        ParseTerm(terms[i], static_cast<int>(operand_dims[i].size()), 0);
    if (!labels.has_value()) return work;
    for (size_t j = 0; j < labels->size(); ++j) {
      int64_t& size = size_of[(*labels)[j]];
      size = std::max(size, operand_dims[i][j]);  // a dimension of 1 broadcasts
      ++uses[(*labels)[j]];
    }
    operands.push_back(*labels);
  }
  int ellipsis_rank = 0;
  while (size_of.count(ellipsis_rank) > 0) ++ellipsis_rank;

  Labels result;
  if (arrow != std::string::npos) {
    const std::optional<Labels> labels = ParseTerm(text.substr(arrow + 2), -1, ellipsis_rank);
    if (!labels.has_value()) return work;
    result = *labels;
  } else {
    // The implicit form keeps what stands once, and what an ellipsis stands for.
    for (const auto& [label, count] : uses) {
      if (count == 1 || label <= kMaxEllipsisRank) result.push_back(label);
    }
  }

  const auto contains = [](const Labels& labels, int label) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
  };
  const auto product_of = [&size_of](const Labels& labels) {
    int64_t product = 1;
    for (int label : labels) product = SaturatingMultiply(product, size_of[label]);
    return product;
  };
  const auto distinct = [](Labels labels) {
    std::sort(labels.begin(), labels.end());
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
    return labels;
  };

  Labels joined = distinct(operands[0]);
  if (operands.size() == 1) {
    const bool sums = std::any_of(joined.begin(), joined.end(),
                                  [&](int label) { return !contains(result, label); });
    if (sums) work.other_operations = product_of(joined);
    return work;
  }
  for (size_t i = 1; i < operands.size(); ++i) {
    const Labels left = std::move(joined);
    Labels all = left;
    all.insert(all.end(), operands[i].begin(), operands[i].end());
    all = distinct(std::move(all));
    joined.clear();
    Extents product;
    for (int label : all) {
      bool needed = contains(result, label);
      for (size_t j = i + 1; j < operands.size(); ++j) {
        needed = needed || contains(operands[j], label);
      }
      if (needed) joined.push_back(label);
      int64_t& extent = !needed                         ? product.k
                        : !contains(left, label)        ? product.n
                        : !contains(operands[i], label) ? product.m
                                                        : product.batch;
      extent = SaturatingMultiply(extent, size_of[label]);
    }
    if (joined.size() < all.size()) {
      work.products.push_back(product);
    } else {
      // A product without a sum (outer or elementwise) has no additions.
      work.other_operations = SaturatingAdd(work.other_operations, product_of(all));
    }
  }
  return work;
}

}  // namespace allot::work
