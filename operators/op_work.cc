#include "operators/op_work.h"

namespace allot {

int64_t Flops(const OpWork& work) {
  int64_t flops = work.other_operations;
  for (const Extents& product : work.products) {
    flops = SaturatingAdd(flops, Product({2, product.batch, product.m, product.n, product.k}));
  }
  return flops;
}

}  // namespace allot
