#include "placement/kinds/chips/training/families.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "placement/kinds/chips/model/copies.h"
#include "support/random.h"

namespace allot::chips {
namespace {

constexpr int64_t kBytesPerSecond = 100'000'000'000;

// Adds nodes in topological order.
class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  int64_t Between(int64_t low, int64_t high) { return random_.Between(low, high); }
  bool Chance(int64_t percent) { return random_.Below(100) < percent; }

  // `work` in microseconds, give or take a fifth; `output` and `weights` in kilobytes.
  int32_t Add(double work, int64_t output, int64_t weights, std::vector<int32_t> reads) {
    Node node;
    node.name = absl::StrCat(problem_.nodes.size());
    node.work = static_cast<Picos>(work * (0.8 + 0.4 * random_.Unit()) * 1e6);
    node.output = output * 1'000;
    node.transfer = DurationAtRate(node.output, kBytesPerSecond);
    node.weights = weights * 1'000;
    std::sort(reads.begin(), reads.end());
    reads.erase(std::unique(reads.begin(), reads.end()), reads.end());
    node.reads = std::move(reads);
    problem_.nodes.push_back(std::move(node));
    return static_cast<int32_t>(problem_.nodes.size()) - 1;
  }

  MadeModel Finish(const std::string& family, uint64_t seed) {
    problem_.chips = static_cast<int32_t>(std::min<int64_t>(
        Between(4, 40), std::max<int64_t>(4, static_cast<int64_t>(problem_.nodes.size()) / 8)));
    MarkCopies(UsualCopyLimits(problem_), problem_);
    MadeModel model;
    model.name = absl::StrCat(family, "-", seed, "x", problem_.chips);
    model.problem = std::move(problem_);
    return model;
  }

 private:
  Random random_;
  Problem problem_;
};

// One layer of attention and feed-forward; `fine` splits it into single operators. `memory`: of an
// encoder, or -1.
int32_t AttentionLayer(Maker& make, int32_t x, int32_t mask, int32_t memory, int64_t width,
                       bool fine, double heavy) {
  const double unit = static_cast<double>(width) / 10;
  const auto attend = [&](int32_t from, int32_t keys) {
    if (!fine) return make.Add(4 * unit + heavy * unit, width, 4 * width, {from, keys, mask});
    const int32_t q = make.Add(unit, width, width, {from});
    const int32_t k = make.Add(unit, width, width, {keys});
    const int32_t v = make.Add(unit, width, width, {keys});
    const int32_t scores = make.Add(2 * unit, 2 * width, 0, {q, k});
    const int32_t masked = make.Add(unit / 2, 2 * width, 0, {scores, mask});
    const int32_t soft = make.Add(unit, 2 * width, 0, {masked});
    const int32_t mixed = make.Add(heavy * unit, width, 0, {soft, v});
    return make.Add(unit, width, width, {mixed});
  };
  const auto join = [&](int32_t a, int32_t b) {
    const int32_t sum = make.Add(unit / 4, width, 0, {a, b});
    return fine ? make.Add(unit / 3, width, 1, {sum}) : sum;
  };
  int32_t at = join(x, attend(x, x));
  if (memory >= 0) at = join(at, attend(at, memory));
  if (!fine) return join(at, make.Add(8 * unit, width, 8 * width, {at}));
  const int32_t up = make.Add(4 * unit, 4 * width, 4 * width, {at});
  const int32_t bent = make.Add(unit, 4 * width, 0, {up});
  return join(at, make.Add(4 * unit, width, 4 * width, {bent}));
}

void Transformer(Maker& make) {
  const int64_t width = make.Between(500, 4'000);
  const bool fine = make.Chance(60);
  const double heavy = make.Chance(50) ? static_cast<double>(make.Between(1, 20)) : 1;
  const int32_t mask = make.Add(0, 10, 0, {});
  int32_t x =
      make.Add(static_cast<double>(width) / 20, width, 20 * width, {make.Add(0, 10, 0, {})});
  for (int64_t layers = make.Between(2, fine ? 14 : 24); layers > 0; --layers) {
    x = AttentionLayer(make, x, mask, -1, width, fine, heavy);
  }
  if (make.Chance(50))
    x = make.Add(static_cast<double>(make.Between(1, 2 * width)), width, width, {x});
  make.Add(static_cast<double>(width) / 5, 100, 10 * width, {x});
}

void Residual(Maker& make) {
  int64_t width = make.Between(500, 4'000);
  int32_t x = make.Add(static_cast<double>(width), width, 10, {make.Add(0, width, 0, {})});
  for (int64_t blocks = make.Between(4, 20); blocks > 0; --blocks) {
    const double unit = static_cast<double>(width) / 4;
    if (make.Chance(20)) width = std::max<int64_t>(width / 2, 50);
    int32_t at = x;
    for (int64_t convolutions = make.Between(2, 3); convolutions > 0; --convolutions) {
      at = make.Add(unit, width, 100, {at});
      if (make.Chance(70)) at = make.Add(unit / 6, width, 1, {at});
      if (make.Chance(70)) at = make.Add(unit / 8, width, 0, {at});
    }
    const int32_t skip = make.Chance(25) ? make.Add(unit / 2, width, 50, {x}) : x;
    x = make.Add(unit / 8, width, 0, {at, skip});
    x = make.Add(unit / 8, width, 0, {x});
  }
  make.Add(static_cast<double>(width), 4, 2'000, {x});
}

void Branches(Maker& make) {
  const int64_t width = make.Between(500, 3'000);
  int32_t x = make.Add(static_cast<double>(2 * width), width, 10, {make.Add(0, width, 0, {})});
  for (int64_t blocks = make.Between(3, 12); blocks > 0; --blocks) {
    std::vector<int32_t> ends;
    for (int64_t branches = make.Between(2, 4); branches > 0; --branches) {
      int32_t at = x;
      for (int64_t depth = make.Between(1, 5); depth > 0; --depth) {
        at =
            make.Add(static_cast<double>(make.Between(width / 20, width / 2)), width / 3, 60, {at});
      }
      ends.push_back(at);
    }
    x = make.Add(static_cast<double>(width) / 20, width, 0, ends);
  }
  make.Add(static_cast<double>(width) / 4, 4, 2'000, {x});
}

void EncoderDecoder(Maker& make) {
  const int64_t width = make.Between(500, 3'000);
  const int32_t mask = make.Add(0, 10, 0, {});
  int32_t memory =
      make.Add(static_cast<double>(width) / 20, width, 20 * width, {make.Add(0, 10, 0, {})});
  const bool fine = make.Chance(40);
  for (int64_t layers = make.Between(2, 8); layers > 0; --layers) {
    memory = AttentionLayer(make, memory, mask, -1, width, fine, 1);
  }
  int32_t x =
      make.Add(static_cast<double>(width) / 20, width, 20 * width, {make.Add(0, 10, 0, {})});
  for (int64_t layers = make.Between(2, 8); layers > 0; --layers) {
    x = AttentionLayer(make, x, mask, memory, width, fine, 1);
  }
  make.Add(static_cast<double>(width), 100, 10 * width, {x});
}

void Layers(Maker& make) {
  const int64_t width = make.Between(500, 3'000);
  std::vector<int32_t> before = {make.Add(0, width, 0, {})};
  for (int64_t layers = make.Between(5, 30); layers > 0; --layers) {
    std::vector<int32_t> layer;
    for (int64_t nodes = make.Between(1, 4); nodes > 0; --nodes) {
      std::vector<int32_t> reads = {
          before[static_cast<size_t>(make.Between(0, static_cast<int64_t>(before.size()) - 1))]};
      for (const int32_t u : before) {
        if (make.Chance(40)) reads.push_back(u);
      }
      layer.push_back(make.Add(static_cast<double>(make.Between(1, width)), width, 50, reads));
    }
    before = layer;
  }
}

}  // namespace

MadeModel MakeModel(Family family, uint64_t seed) {
  Maker make(seed * uint64_t{kNumFamilies} + static_cast<uint64_t>(family));
  switch (family) {
    case Family::kTransformer:
      Transformer(make);
      return make.Finish("transformer", seed);
    case Family::kResidual:
      Residual(make);
      return make.Finish("residual", seed);
    case Family::kBranches:
      Branches(make);
      return make.Finish("branches", seed);
    case Family::kEncoderDecoder:
      EncoderDecoder(make);
      return make.Finish("encoder-decoder", seed);
    case Family::kLayers:
      Layers(make);
      return make.Finish("layers", seed);
  }
  return {};
}

}  // namespace allot::chips
