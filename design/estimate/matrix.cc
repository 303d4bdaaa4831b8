#include "design/estimate/matrix.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace allot::design {
namespace {

using hardware::Cycles;
using hardware::Rates;
using hardware::Words;

double Ceil(double amount, double parts) { return std::ceil(amount / parts); }

// A loop order: p over the width, q over the depth, r streams.
struct Order {
  double p, q, r;
  // Words that each operand has, by the dimensions it spans: [p r], [q r], and [p q], which stays
  // in the array.
  bool accumulates;  // the result is [p q]: it is read out once
};

// The passes over what stays, with a grid of rows x columns cores.
struct Grid {
  double rows, columns;
};

MatrixCycles OfOrder(const Order& order, double batch, double product_words_pr,
                     double product_words_qr, double words_pq, const TensorCores& on,
                     const Rates& rates, double w, double d) {
  const double tiles_p = Ceil(order.p, w), tiles_q = Ceil(order.q, d);
  const double tiles = batch * tiles_p * tiles_q;
  const double waves = Ceil(tiles, static_cast<double>(on.cores));
  MatrixCycles cycles;
  cycles.compute = Cycles(waves * order.r + w + d);

  // A core that accumulates keeps a block of tiles in half of its buffer, square if it can, and
  // reads each operand once for the block.
  double block_p = 1, block_q = 1;
  if (order.accumulates) {
    const double fit = std::floor(on.core_buffer.value() / 2 / (w * d));
    if (fit >= 2) {
      block_p = std::min(tiles_p, std::max(1.0, std::floor(std::sqrt(fit))));
      block_q = std::min(tiles_q, std::max(1.0, std::floor(fit / block_p)));
      // No wider than leaves every core something to do.
      const double per_core = std::max(1.0, std::floor(tiles / static_cast<double>(on.cores)));
      while (block_p * block_q > per_core) (block_p > block_q ? block_p : block_q) -= 1;
    }
  }
  double least = std::numeric_limits<double>::max();
  const auto cores = static_cast<double>(on.cores);
  for (double rows = 1; rows <= cores; rows *= 2) {
    const double used_rows = std::min(rows, Ceil(tiles_p, block_p));
    const double columns = std::min(std::floor(cores / used_rows), Ceil(tiles_q, block_q));
    // Each row of the grid shares [p r], each column shares [q r].
    const double passes_pr = Ceil(tiles_q, columns * block_q) * Ceil(columns, rates.cores_per_read);
    const double passes_qr =
        Ceil(tiles_p, used_rows * block_p) * Ceil(used_rows, rates.cores_per_read);
    const double words = product_words_pr * passes_pr + product_words_qr * passes_qr + words_pq;
    least = std::min(least, words);
  }
  cycles.buffer = Words(least) / rates.buffer;
  cycles.dispatch = rates.dispatch * std::min(tiles, waves * cores);
  return cycles;
}

Cycles Largest(const MatrixCycles& cycles) {
  return std::max({cycles.compute, cycles.buffer, cycles.memory, cycles.dispatch});
}

}  // namespace

Cycles MatrixCycles::total() const { return Largest(*this); }

Words MemoryTraffic(const Extents& product, Words shared_buffer) {
  const auto batch = static_cast<double>(product.batch), m = static_cast<double>(product.m);
  const auto n = static_cast<double>(product.n), k = static_cast<double>(product.k);
  // Half of the buffer holds what is kept, the other what streams.
  const double room = std::max(1.0, shared_buffer.value() / 2);
  const double rows = std::clamp(std::floor(room / k), 1.0, m);
  const double columns = std::clamp(std::floor(room / k), 1.0, n);
  const double side = std::max(1.0, std::floor(std::sqrt(room)));
  const double keep_rows = m * k + k * n * Ceil(m, rows);
  const double keep_columns = k * n + m * k * Ceil(n, columns);
  const double keep_block = m * k * Ceil(n, std::min(n, side)) + k * n * Ceil(m, std::min(m, side));
  return Words(batch * (std::min({keep_rows, keep_columns, keep_block}) + m * n));
}

MatrixCycles EstimateProduct(const Extents& product, const TensorCores& on, const Rates& rates) {
  const auto batch = static_cast<double>(product.batch), m = static_cast<double>(product.m);
  const auto n = static_cast<double>(product.n), k = static_cast<double>(product.k);
  const auto w = static_cast<double>(on.width), d = static_cast<double>(on.depth);
  const Cycles memory = MemoryTraffic(product, on.shared_buffer) / rates.memory;
  const double a = batch * m * k, b = batch * k * n, c = batch * m * n;
  MatrixCycles best;
  bool found = false;
  const auto consider = [&](const Order& order, double pr, double qr, double pq) {
    for (const auto& [p_over, q_over] : {std::pair(w, d), std::pair(d, w)}) {
      if (found && w == d && p_over != w) continue;
      MatrixCycles cycles = OfOrder(order, batch, pr, qr, pq, on, rates, p_over, q_over);
      cycles.memory = memory;
      if (found && Largest(cycles) >= Largest(best)) continue;
      best = cycles;
      found = true;
    }
  };
  // The result stays; the second operand stays, and partial results pass, once for each tile of k;
  // the first operand stays, likewise.
  consider({m, n, k, true}, a, b, c);
  consider({k, n, m, false}, a, c, b);
  consider({k, m, n, false}, b, c, a);
  return best;
}

}  // namespace allot::design
