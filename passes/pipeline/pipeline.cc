#include "passes/pipeline/pipeline.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"

#include "support/nearest_name.h"
#include "support/nesting.h"
#include "support/options.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr absl::string_view kModuleAnchor = "builtin.module";
constexpr absl::string_view kGraphAnchor = "onnx.graph";

// Named pipelines may name others; a plug-in could make them name each other.
constexpr int kMaxNesting = 8;

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
}

// Grammar, with spaces and line breaks allowed between tokens:
//   pipeline := [list]
//   list     := element {"," element}
//   element  := ("builtin.module" | "onnx.graph") "(" [list] ")" | name ["{" options "}"]
class PipelineParser {
 public:
  PipelineParser(absl::string_view text, const PassRegistry& registry, int nesting,
                 Pipeline& pipeline)
      : text_(text), registry_(registry), nesting_(nesting), pipeline_(pipeline) {}

  absl::Status Parse() {
    SkipSpace();
    if (AtEnd()) return absl::OkStatus();
    ALLOT_RETURN_IF_ERROR(ParseList(/*enclosing=*/""));
    if (!AtEnd()) {
      return ErrorAt(position_, text_[position_] == ')'
                                    ? "this ')' closes nothing"
                                    : "expected ',' or the end of the pipeline");
    }
    return absl::OkStatus();
  }

 private:
  bool AtEnd() const { return position_ >= text_.size(); }
  bool Next(char c) const { return !AtEnd() && text_[position_] == c; }
  void SkipSpace() {
    while (!AtEnd() && absl::ascii_isspace(static_cast<unsigned char>(text_[position_]))) {
      ++position_;
    }
  }

  // "pipeline:1:11: message", the line that holds `at`, and a caret below it.
  absl::Status ErrorAt(size_t at, absl::string_view message) const {
    size_t line_start = 0;
    int line = 1;
    for (size_t i = 0; i < at; ++i) {
      if (text_[i] != '\n') continue;
      line_start = i + 1;
      ++line;
    }
    size_t line_end = text_.find('\n', at);
    if (line_end == text_.npos) line_end = text_.size();
    std::string caret;
    for (size_t i = line_start; i < at; ++i) caret += text_[i] == '\t' ? '\t' : ' ';
    return InputError("pipeline:", line, ":", at - line_start + 1, ": ", message, "\n",
                      text_.substr(line_start, line_end - line_start), "\n", caret, "^");
  }

  // `enclosing`: the anchor around the list, or "".
  absl::Status ParseList(absl::string_view enclosing) {
    while (true) {
      ALLOT_RETURN_IF_ERROR(ParseElement(enclosing));
      SkipSpace();
      if (!Next(',')) return absl::OkStatus();
      ++position_;
    }
  }

  absl::Status ParseElement(absl::string_view enclosing) {
    SkipSpace();
    const size_t start = position_;
    while (!AtEnd() && IsNameCharacter(text_[position_])) ++position_;
    const absl::string_view name = text_.substr(start, position_ - start);
    if (name.empty()) return ErrorAt(start, "expected the name of a pass or pipeline");
    SkipSpace();
    if (Next('(')) return ParseAnchor(name, start, enclosing);
    size_t options_start = position_;
    absl::string_view options;
    const bool has_options = Next('{');
    if (has_options) {
      ALLOT_ASSIGN_OR_RETURN(const size_t end, FindClosingBrace(position_));
      options_start = position_ + 1;
      options = text_.substr(options_start, end - options_start);
      position_ = end + 1;
    }
    return AddStep(name, start, has_options, options, options_start);
  }

  absl::Status ParseAnchor(absl::string_view name, size_t start, absl::string_view enclosing) {
    if (name != kModuleAnchor && name != kGraphAnchor) {
      return ErrorAt(start, absl::StrCat("'", name, "' is not an anchor; passes run on '",
                                         kModuleAnchor, "(", kGraphAnchor, "(...))'"));
    }
    if (!enclosing.empty() && (name == kModuleAnchor || enclosing == kGraphAnchor)) {
      return ErrorAt(start, absl::StrCat("'", name, "' cannot stand inside '", enclosing, "'"));
    }
    ++position_;
    SkipSpace();
    if (!Next(')')) ALLOT_RETURN_IF_ERROR(ParseList(name));
    if (!Next(')')) {
      return ErrorAt(position_, absl::StrCat("expected ',' or the ')' that closes '", name, "('"));
    }
    ++position_;
    return absl::OkStatus();
  }

  // The brace that closes the one at `open`, looking past nested braces and quotes.
  absl::StatusOr<size_t> FindClosingBrace(size_t open) const {
    Nesting nesting;
    for (size_t i = open; i < text_.size(); ++i) {
      nesting.Read(text_[i]);
      if (nesting.outside()) return i;
    }
    return ErrorAt(open, nesting.quoted() ? "a quote in these options is not closed"
                                          : "these options are not closed by a '}'");
  }

  absl::Status AddStep(absl::string_view name, size_t start, bool has_options,
                       absl::string_view options, size_t options_start) {
    if (const Entry<GraphPass>* entry = registry_.graph_passes.Find(name); entry != nullptr) {
      if (!pipeline_.steps.empty() && pipeline_.steps.back().plan_pass != nullptr) {
        return ErrorAt(start,
                       absl::StrCat("graph pass '", name, "' cannot run after plan pass '",
                                    pipeline_.steps.back().name,
                                    "': the graph is frozen once deciding begins; move it before "
                                    "the first plan pass"));
      }
      return AddPass(*entry, options, options_start, &PipelineStep::graph_pass);
    }
    if (const Entry<PlanPass>* entry = registry_.plan_passes.Find(name); entry != nullptr) {
      return AddPass(*entry, options, options_start, &PipelineStep::plan_pass);
    }
    for (const NamedPipeline& named : registry_.pipelines) {
      if (named.name != name) continue;
      if (has_options && named.expand == nullptr) {
        return ErrorAt(options_start, absl::StrCat("pipeline '", name, "' takes no options"));
      }
      return AddNamedPipeline(named, start, options, options_start);
    }
    return UnknownName(name, start);
  }

  template <typename Pass>
  absl::Status AddPass(const Entry<Pass>& entry, absl::string_view options, size_t options_start,
                       std::unique_ptr<Pass> PipelineStep::*slot) {
    PipelineStep step;
    step.name = entry.name;
    absl::StatusOr<std::string> normalized = entry.normalize(options);
    absl::StatusOr<std::unique_ptr<Pass>> pass = entry.make(options);
    if (!normalized.ok() || !pass.ok()) {
      return OptionsError(absl::StrCat("pass '", entry.name, "'"), entry.options, entry.normalize,
                          options, options_start,
                          normalized.ok() ? pass.status() : normalized.status());
    }
    step.options = *std::move(normalized);
    step.*slot = *std::move(pass);
    pipeline_.steps.push_back(std::move(step));
    return absl::OkStatus();
  }

  // Points at the first option that is wrong when taken alone, else at the options as a whole.
  // `takes`: the pass or pipeline whose options they are; `normalize` is its way to read them.
  template <typename Normalize>
  absl::Status OptionsError(const std::string& takes, const OptionSchemaView& schema,
                            const Normalize& normalize, absl::string_view options,
                            size_t options_start, const absl::Status& why) const {
    size_t at = options_start;
    std::string message(why.message());
    std::vector<std::string> names, known;
    for (const OptionDoc& option : schema.options) {
      names.push_back(option.name);
      known.push_back(absl::StrCat(option.name, "=", option.default_value));
    }
    if (absl::StatusOr<std::vector<OptionText>> split = SplitOptions(options); split.ok()) {
      size_t cursor = 0;
      for (const OptionText& option : *split) {
        const size_t found = options.find(option.key, cursor);
        if (found == options.npos) break;
        cursor = std::min(found + option.key.size() + option.value.size(), options.size());
        const bool unknown = std::find(names.begin(), names.end(), option.key) == names.end();
        const absl::StatusOr<std::string> alone =
            normalize(absl::StrCat(option.key, "=", PrintOption(option.value)));
        if (alone.ok()) continue;
        at = options_start + found;
        message = std::string(alone.status().message());
        if (unknown) {
          message =
              absl::StrCat("no such option '", option.key, "'", DidYouMean(option.key, names));
        }
        break;
      }
    }
    return ErrorAt(at,
                   absl::StrCat(takes, ": ", message,
                                known.empty() ? " (it takes no options)"
                                              : absl::StrCat(" (its options and their defaults: ",
                                                             absl::StrJoin(known, " "), ")")));
  }

  absl::Status AddNamedPipeline(const NamedPipeline& named, size_t start, absl::string_view options,
                                size_t options_start) {
    if (nesting_ == kMaxNesting) {
      return ErrorAt(start, absl::StrCat("pipeline '", named.name, "' is nested more than ",
                                         kMaxNesting, " deep; does it name itself?"));
    }
    absl::StatusOr<std::string> text = named.text;
    if (named.expand != nullptr) text = named.expand(options);
    if (!text.ok()) {
      return OptionsError(absl::StrCat("pipeline '", named.name, "'"), named.options, named.expand,
                          options, options_start, text.status());
    }
    const absl::Status status = PipelineParser(*text, registry_, nesting_ + 1, pipeline_).Parse();
    if (status.ok()) return status;
    return ErrorAt(start, absl::StrCat("in pipeline '", named.name, "': ", status.message()));
  }

  absl::Status UnknownName(absl::string_view name, size_t start) const {
    std::vector<std::string> known = registry_.graph_passes.names();
    for (std::string& pass : registry_.plan_passes.names()) known.push_back(std::move(pass));
    for (const NamedPipeline& named : registry_.pipelines) known.push_back(named.name);
    if (name == kModuleAnchor || name == kGraphAnchor) {
      return ErrorAt(start, absl::StrCat("expected '(' and a list of passes after '", name, "'"));
    }
    const std::string meant = DidYouMean(name, known);
    return ErrorAt(
        start, absl::StrCat("'", name, "' does not refer to a registered pass or pass pipeline",
                            meant.empty() ? absl::StrCat("; known are ", absl::StrJoin(known, ", "))
                                          : meant));
  }

  absl::string_view text_;
  const PassRegistry& registry_;
  const int nesting_;
  Pipeline& pipeline_;
  size_t position_ = 0;
};

std::string PrintSteps(absl::Span<const PipelineStep> steps) {
  std::string text = absl::StrCat(kModuleAnchor, "(", kGraphAnchor, "(");
  bool first = true;
  for (const PipelineStep& step : steps) {
    absl::StrAppend(&text, first ? "" : ",", step.name);
    if (!step.options.empty()) absl::StrAppend(&text, "{", step.options, "}");
    first = false;
  }
  return text + "))";
}

}  // namespace

absl::StatusOr<Pipeline> ParsePipeline(absl::string_view text, const PassRegistry& registry) {
  Pipeline pipeline;
  ALLOT_RETURN_IF_ERROR(PipelineParser(text, registry, /*nesting=*/0, pipeline).Parse());
  return pipeline;
}

size_t Pipeline::num_graph_passes() const {
  const auto first_plan_pass =
      std::find_if(steps.begin(), steps.end(),
                   [](const PipelineStep& step) { return step.plan_pass != nullptr; });
  return static_cast<size_t>(first_plan_pass - steps.begin());
}

std::string PrintPipeline(const Pipeline& pipeline) { return PrintSteps(pipeline.steps); }

std::string PrintGraphPasses(const Pipeline& pipeline) {
  return PrintSteps(absl::MakeSpan(pipeline.steps).first(pipeline.num_graph_passes()));
}

}  // namespace allot
