// State: which inputs of the model are given, in the next inference of a series, what outputs of
// this one are: the cache of a decoder, the state of a recurrent network. What reads and what makes
// a state is then kept on one device, where the state stays.
//
// Pairs are given, or found by name: what is left of both names without the words that say which is
// the older must be the same ("present.0.key" and "past_key_values.0.key", "stateN" and "state",
// "hn" and "h"), and so must the types; one of the names must speak of a state. Where that fits
// several there is no guess.
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "ir/type.h"
#include "passes/pipeline/pass.h"
#include "support/nearest_name.h"
#include "support/options.h"
#include "support/registry.h"
#include "support/status.h"

namespace allot {
namespace {

struct Options {
  std::string pairs = "auto";
};

using Words = std::vector<std::string>;

template <size_t N>
bool IsOneOf(const std::array<absl::string_view, N>& words, absl::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Which of the two it is, and nothing of what it is.
constexpr std::array<absl::string_view, 19> kAges = {
    "past", "present", "new",    "next",    "old",   "prev", "previous", "last",    "updated", "in",
    "out",  "input",   "output", "initial", "final", "init", "n",        "current", "cur"};
// Many models have an input and an output that are called alike and are no state.
constexpr std::array<absl::string_view, 15> kSpeaksOfState = {
    "past",   "present", "prev", "previous", "state", "states", "cache",  "caches",
    "hidden", "memory",  "mems", "new",      "next",  "kv",     "updated"};

// Of a name: runs of digits, of small letters with a capital before them, or of capitals.
Words WordsOf(absl::string_view name) {
  Words words;
  for (size_t i = 0; i < name.size();) {
    size_t end = i;
    if (absl::ascii_isdigit(name[i])) {
      while (end < name.size() && absl::ascii_isdigit(name[end])) ++end;
    } else if (absl::ascii_isalpha(name[i])) {
      while (end < name.size() && absl::ascii_isupper(name[end])) ++end;
      const bool small = end < name.size() && absl::ascii_islower(name[end]);
      if (small && end > i + 1) {
        --end;  // the last capital begins the next word
      } else {
        while (end < name.size() && absl::ascii_islower(name[end])) ++end;
      }
    }
    if (end > i) words.push_back(absl::AsciiStrToLower(name.substr(i, end - i)));
    i = std::max(end, i + 1);
  }
  // The states of a cell: h0 or h, and hn.
  if (words.size() == 1 && (words[0] == "hn" || words[0] == "cn")) {
    words = {words[0].substr(0, 1), "n"};
  }
  if (words.size() == 2 && (words[0] == "h" || words[0] == "c") && words[1] == "0")
    words.pop_back();
  return words;
}

// What a name says besides its age. A cache is called by "key_values" on one side only.
Words StemOf(const Words& words) {
  Words stem;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool cache = words[i] == "key" && i + 1 < words.size() && words[i + 1] == "values";
    if (cache) {
      ++i;
    } else if (!IsOneOf(kAges, words[i])) {
      stem.push_back(words[i]);
    }
  }
  return stem;
}

bool SpeaksOfState(const Words& words) {
  const bool cell = !words.empty() && words.size() <= 2 && (words[0] == "h" || words[0] == "c");
  return cell || std::any_of(words.begin(), words.end(),
                             [](const std::string& word) { return IsOneOf(kSpeaksOfState, word); });
}

// Whether a result can be given back: the same type, and no fixed size that differs.
bool Fits(const ir::Type& made, const ir::Type& taken) {
  if (!made.is_tensor() || !taken.is_tensor() || made.element != taken.element) return false;
  if (!made.shape.has_value() || !taken.shape.has_value()) return true;
  return std::equal(made.shape->begin(), made.shape->end(), taken.shape->begin(),
                    taken.shape->end(), [](const ir::Dim& a, const ir::Dim& b) {
                      return !a.known() || !b.known() || a.size == b.size;
                    });
}

class FindState final : public GraphPass {
 public:
  explicit FindState(Options options) : options_(std::move(options)) {}

  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    std::vector<std::pair<std::string, std::string>> state;
    if (options_.pairs == "auto") {
      state = Found(module.graph);
    } else if (options_.pairs != "off") {
      ALLOT_ASSIGN_OR_RETURN(state, Given(module.graph));
    }
    context.statistics->Add("states", static_cast<int64_t>(state.size()));
    if (state == module.state) return false;
    module.state = std::move(state);
    return true;
  }

 private:
  // By name: inputs of the model that somebody has to give, and outputs.
  static std::map<std::string, ir::ValueId> Inputs(const ir::Graph& graph) {
    std::map<std::string, ir::ValueId> inputs;
    for (const ir::ValueId input : graph.inputs()) {
      if (!graph.value(input).constant.valid()) inputs.emplace(graph.value(input).name, input);
    }
    return inputs;
  }

  static std::map<std::string, ir::ValueId> Outputs(const ir::Graph& graph) {
    std::map<std::string, ir::ValueId> outputs;
    for (const ir::ValueId output : graph.outputs()) {
      outputs.emplace(graph.value(output).name, output);
    }
    return outputs;
  }

  // In order of the names of inputs.
  static std::vector<std::pair<std::string, std::string>> Found(const ir::Graph& graph) {
    std::map<Words, std::vector<ir::ValueId>> makers;
    for (const auto& [name, output] : Outputs(graph))
      makers[StemOf(WordsOf(name))].push_back(output);
    std::map<ir::ValueId, std::vector<ir::ValueId>> takers;   // by output
    std::map<ir::ValueId, std::vector<ir::ValueId>> fitting;  // by input
    for (const auto& [name, input] : Inputs(graph)) {
      const Words words = WordsOf(name), stem = StemOf(words);
      const auto made = makers.find(stem);
      if (stem.empty() || made == makers.end()) continue;
      for (const ir::ValueId output : made->second) {
        if (output == input || !Fits(graph.value(output).type, graph.value(input).type)) continue;
        if (!SpeaksOfState(words) && !SpeaksOfState(WordsOf(graph.value(output).name))) continue;
        takers[output].push_back(input);
        fitting[input].push_back(output);
      }
    }
    std::vector<std::pair<std::string, std::string>> state;
    for (const auto& [name, input] : Inputs(graph)) {
      const auto outputs = fitting.find(input);
      if (outputs == fitting.end() || outputs->second.size() != 1) continue;
      const ir::ValueId output = outputs->second.front();
      if (takers[output].size() == 1) state.emplace_back(name, graph.value(output).name);
    }
    return state;
  }

  // "OUT=IN,OUT=IN". Names may hold '=' and ',': a piece is a pair as soon as it is one of the
  // model's.
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> Given(
      const ir::Graph& graph) const {
    const std::map<std::string, ir::ValueId> inputs = Inputs(graph), outputs = Outputs(graph);
    std::map<std::string, std::string> pairs, made;  // by input, by output
    const absl::string_view text = options_.pairs;
    size_t begin = 0;
    for (size_t end = 0; begin < text.size(); ++end) {
      end = std::min(text.find(',', end), text.size());
      const absl::string_view piece = text.substr(begin, end - begin);
      for (size_t equal = piece.find('='); equal != piece.npos;
           equal = piece.find('=', equal + 1)) {
        const std::string output(piece.substr(0, equal)), input(piece.substr(equal + 1));
        const auto maker = outputs.find(output), taker = inputs.find(input);
        if (maker == outputs.end() || taker == inputs.end()) continue;
        if (!Fits(graph.value(maker->second).type, graph.value(taker->second).type)) {
          return InputError("state '", piece, "': the output has another type than the input");
        }
        if (!pairs.emplace(input, output).second || !made.emplace(output, input).second) {
          return InputError("state '", piece, "': each input and each output is in one pair");
        }
        begin = end + 1;
        break;
      }
      if (end < text.size() || begin >= text.size()) continue;
      return Unknown(text.substr(begin), inputs, outputs);
    }
    return std::vector<std::pair<std::string, std::string>>(pairs.begin(), pairs.end());
  }

  static absl::Status Unknown(absl::string_view piece,
                              const std::map<std::string, ir::ValueId>& inputs,
                              const std::map<std::string, ir::ValueId>& outputs) {
    const size_t equal = piece.find('=');
    if (equal == piece.npos) {
      return InputError("state '", piece, "': expected auto, off, or OUTPUT=INPUT,...");
    }
    const std::string output(piece.substr(0, equal)), input(piece.substr(equal + 1));
    const bool no_output = outputs.count(output) == 0;
    std::vector<std::string> names;
    for (const auto& [name, value] : no_output ? outputs : inputs) names.push_back(name);
    const std::string& name = no_output ? output : input;
    return InputError("state '", piece, "': the model has no ", no_output ? "output" : "input",
                      " '", name, "'", DidYouMean(name, names));
  }

  Options options_;
};

}  // namespace

Entry<GraphPass> FindStateEntry() {
  return MakeEntry<GraphPass, FindState>(
      "find-state", "find inputs that are given what the inference before has made",
      OptionSchema<Options>().Add("pairs", &Options::pairs,
                                  "auto: by name; off: none; or OUTPUT=INPUT,OUTPUT=INPUT"));
}

}  // namespace allot
