// Matrix products: MatMul, Gemm, Einsum and their like.
#include <algorithm>
#include <array>
#include <cctype>

#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"
#include "support/status.h"

namespace allot {

using ir::Dim;
using ir::ElementType;
using ir::Shape;

absl::StatusOr<std::optional<Shape>> MatrixProductShape(const Shape* a, const Shape* b) {
  if (a == nullptr || b == nullptr || a->empty() || b->empty()) return std::optional<Shape>();
  // A vector on the left is a row, one on the right is a column; the added dimension goes again.
  Shape left = *a, right = *b;
  if (a->size() == 1) left.insert(left.begin(), Dim::Known(1));
  if (b->size() == 1) right.push_back(Dim::Known(1));
  const Dim& inner_left = left[left.size() - 1];
  const Dim& inner_right = right[right.size() - 2];
  if (inner_left.known() && inner_right.known() && inner_left.size != inner_right.size) {
    return InputError("inner dimensions ", inner_left.size, " and ", inner_right.size, " differ");
  }
  const Shape left_batch(left.begin(), left.end() - 2);
  const Shape right_batch(right.begin(), right.end() - 2);
  ALLOT_ASSIGN_OR_RETURN(Shape shape, BroadcastShapes(left_batch, right_batch));
  if (a->size() > 1) shape.push_back(left[left.size() - 2]);
  if (b->size() > 1) shape.push_back(right[right.size() - 1]);
  return std::optional<Shape>(std::move(shape));
}

namespace {

absl::Status MatMul(RuleContext& context) {
  ALLOT_ASSIGN_OR_RETURN(std::optional<Shape> shape,
                         MatrixProductShape(context.shape(0), context.shape(1)));
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status MatMulInteger(RuleContext& context) {
  ALLOT_ASSIGN_OR_RETURN(std::optional<Shape> shape,
                         MatrixProductShape(context.shape(0), context.shape(1)));
  context.Set(0, ElementType::kInt32, std::move(shape));
  return absl::OkStatus();
}

absl::Status Gemm(RuleContext& context) {
  const Shape* a = context.shape(0);
  const Shape* b = context.shape(1);
  context.Set(0, context.element(0), UnknownShape(2));
  if (a == nullptr || b == nullptr || a->size() != 2 || b->size() != 2) return absl::OkStatus();
  const bool a_turned = context.Int("transA", 0) != 0;
  const bool b_turned = context.Int("transB", 0) != 0;
  const Dim& inner_a = (*a)[a_turned ? 0 : 1];
  const Dim& inner_b = (*b)[b_turned ? 1 : 0];
  if (inner_a.known() && inner_b.known() && inner_a.size != inner_b.size) {
    return InputError("inner dimensions ", inner_a.size, " and ", inner_b.size, " differ");
  }
  context.Set(0, context.element(0), Shape{(*a)[a_turned ? 1 : 0], (*b)[b_turned ? 0 : 1]});
  return absl::OkStatus();
}

// One side of an Einsum equation: letters, and where an ellipsis stands among them.
struct EinsumTerm {
  std::string letters;  // '.' stands for an ellipsis
  bool has_ellipsis = false;
};

std::optional<EinsumTerm> ParseTerm(const std::string& text) {
  EinsumTerm term;
  for (size_t i = 0; i < text.size(); ++i) {
    if (std::isalpha(static_cast<unsigned char>(text[i]))) {
      term.letters += text[i];
    } else if (text.compare(i, 3, "...") == 0 && !term.has_ellipsis) {
      term.letters += '.';
      term.has_ellipsis = true;
      i += 2;
    } else {
      return std::nullopt;
    }
  }
  return term;
}

struct EinsumEquation {
  std::vector<EinsumTerm> inputs;
  std::optional<EinsumTerm> output;  // nullopt: implicit
};

std::optional<EinsumEquation> ParseEquation(const std::string& given) {
  std::string text;
  for (const char c : given) {
    if (c != ' ') text += c;
  }
  EinsumEquation equation;
  const size_t arrow = text.find("->");
  if (arrow != std::string::npos) {
    equation.output = ParseTerm(text.substr(arrow + 2));
    if (!equation.output) return std::nullopt;
    text.resize(arrow);
  }
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    const std::optional<EinsumTerm> term = ParseTerm(text.substr(at, comma - at));
    if (!term) return std::nullopt;
    equation.inputs.push_back(*term);
    at = comma + 1;
  }
  return equation;
}

// Without "->": the ellipsis, then the letters that appear once, in ASCII order.
EinsumTerm ImplicitOutput(const EinsumEquation& equation) {
  std::array<int, 128> count = {};
  EinsumTerm output;
  for (const EinsumTerm& term : equation.inputs) {
    output.has_ellipsis = output.has_ellipsis || term.has_ellipsis;
    for (const char letter : term.letters) ++count[static_cast<size_t>(letter)];
  }
  if (output.has_ellipsis) output.letters = ".";
  for (char letter = 'A'; letter <= 'z'; ++letter) {
    if (std::isalpha(static_cast<unsigned char>(letter)) &&
        count[static_cast<size_t>(letter)] == 1) {
      output.letters += letter;
    }
  }
  return output;
}

absl::Status Einsum(RuleContext& context) {
  context.Set(0, context.element(0), std::nullopt);
  const std::optional<EinsumEquation> equation = ParseEquation(context.String("equation", ""));
  if (!equation || equation->inputs.size() != context.num_operands()) return absl::OkStatus();
  std::array<std::optional<Dim>, 128> letters;
  Shape ellipsis;
  for (size_t i = 0; i < equation->inputs.size(); ++i) {
    const EinsumTerm& term = equation->inputs[i];
    const Shape* operand = context.shape(i);
    if (operand == nullptr) return absl::OkStatus();
    const size_t named = term.letters.size() - (term.has_ellipsis ? 1 : 0);
    if (operand->size() < named || (operand->size() > named && !term.has_ellipsis)) {
      return absl::OkStatus();
    }
    size_t axis = 0;
    for (const char letter : term.letters) {
      if (letter == '.') {
        const size_t length = operand->size() - named;
        const Shape part(operand->begin() + static_cast<ptrdiff_t>(axis),
                         operand->begin() + static_cast<ptrdiff_t>(axis + length));
        ALLOT_ASSIGN_OR_RETURN(ellipsis, BroadcastShapes(ellipsis, part));
        axis += length;
        continue;
      }
      std::optional<Dim>& dim = letters[static_cast<size_t>(letter)];
      if (!dim) {
        dim = (*operand)[axis];
      } else {
        ALLOT_ASSIGN_OR_RETURN(*dim, BroadcastDims(*dim, (*operand)[axis]), "index '",
                               std::string(1, letter), "': ");
      }
      ++axis;
    }
  }
  const EinsumTerm output = equation->output.value_or(ImplicitOutput(*equation));
  Shape shape;
  for (const char letter : output.letters) {
    if (letter == '.') {
      shape.insert(shape.end(), ellipsis.begin(), ellipsis.end());
    } else {
      shape.push_back(letters[static_cast<size_t>(letter)].value_or(Dim::Unknown()));
    }
  }
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

absl::Status Determinant(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, context.element(0),
              x == nullptr || x->size() < 2
                  ? std::nullopt
                  : std::optional<Shape>(Shape(x->begin(), x->end() - 2)));
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"Det", Determinant},
    {"Einsum", Einsum},
    {"Gemm", Gemm},
    {"MatMul", MatMul},
    {"MatMulInteger", MatMulInteger},
};

}  // namespace

absl::Span<const ShapeRuleEntry> MatrixShapeRules() { return kRules; }

}  // namespace allot
