// Architectures of published shape with seeded weights: models to place, run and measure where
// nothing can be downloaded. Batch 1 and float32, but for the decoders. The weights are scaled so
// that activations keep their size through the depth and the outputs depend on the input; they
// recognise nothing.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "examples/models/onnx_builder.h"

namespace allot::examples {

OnnxBuilder Decoder70B();
OnnxBuilder Decoder7B();
OnnxBuilder DecoderMedium();
OnnxBuilder DecoderSmall();
OnnxBuilder DenseNet121();
OnnxBuilder GoogLeNet();
OnnxBuilder InceptionV3();
OnnxBuilder MobileNetV2();
OnnxBuilder RandWire();
OnnxBuilder ResNet50();
OnnxBuilder TransformerEncoder();
OnnxBuilder UNet();

struct PublishedModel {
  const char* name;     // on the command line
  const char* summary;  // what it is, in one line
  OnnxBuilder (*make)();
};
// All of them, by name.
absl::Span<const PublishedModel> PublishedModels();
// The model of that name; null if there is none.
const PublishedModel* FindPublishedModel(absl::string_view name);

// The end of an image classifier: the mean over all pixels of `x`, then the output "logits" of 1000
// classes.
void AddClassifier(OnnxBuilder& net, const std::string& x, int64_t channels);

}  // namespace allot::examples
