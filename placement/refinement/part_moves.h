// The moves of a search over parts: small ones, and compound ones that lead past states in which
// nobody gains.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/refinement/part_state.h"
#include "support/random.h"

namespace allot {

// Asks for a part to go to `device`, and for all that this runs between what the part needs and
// what needs it to become one with it.
void TakeBack(PartState& state, int32_t part, int32_t device);

class PartMoves {
 public:
  // Keeps references to both.
  PartMoves(PartState& state, Random& random);

  // Asks the state, which is settled, for one random move. May ask for nothing.
  void Propose();
  // Sends half of all items anywhere.
  void Shake();

 private:
  void MoveItem();
  void MovePiece();
  void Offload();
  void TakeBackOne();
  void Exchange();
  void SwapDevices();

  int32_t SomeStage(int32_t stage, int32_t device);
  // Fills piece_ with a connected set of at most `limit` items around `seed` in its part, grown
  // along flows, against them, or both.
  enum class Growth { kDown, kUp, kBoth };
  void Grow(int32_t seed, Growth growth, size_t limit);
  int32_t Neighbour(int32_t item);  // -1: none
  int32_t Below(size_t bound) {
    return static_cast<int32_t>(random_.Below(static_cast<int64_t>(bound)));
  }

  PartState& state_;
  Random& random_;
  std::vector<int32_t> piece_;
  std::vector<char> side_;
  std::vector<int64_t> stamp_;
  int64_t now_ = 0;
};

}  // namespace allot
