#include "examples/models/published_models.h"

namespace allot::examples {
namespace {

constexpr PublishedModel kModels[] = {
    {"decoder-70b",
     "80 layers of width 8192 with grouped queries and a cache, 16 bits, without weights",
     Decoder70B},
    {"decoder-7b",
     "32 layers of width 4096 with grouped queries and a cache, 16 bits, without weights",
     Decoder7B},
    {"decoder-medium",
     "4 layers of width 1024 with grouped queries and a cache, 55 million weights", DecoderMedium},
    {"decoder-small", "12 layers of width 256 with grouped queries and a cache, 10 million weights",
     DecoderSmall},
    {"densenet-121", "DenseNet-121, 224 x 224 image, 8 million weights", DenseNet121},
    {"googlenet", "GoogLeNet, 224 x 224 image, 7 million weights", GoogLeNet},
    {"inception-v3", "Inception-v3, 299 x 299 image, 24 million weights", InceptionV3},
    {"mobilenet-v2", "MobileNet-v2, 224 x 224 image, 3.5 million weights", MobileNetV2},
    {"randwire", "RandWire-WS(4, 0.75), 224 x 224 image, 6 million weights", RandWire},
    {"resnet-50", "ResNet-50, 224 x 224 image, 26 million weights", ResNet50},
    {"transformer-encoder", "12 layers of width 768, 128 tokens, 85 million weights",
     TransformerEncoder},
    {"unet", "diffusion U-Net with attention, 32 x 32 image, 9 million weights", UNet},
};

}  // namespace

absl::Span<const PublishedModel> PublishedModels() { return kModels; }

const PublishedModel* FindPublishedModel(absl::string_view name) {
  for (const PublishedModel& model : kModels) {
    if (name == model.name) return &model;
  }
  return nullptr;
}

void AddClassifier(OnnxBuilder& net, const std::string& x, int64_t channels) {
  const std::string mean = net.Op("GlobalAveragePool", {x}, "pool");
  const std::string features = net.Op("Flatten", {mean}, "flatten");
  net.Dense(features, channels, 1000, "classifier");
  net.last().set_output(0, "logits");
  net.Output("logits", {1, 1000});
}

}  // namespace allot::examples
