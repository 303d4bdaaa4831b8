// Work on constants alone, and what of it a runtime does once, when it loads a model.
#pragma once

#include "ir/module.h"
#include "support/id.h"

namespace allot {

struct ConstantWork {
  // By node of the main graph: computes the same at every inference, in whatever part: a built-in
  // operator that may travel (ir/travel.h), on constants and results of such nodes. Constants that
  // a caller may override are constants here: they are the same in every part.
  IdVector<ir::NodeId, bool> constant;
  // Of those, what a runtime folds when it loads the model, so that it costs nothing at an
  // inference: on initializers that nobody may override and on results of folded nodes. ONNX
  // Runtime leaves DequantizeLinear, and so all that follows it, since its kernels compute on
  // quantized weights.
  IdVector<ir::NodeId, bool> folded;
};

// Linear. Nodes must be in topological order; of one that is not, nothing is claimed.
ConstantWork FindConstantWork(const ir::Module& module);

}  // namespace allot
