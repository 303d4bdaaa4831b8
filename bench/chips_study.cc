// chips-study WEIGHTS EVALUATIONS SEEDS TRIES [only=NAME,NAME] FILE:CHIPS ...: finders of chips on
// problems of chips and published graphs, side by side on one cost model; nothing here is measured
// on hardware. WEIGHTS is a file of allot train-proposer, or "shipped". Prints, as Markdown: what
// each finder reaches in so many proposals (median and range over the seeds), how many proposals a
// policy that starts with the weights needs for what one that starts with nothing ends with, and
// how many of TRIES proposals of each kind the verifier passes, on these and on made-up models that
// nothing was learned from.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "placement/kinds/chips/formats/chips_json.h"
#include "placement/kinds/chips/formats/read_chips.h"
#include "placement/kinds/chips/learning/features.h"
#include "placement/kinds/chips/learning/graph_net.h"
#include "placement/kinds/chips/model/verify.h"
#include "placement/kinds/chips/search/chips_search.h"
#include "placement/kinds/chips/search/learned.h"
#include "placement/kinds/chips/training/pretrain.h"
#include "support/read_file.h"
#include "support/status.h"

namespace allot::chips {
namespace {

struct Instance {
  std::string name;
  Problem problem;
};

absl::StatusOr<Instance> ReadInstance(const std::string& argument) {
  const size_t colon = argument.rfind(':');
  const std::string path = argument.substr(0, colon);
  ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  ALLOT_ASSIGN_OR_RETURN(const Json document, ParseJson(text), path, ": ");
  std::map<std::string, std::string> flags;
  if (colon != argument.npos) flags[kChipsFlag] = argument.substr(colon + 1);
  Instance instance;
  ALLOT_ASSIGN_OR_RETURN(instance.problem, ReadChips(document, path, flags));
  ALLOT_RETURN_IF_ERROR(Check(instance.problem), path, ": ");
  const size_t slash = path.rfind('/'), dot = path.rfind('.');
  instance.name =
      absl::StrCat(path.substr(slash + 1, dot - slash - 1), " x ", instance.problem.chips);
  return instance;
}

// Made-up models of these seeds are in no corpus.
constexpr uint64_t kUnseen = 2'000'000;

using Make = std::function<std::unique_ptr<Proposer>(Workshop&)>;

// Exits where the verifier does not say the same of the answer.
SearchResult RunFinder(const Compiled& compiled, Picos bound, const Make& make, int64_t evaluations,
                       uint64_t seed) {
  Workshop workshop(compiled);
  workshop.random = Random(seed);
  workshop.bound = bound;
  std::vector<Finder> finders;
  finders.push_back({make(workshop), 1});
  SearchLimits limits;
  limits.steps = int64_t{1} << 50;
  limits.evaluations = evaluations;
  SearchResult found = Search(workshop, finders, limits);
  if (found.best.has_value()) {
    const absl::StatusOr<Picos> value =
        Verify(compiled.problem(), compiled.Expand(found.best->chips));
    if (!value.ok() || *value != found.best->value) {
      std::fprintf(stderr, "%s: an answer breaks a rule or has another value: %s\n",
                   found.finder.c_str(), std::string(value.status().message()).c_str());
      std::exit(1);
    }
  }
  return found;
}

// A network that has learned nothing, and levels as one that has: what weights bring beside that.
ProposerWeights OnlyLevelling(const ProposerWeights& learned) {
  Random random(1);
  GraphNet net(kFeatures.size());
  net.Initialize(random);
  return {net.parameters(), learned.spread, learned.levelling, "nothing"};
}

double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

template <typename T>
T Median(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string Ms(Picos value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", ToMillis(value));
  return value == kDoesNotFit ? "none" : text;
}

// Proposals until a value was reached; one more than there were if it never was.
int64_t ProposalsTo(const std::vector<Picos>& history, Picos value) {
  size_t i = 0;
  while (i < history.size() && history[i] > value) ++i;
  return static_cast<int64_t>(i) + 1;
}

class Study {
 public:
  // `only`: the finders that run; empty: all.
  Study(ProposerWeights weights, int64_t evaluations, uint64_t seeds, std::set<std::string> only)
      : weights_(std::move(weights)),
        levels_(OnlyLevelling(weights_)),
        evaluations_(evaluations),
        seeds_(seeds),
        only_(std::move(only)) {
    const auto learned = [](LearnedUse use, const ProposerWeights* from) {
      return [use, from](Workshop& workshop) { return MakeLearnedProposer(workshop, use, from); };
    };
    const auto annealing = [this](AnnealingStart start) {
      return [this, start](Workshop& workshop) {
        return MakeAnnealingProposer(workshop, start, evaluations_);
      };
    };
    finders_ = {{"random + sample", MakeRandomProposer},
                {"annealing + fix from random", annealing(AnnealingStart::kRandom)},
                {"annealing + fix from balanced", annealing(AnnealingStart::kBalanced)},
                {"policy from nothing", learned(LearnedUse::kChips, nullptr)},
                {"policy fine-tuned", learned(LearnedUse::kChips, &weights_)},
                {"policy that only levels", learned(LearnedUse::kChips, &levels_)},
                {"order from nothing", learned(LearnedUse::kOrder, nullptr)},
                {"order fine-tuned", learned(LearnedUse::kOrder, &weights_)},
                {"slices", MakeSlicesProposer}};
  }

  void Finders(const std::vector<Instance>& instances) {
    std::printf("| instance | bound | slice DP |");
    for (const auto& [name, make] : finders_) std::printf(" %s |", name.c_str());
    std::printf("\n| --- | ---: | ---: |");
    for (size_t i = 0; i < finders_.size(); ++i) std::printf(" ---: |");
    std::printf("\n");
    std::string transfer, seconds;
    for (const Instance& instance : instances) {
      const Compiled compiled(instance.problem);
      Workshop workshop(compiled);
      const Picos bound = BoundOf(workshop.rules).value;
      workshop.bound = bound;
      const std::optional<Cutting> plain = PlainSlices(workshop);
      std::printf("| %s | %s | %s |", instance.name.c_str(), Ms(bound).c_str(),
                  Ms(plain.has_value() ? plain->value : kDoesNotFit).c_str());
      std::vector<std::vector<SearchResult>> runs;
      absl::StrAppend(&seconds, "| ", instance.name, " |");
      for (const auto& [name, make] : finders_) {
        std::vector<Picos> values;
        runs.emplace_back();
        if (!only_.empty() && only_.count(name) == 0) {
          std::printf(" |");
          seconds += " |";
          continue;
        }
        const double begin = CpuSeconds();
        for (uint64_t seed = 1; seed <= seeds_; ++seed) {
          runs.back().push_back(RunFinder(compiled, bound, make, evaluations_, seed));
          const std::optional<Cutting>& best = runs.back().back().best;
          values.push_back(best.has_value() ? best->value : kDoesNotFit);
        }
        char text[32];
        std::snprintf(text, sizeof text, " %.2f |",
                      (CpuSeconds() - begin) / static_cast<double>(seeds_));
        seconds += text;
        const auto [least, most] = std::minmax_element(values.begin(), values.end());
        std::printf(" %s [%s, %s] |", Ms(Median(values)).c_str(), Ms(*least).c_str(),
                    Ms(*most).c_str());
        std::fflush(stdout);
      }
      seconds += "\n";
      std::printf("\n");
      for (const auto& [finder, scratch, tuned] :
           {std::tuple("policy", 3, 4), std::tuple("policy that only levels", 3, 5),
            std::tuple("order", 6, 7)}) {
        const std::string row =
            Transfer(instance.name, finder, runs[size_t(scratch)], runs[size_t(tuned)]);
        std::fputs(row.c_str(), stderr);
        transfer += row;
      }
    }
    std::printf("\nProcessor seconds of a run:\n\n| instance |");
    for (const auto& [name, make] : finders_) std::printf(" %s |", name.c_str());
    std::printf("\n| --- |");
    for (size_t i = 0; i < finders_.size(); ++i) std::printf(" ---: |");
    std::printf("\n%s", seconds.c_str());
    std::printf(
        "\nProposals to 99 %% of what the one that learns from nothing ends with:\n\n"
        "| instance | finder | from nothing ends at | from nothing | fine-tuned | ratio, median | "
        "ratios |\n| --- | --- | ---: | ---: | ---: | ---: | --- |\n%s\n",
        transfer.c_str());
    for (const auto& [finder, ratios] : ratios_) {
      std::printf("Median ratio of the %s: %.1f.\n", finder.c_str(), Median(ratios));
    }
    std::printf("Below 1: %s.\n", below_.empty() ? "none" : below_.c_str());
  }

  // Proposals of every kind that the verifier passes.
  void Tries(const std::vector<Instance>& instances, int64_t tries) const {
    std::printf(
        "\n| instance | sample | fix of random chips | policy | rule broken | by slices |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: |\n");
    const int64_t each = tries / static_cast<int64_t>(3 * instances.size()) + 1;
    int64_t all = 0, broken_in_all = 0;
    for (const Instance& instance : instances) {
      Problem unlimited = instance.problem;
      unlimited.memory.reset();
      const Compiled compiled(unlimited);
      Workshop workshop(compiled);
      const ChipWeights even(static_cast<size_t>(compiled.size() * unlimited.chips), 1.0);
      const std::unique_ptr<Proposer> policy =
          MakeLearnedProposer(workshop, LearnedUse::kChips, &weights_);
      int64_t broken = 0;
      const auto check = [&](const Assignment& chips) {
        if (!Verify(unlimited, compiled.Expand(chips)).ok()) ++broken;
        ++all;
      };
      for (int64_t i = 0; i < each; ++i) {
        check(workshop.repair.Sample(even, workshop.random));
        Assignment candidate;
        for (int32_t v = 0; v < compiled.size(); ++v) {
          candidate.push_back(static_cast<int32_t>(workshop.random.Below(unlimited.chips)));
        }
        check(workshop.repair.Fix(candidate, workshop.random));
        const std::optional<Assignment> proposed = policy->Propose(nullptr);
        if (!proposed.has_value()) continue;
        check(*proposed);
        policy->Learn(*proposed, Worth(compiled, *proposed));
      }
      broken_in_all += broken;
      std::printf("| %s | %lld | %lld | %lld | %lld | %lld |\n", instance.name.c_str(),
                  static_cast<long long>(each), static_cast<long long>(each),
                  static_cast<long long>(each), static_cast<long long>(broken),
                  static_cast<long long>(workshop.repair.counts().sliced));
      std::fflush(stdout);
    }
    std::printf("\n%lld proposals, %lld of which break a rule.\n", static_cast<long long>(all),
                static_cast<long long>(broken_in_all));
  }

 private:
  std::string Transfer(const std::string& instance, const std::string& finder,
                       const std::vector<SearchResult>& scratch,
                       const std::vector<SearchResult>& tuned) {
    std::vector<double> ratios;
    std::vector<Picos> ends;
    std::vector<int64_t> from_nothing, fine_tuned;
    std::string all;
    for (size_t seed = 0; seed < std::min(scratch.size(), tuned.size()); ++seed) {
      if (!scratch[seed].best.has_value()) continue;
      const Picos end = scratch[seed].best->value;
      const auto enough = static_cast<Picos>(static_cast<double>(end) / 0.99);
      ends.push_back(end);
      from_nothing.push_back(ProposalsTo(scratch[seed].history, enough));
      fine_tuned.push_back(ProposalsTo(tuned[seed].history, enough));
      ratios.push_back(static_cast<double>(from_nothing.back()) /
                       static_cast<double>(fine_tuned.back()));
      char text[32];
      std::snprintf(text, sizeof text, "%s%.1f", all.empty() ? "" : ", ", ratios.back());
      all += text;
      ratios_[finder].push_back(ratios.back());
    }
    if (ratios.empty()) return "";
    if (Median(ratios) < 1) {
      absl::StrAppend(&below_, below_.empty() ? "" : ", ", instance, " (", finder, ")");
    }
    char text[64];
    std::snprintf(text, sizeof text, "%.1f", Median(ratios));
    return absl::StrCat("| ", instance, " | ", finder, " | ", Ms(Median(ends)), " | ",
                        Median(from_nothing), " | ", Median(fine_tuned), " | ", text, " | ", all,
                        " |\n");
  }

  const ProposerWeights weights_, levels_;
  const int64_t evaluations_;
  const uint64_t seeds_;
  const std::set<std::string> only_;
  std::vector<std::pair<std::string, Make>> finders_;
  std::map<std::string, std::vector<double>> ratios_;  // by finder
  std::string below_;
};

absl::Status Run(const std::vector<std::string>& arguments) {
  int64_t evaluations = 0, seeds = 0, tries = 0;
  if (arguments.size() < 5 || !absl::SimpleAtoi(arguments[1], &evaluations) ||
      !absl::SimpleAtoi(arguments[2], &seeds) || !absl::SimpleAtoi(arguments[3], &tries) ||
      seeds < 1) {
    return InputError(
        "usage: chips-study WEIGHTS|shipped EVALUATIONS SEEDS TRIES [only=NAME,NAME] FILE:CHIPS "
        "...");
  }
  ProposerWeights weights = ShippedWeights();
  if (arguments[0] != "shipped") {
    ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(arguments[0]));
    ALLOT_ASSIGN_OR_RETURN(weights, ReadProposerWeights(text, arguments[0]));
  }
  std::vector<Instance> instances;
  std::set<std::string> only;
  size_t first = 4;
  if (absl::string_view names = arguments[first]; absl::ConsumePrefix(&names, "only=")) {
    only = absl::StrSplit(names, ',');
    ++first;
  }
  for (size_t i = first; i < arguments.size(); ++i) {
    ALLOT_ASSIGN_OR_RETURN(instances.emplace_back(), ReadInstance(arguments[i]));
  }
  Study study(std::move(weights), evaluations, static_cast<uint64_t>(seeds), std::move(only));
  if (evaluations > 0) study.Finders(instances);
  if (tries > 0) {
    for (MadeModel& model : MadeCorpus(kUnseen, 2)) {
      instances.push_back({absl::StrCat("made up: ", model.name), std::move(model.problem)});
    }
    study.Tries(instances, tries);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace allot::chips

int main(int argc, char** argv) {
  const absl::Status status = allot::chips::Run({argv + 1, argv + argc});
  if (status.ok()) return 0;
  std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return 1;
}
