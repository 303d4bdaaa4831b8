// Writes the GoogLeNet model that the quick start places.

#include <cstdio>

#include "examples/models/onnx_builder.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make-googlenet FILE.onnx\n");
    return 1;
  }
  allot::examples::OnnxBuilder net = allot::examples::GoogLeNet();
  if (!net.Save(argv[1])) {
    std::fprintf(stderr, "error: %s cannot be written\n", argv[1]);
    return 1;
  }
  std::printf("%s: %d nodes\n", argv[1], net.graph().node_size());
  return 0;
}
