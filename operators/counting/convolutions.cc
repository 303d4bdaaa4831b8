// Convolutions as the products that im2col makes of them (Chellapilla, Puri and Simard, 2006): a
// row for each place, all that the kernel covers there in its columns. Neither layout nor rank
// matters: they are in the number of elements.
#include <algorithm>

#include "operators/backward.h"
#include "operators/counting/work_rules.h"

namespace allot::work {
namespace {

// A kernel [M, C/groups, k...], of a transposed convolution [C, M/groups, k...].
struct Kernel {
  int64_t channels = 0;  // its first dimension
  int64_t slice = 0;     // elements for each of these
  int64_t window = 1;    // places in each slice
};

Kernel KernelOf(const OpView& view, size_t operand) {
  const std::vector<int64_t> dims = view.OperandDims(operand);
  Kernel kernel;
  kernel.channels = DimAt(dims, 0);
  if (kernel.channels <= 0) return kernel;
  kernel.slice = view.OperandElements(operand) / kernel.channels;
  std::vector<int64_t> places = view.Ints("kernel_shape");
  if (places.empty() && dims.size() > 2) places.assign(dims.begin() + 2, dims.end());
  int64_t window = 1;
  for (const int64_t size : places) window = SaturatingMultiply(window, std::max<int64_t>(0, size));
  kernel.window = FactorOf(kernel.slice, window);
  return kernel;
}

// `results`: elements of what the convolution makes.
OpWork ConvolutionWork(const OpView& view, size_t operand, int64_t wanted_groups, int64_t results) {
  OpWork work;
  const Kernel kernel = KernelOf(view, operand);
  if (results <= 0 || kernel.slice <= 0) return work;
  const int64_t channels = FactorOf(results, kernel.channels);
  const int64_t groups = FactorOf(channels, wanted_groups);
  work.products.push_back(
      {.batch = groups, .m = results / channels, .n = channels / groups, .k = kernel.slice});
  work.window = kernel.window;
  return work;
}

void AddBias(const OpView& view, size_t bias, OpWork& work) {
  if (bias == 0 || !view.HasOperand(bias) || work.products.empty()) return;
  work.other_operations = view.ResultElements(0);
}

}  // namespace

WorkRule Convolution(size_t kernel, size_t bias) {
  return [kernel, bias](const OpView& view) {
    OpWork work = ConvolutionWork(view, kernel, view.Int("group", 1), view.ResultElements(0));
    AddBias(view, bias, work);
    return work;
  };
}

WorkRule DepthwiseConvolution(size_t kernel, size_t bias) {
  return [kernel, bias](const OpView& view) {
    OpWork work =
        ConvolutionWork(view, kernel, DimAt(view.OperandDims(kernel), 0), view.ResultElements(0));
    AddBias(view, bias, work);
    return work;
  };
}

WorkRule ConvolutionGradients() {
  return [](const OpView& view) {
    const OpWork forward = ConvolutionWork(view, 2, view.Int("group", 1), view.OperandElements(0));
    OpWork work;
    work.window = forward.window;
    for (const Extents& product : forward.products) {
      if (view.ResultElements(0) > 0) work.products.push_back(GradientOfFirst(product));
      if (view.ResultElements(1) > 0) work.products.push_back(GradientOfSecond(product));
    }
    // What was added to the result has the sum of its gradient.
    if (view.ResultElements(2) > 0) work.other_operations = view.OperandElements(0);
    return work;
  };
}

WorkRule TransposedConvolution() {
  return [](const OpView& view) {
    OpWork work;
    const Kernel kernel = KernelOf(view, 1);
    const int64_t operands = view.OperandElements(0);
    if (operands <= 0 || kernel.slice <= 0) return work;
    const int64_t channels = FactorOf(operands, kernel.channels);
    const int64_t groups = FactorOf(channels, view.Int("group", 1));
    work.products.push_back(
        {.batch = groups, .m = operands / channels, .n = kernel.slice, .k = channels / groups});
    work.window = kernel.window;
    return work;
  };
}

// A convolution, and bilinear samples of 8 operations for each input channel and kernel element at
// each place.
WorkRule DeformableConvolution() {
  return [](const OpView& view) {
    const std::vector<int64_t> input = view.OperandDims(0), kernel = view.OperandDims(1);
    const std::vector<int64_t> result = view.ResultDims(0);
    if (input.size() < 3 || kernel.size() < 3 || result.size() < 3) return OpWork();
    int64_t samples = Product({8, input[0], input[1]});
    for (size_t i = 2; i < kernel.size(); ++i) samples = SaturatingMultiply(samples, kernel[i]);
    for (size_t i = 2; i < result.size(); ++i) samples = SaturatingMultiply(samples, result[i]);
    OpWork work = ConvolutionWork(view, 1, view.Int("group", 1), view.ResultElements(0));
    work.other_operations = samples;
    // What is sampled is moved by operand 2, once for each result.
    if (view.HasOperand(2) && !work.products.empty()) {
      work.other_operations = SaturatingAdd(samples, view.ResultElements(0));
    }
    return work;
  };
}

}  // namespace allot::work
