// A small residual network whose convolutions are pruned by channels: what dividing the channels of
// maps is tried on.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "examples/models/onnx_builder.h"

namespace allot::examples {

struct SparseResNetOptions {
  int64_t channels = 32, blocks = 4;  // of the first half; the second has twice the channels
  int64_t image = 16;                 // height and width
  int64_t groups = 4;                 // channels that belong together, in an order that is drawn
  int64_t cross = 5;                  // of a hundred other channels, that are read from outside
  std::string batch = "1";            // "open": any number of images
  int64_t seed = 1;
};

// "sparse-resnet:channels=32,blocks=4,image=16,groups=4,cross=5,batch=1,seed=1". Errors say which
// option is wrong.
bool NamesSparseResNet(absl::string_view text);
absl::StatusOr<SparseResNetOptions> ParseSparseResNet(absl::string_view text);

// A dense stem, max pooling, `blocks` blocks of two 3 x 3 convolutions with batch normalization
// around a shortcut, then as many at half the size with a 1 x 1 convolution in the first shortcut,
// the mean of each map and a dense classifier of ten classes. In the blocks a channel reads those
// of its group, and `cross` of a hundred of the others. With one group all is dense.
OnnxBuilder SparseResNet(const SparseResNetOptions& options);

}  // namespace allot::examples
