#include "examples/models/sparse_resnet.h"

#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "support/options.h"
#include "support/random.h"
#include "support/status.h"

namespace allot::examples {
namespace {

using Window = OnnxBuilder::Window;

constexpr absl::string_view kName = "sparse-resnet";

class Builder {
 public:
  explicit Builder(const SparseResNetOptions& options)
      : options_(options),
        net_("sparse-resnet", 17),
        random_(static_cast<uint64_t>(options.seed)) {}

  OnnxBuilder Build() {
    const OnnxBuilder::Dim batch =
        options_.batch == "open" ? OnnxBuilder::Dim("batch") : OnnxBuilder::Dim(1);
    std::string x = net_.Input("image", {batch, 3, options_.image, options_.image});
    int64_t channels = options_.channels;
    x = net_.ConvRelu(x, 3, channels, 3, 1, "stem");
    x = net_.Pool("MaxPool", x, Window::Same(3), "maxpool");
    group_ = Groups(channels);
    for (int64_t half = 0; half < 2; ++half) {
      for (int64_t b = 0; b < options_.blocks; ++b) {
        const bool shrinks = half == 1 && b == 0;
        x = Block(x, shrinks ? 2 : 1, absl::StrCat("half", half + 1, ".", b));
      }
    }
    channels = static_cast<int64_t>(group_.size());
    x = net_.Op("GlobalAveragePool", {x}, "pool");
    x = net_.Op("Flatten", {x}, "flatten");
    net_.Dense(x, channels, 10, "classifier");
    net_.last().set_output(0, "logits");
    net_.Output("logits", {batch, 10});
    return std::move(net_);
  }

 private:
  // A group for each channel.
  std::vector<int64_t> Groups(int64_t channels) {
    std::vector<int64_t> groups;
    for (int64_t i = 0; i < channels; ++i) groups.push_back(i % options_.groups);
    for (size_t i = groups.size(); i > 1; --i) {
      std::swap(groups[i - 1], groups[static_cast<size_t>(random_.Below(static_cast<int64_t>(i)))]);
    }
    return groups;
  }

  std::string Conv(const std::string& x, const std::vector<int64_t>& in,
                   const std::vector<int64_t>& out, int64_t kernel, int64_t stride, double gain,
                   const std::string& name) {
    const auto ins = static_cast<int64_t>(in.size()), outs = static_cast<int64_t>(out.size());
    const int64_t size = kernel * kernel;
    std::vector<float> weights(static_cast<size_t>(ins * outs * size), 0);
    float* at = weights.data();
    const double read = static_cast<double>(ins) * (1.0 / static_cast<double>(options_.groups) +
                                                    static_cast<double>(options_.cross) / 100);
    const double deviation = std::sqrt(gain / (read * static_cast<double>(size)));
    for (const int64_t row : out) {
      for (const int64_t column : in) {
        const bool reads = row == column || random_.Below(100) < options_.cross;
        for (int64_t i = 0; i < size; ++i, ++at) {
          if (!reads) continue;
          // Of variance 1, and never zero.
          const double drawn = 1.7 * static_cast<double>(random_.Between(1, 1000)) / 1000;
          *at = static_cast<float>(deviation * (random_.Below(2) == 0 ? drawn : -drawn));
        }
      }
    }
    const std::string w = net_.Floats(name + ".w", weights, {outs, ins, kernel, kernel});
    const std::string y = net_.Op("Conv", {x, w}, name);
    OnnxBuilder::Ints(net_.last(), "kernel_shape", {kernel, kernel});
    OnnxBuilder::Ints(net_.last(), "pads", std::vector<int64_t>(4, kernel / 2));
    OnnxBuilder::Ints(net_.last(), "strides", {stride, stride});
    const std::string norm = name + ".norm";
    return net_.Op(
        "BatchNormalization",
        {y, net_.Weight(norm + ".scale", {outs}, 0.05, 1),
         net_.Weight(norm + ".shift", {outs}, 0.05), net_.Weight(norm + ".mean", {outs}, 0.05),
         net_.Weight(norm + ".variance", {outs}, 0.01, 1)},
        norm);
  }

  // Around a shortcut; with a stride to twice the channels.
  std::string Block(const std::string& x, int64_t stride, const std::string& name) {
    const std::vector<int64_t> in = group_;
    if (stride > 1) group_ = Groups(2 * static_cast<int64_t>(in.size()));
    std::string y = Conv(x, in, group_, 3, stride, 2, name + "/conv1");
    y = net_.Op("Relu", {y}, name + "/relu1");
    y = Conv(y, group_, group_, 3, 1, 0.5, name + "/conv2");
    const std::string shortcut =
        stride > 1 ? Conv(x, in, group_, 1, stride, 1, name + "/shortcut") : x;
    const std::string sum = net_.Op("Add", {y, shortcut}, name + "/add");
    return net_.Op("Relu", {sum}, name + "/relu2");
  }

  const SparseResNetOptions& options_;
  OnnxBuilder net_;
  Random random_;
  std::vector<int64_t> group_;  // of each channel of the last block
};

OptionSchema<SparseResNetOptions> Schema() {
  return OptionSchema<SparseResNetOptions>()
      .Add("channels", &SparseResNetOptions::channels, "of the first half")
      .Add("blocks", &SparseResNetOptions::blocks, "of each half")
      .Add("image", &SparseResNetOptions::image, "height and width")
      .Add("groups", &SparseResNetOptions::groups, "of channels")
      .Add("cross", &SparseResNetOptions::cross, "of a hundred channels of other groups, read")
      .Add("batch", &SparseResNetOptions::batch, "1 or open")
      .Add("seed", &SparseResNetOptions::seed, "of what is drawn");
}

absl::Status CheckOptions(const SparseResNetOptions& options) {
  const auto within = [](absl::string_view name, int64_t value, int64_t low, int64_t high) {
    if (value >= low && value <= high) return absl::OkStatus();
    return InputError(name, "=", value, ": must be from ", low, " to ", high);
  };
  ALLOT_RETURN_IF_ERROR(within("channels", options.channels, 1, 1024));
  ALLOT_RETURN_IF_ERROR(within("blocks", options.blocks, 1, 100));
  ALLOT_RETURN_IF_ERROR(within("image", options.image, 2, 1024));
  ALLOT_RETURN_IF_ERROR(within("groups", options.groups, 1, options.channels));
  ALLOT_RETURN_IF_ERROR(within("cross", options.cross, 0, 100));
  if (options.batch != "1" && options.batch != "open") {
    return InputError("batch=", options.batch, ": must be 1 or open");
  }
  return absl::OkStatus();
}

}  // namespace

bool NamesSparseResNet(absl::string_view text) { return text.substr(0, text.find(':')) == kName; }

absl::StatusOr<SparseResNetOptions> ParseSparseResNet(absl::string_view text) {
  const std::pair<std::string, std::string> pieces = absl::StrSplit(text, absl::MaxSplits(':', 1));
  ALLOT_ASSIGN_OR_RETURN(const SparseResNetOptions options,
                         Schema().Parse(absl::StrReplaceAll(pieces.second, {{",", " "}})), text,
                         ": ");
  ALLOT_RETURN_IF_ERROR(CheckOptions(options), text, ": ");
  return options;
}

OnnxBuilder SparseResNet(const SparseResNetOptions& options) { return Builder(options).Build(); }

}  // namespace allot::examples
