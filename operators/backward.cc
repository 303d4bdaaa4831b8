#include "operators/backward.h"

#include <algorithm>

namespace allot {

bool Backward::any() const {
  return std::any_of(gradients.begin(), gradients.end(), [](bool gets) { return gets; });
}

Extents GradientOfFirst(const Extents& product) {
  return {product.batch, product.m, product.k, product.n};
}

Extents GradientOfSecond(const Extents& product) {
  return {product.batch, product.k, product.n, product.m};
}

}  // namespace allot
