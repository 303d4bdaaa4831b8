// A bound from what covers a layer. All tokens pass every layer, so the servers that hold it pass
// the whole rate F together: they are a pattern, a set with sum T_i(k_i) >= F. A server with k
// layers is in k patterns. Give every server of a class t a price v_t in layers: a pattern costs
// sum v_t / k, and if none costs less than 1, then L layers need sum_i v_i >= L. The best prices
// are the dual of a linear program over patterns, which is solved by generating them (Gilmore and
// Gomory 1961).
//
// Links count, too. Where one server passes the whole rate, alone, and the next one does, the link
// between them carries all of it. So what is held alone, layer after layer, lies within servers
// that wide links join; to go on elsewhere takes a layer that several share. Such patterns cost
// more, and there are as many of them as it takes to collect enough layers.
//
// Where a token may pass N servers, passing one has a price, too: a server with k layers that
// passes a part f of the rate F takes f / (F k) of a passage for each layer, and there are N for
// all layers.
//
// Floating point only proposes prices. A proof is of whole numbers: rounded prices, the least that
// a pattern costs by them (a knapsack over costs), and one comparison.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "placement/kinds/layer_flow/value/problem.h"

namespace allot {

class PatternBound {
 public:
  // Keeps a reference.
  explicit PatternBound(const LayerFlowProblem& problem);

  // True: proved that no placement passes so much. False: nothing is known.
  bool Refutes(int64_t rate);
  // The least rate, to a millionth of itself, that it refutes, less one; `most` is known to be no
  // less than the highest rate.
  int64_t Bound(int64_t most);
  int64_t work() const { return work_; }

 private:
  // Servers that pass the same with any number of layers.
  struct Class {
    int64_t servers = 0;
    std::vector<int64_t> rates;
  };
  struct Piece {  // a server of a class with k layers, in a pattern
    size_t of_class;
    int32_t layers;
    int64_t rate;     // no more than the whole
    int64_t weight;   // price / layers, in whole parts
    int64_t passage;  // price of passing it / layers, in whole parts; to pass the whole rate
  };
  struct Pattern {
    int64_t weight = 0;  // of the cheapest; all others of its sort weigh as much at least
    // Parts of servers by class that a layer takes, then 1 if alone, then its passages.
    std::vector<double> column;
  };
  struct Patterns {
    Pattern alone, shared;
  };

  int64_t LeastShared(int64_t rate) const;
  int64_t PassagePrice(const std::vector<double>& prices, int64_t parts) const;
  std::vector<Piece> Pieces(const std::vector<double>& prices, int64_t rate, int64_t parts) const;
  Patterns Cheapest(const std::vector<Piece>& pieces, int64_t rate, int64_t parts);
  Pattern CheapestAlone(const std::vector<Piece>& pieces, int64_t rate, int64_t cap) const;
  Pattern CheapestShared(const std::vector<Piece>& pieces, int64_t rate, int64_t cap);
  void FillKnapsack(const std::vector<Piece>& pieces, int64_t rate, int64_t cap);
  bool Proves(const std::vector<Piece>& pieces, const Patterns& cheapest, int64_t shared,
              int64_t passage_price) const;
  std::vector<double> Homogeneous(size_t of_class, int64_t rate) const;

  const LayerFlowProblem& problem_;
  const int64_t layers_;
  std::vector<std::vector<int64_t>> rates_;  // HighestRates()
  std::vector<Class> classes_;
  int64_t work_ = 0;
  std::vector<int64_t> highest_;  // by weight: the most that pieces of it pass
  std::vector<int32_t> last_;     // by weight: the piece that was added last
};

}  // namespace allot
