#include "passes/sparsity/sparsity.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace allot {
namespace {

int64_t DistinctRows(const BitMatrix& bits) {
  const size_t bytes = bits.stride() * sizeof(uint64_t);
  std::unordered_multimap<uint64_t, int64_t> found;  // looked up only
  int64_t distinct = 0;
  for (int64_t row = 0; row < bits.rows(); ++row) {
    uint64_t hash = 0;
    for (size_t w = 0; w < bits.stride(); ++w) {
      hash = (hash ^ bits.Row(row)[w]) * 0x9e3779b97f4a7c15u;
      hash ^= hash >> 32;
    }
    bool known = false;
    const auto [first, last] = found.equal_range(hash);
    for (auto at = first; at != last; ++at) {
      known |= std::memcmp(bits.Row(at->second), bits.Row(row), bytes) == 0;
    }
    if (known) continue;
    found.emplace(hash, row);
    ++distinct;
  }
  return distinct;
}

// A bit for each aligned group of `size` bits (a power of two up to 32), at its lowest place:
// whether any is set.
uint64_t AnyOfGroups(uint64_t word, int size) {
  for (int half = 1; half < size; half *= 2) word |= word >> half;
  uint64_t lowest = 0;
  for (int at = 0; at < 64; at += size) lowest |= uint64_t{1} << at;
  return word & lowest;
}

bool IsInBlocks(const BitMatrix& bits, int size) {
  if (bits.rows() % size != 0 || bits.columns() % size != 0) return false;
  for (int64_t row = 0; row < bits.rows(); row += size) {
    const uint64_t* const first = bits.Row(row);
    for (size_t w = 0; w < bits.stride(); ++w) {
      // Full groups of the first row are what every row must have.
      const uint64_t any = AnyOfGroups(first[w], size);
      uint64_t full = any;
      for (int filled = 1; filled < size; filled *= 2) full |= full << filled;
      if (full != first[w]) return false;
    }
    for (int64_t next = row + 1; next < row + size; ++next) {
      if (std::memcmp(first, bits.Row(next), bits.stride() * sizeof(uint64_t)) != 0) return false;
    }
  }
  return true;
}

// The most bits in any aligned group of `size` (4, 8 or 16) of any row.
int64_t MostInGroups(const BitMatrix& bits, int size) {
  uint64_t mask = (uint64_t{1} << size) - 1;
  int most = 0;
  for (int64_t row = 0; row < bits.rows(); ++row) {
    for (size_t w = 0; w < bits.stride(); ++w) {
      for (uint64_t word = bits.Row(row)[w]; word != 0; word >>= size) {
        most = std::max(most, __builtin_popcountll(word & mask));
      }
    }
    if (2 * most > size) break;
  }
  return most;
}

}  // namespace

Sparsity SparsityOf(const BitMatrix& bits) {
  Sparsity sparsity;
  sparsity.neurons = bits.rows();
  sparsity.inputs = bits.columns();
  std::vector<uint64_t> any(bits.stride());
  for (int64_t row = 0; row < bits.rows(); ++row) {
    const int64_t count = bits.CountRow(row);
    sparsity.nonzeros += count;
    if (count == 0) ++sparsity.empty_neurons;
    for (size_t w = 0; w < any.size(); ++w) any[w] |= bits.Row(row)[w];
  }
  sparsity.unread_inputs = bits.columns();
  for (const uint64_t word : any) sparsity.unread_inputs -= __builtin_popcountll(word);
  sparsity.distinct_neurons = DistinctRows(bits);
  if (sparsity.nonzeros == 0 || sparsity.nonzeros == sparsity.neurons * sparsity.inputs) {
    return sparsity;  // blocks of nothing, or of everything
  }
  for (const int size : {32, 16, 8, 4, 2}) {
    if (!IsInBlocks(bits, size)) continue;
    sparsity.block = size;
    break;
  }
  for (const int size : {4, 8, 16}) {
    if (bits.columns() % size != 0) continue;
    const int64_t most = MostInGroups(bits, size);
    if (2 * most > size) continue;
    sparsity.n = most;
    sparsity.m = size;
    break;
  }
  return sparsity;
}

std::string Describe(const Sparsity& sparsity) {
  const int64_t all = sparsity.neurons * sparsity.inputs;
  std::string text =
      absl::StrFormat("%d neurons of %d inputs, %d of %d nonzero (%.4g %%)", sparsity.neurons,
                      sparsity.inputs, sparsity.nonzeros, all, 100 * sparsity.density());
  if (sparsity.nonzeros == all) return text;
  absl::StrAppend(&text, ", ", sparsity.distinct_neurons, " distinct neurons");
  if (sparsity.empty_neurons > 0) {
    absl::StrAppend(&text, ", ", sparsity.empty_neurons, " read nothing");
  }
  if (sparsity.unread_inputs > 0) {
    absl::StrAppend(&text, ", ", sparsity.unread_inputs, " inputs are not read");
  }
  if (sparsity.block > 1) {
    absl::StrAppend(&text, ", blocks of ", sparsity.block, " x ", sparsity.block);
  }
  if (sparsity.m > 0) absl::StrAppend(&text, ", ", sparsity.n, ":", sparsity.m);
  return text;
}

}  // namespace allot
