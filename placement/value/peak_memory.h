// How much memory a schedule needs. A tensor is live on its producer's device from the start of the
// producer until its last consumer there and its last outgoing transfer (its store, if it is
// staged) have ended (until the end of the run, if nothing consumes it), and on a receiving device
// from the start of its transfer until its last consumer there has ended. Host memory is not
// limited. Lifetimes are half open: what ends at an instant makes room for what starts then.
#pragma once

#include <utility>
#include <vector>

#include "placement/value/simulation.h"

namespace allot {

class MemoryModel {
 public:
  explicit MemoryModel(const PlacementProblem& problem);

  // Whether everything fits on every device wherever it is placed and however it is scheduled.
  bool always_fits() const { return always_fits_; }

  // Resident bytes per device of items placed by `device`; valid until the next call.
  const std::vector<Bytes>& Resident(const int32_t* device);

  // Whether `device` fits however it is scheduled and whatever parts are formed: resident bytes and
  // every tensor that touches a device at once. Leaves resident() and tight() behind.
  bool CertainlyFits(const int32_t* device);
  // By device: of Resident(), and whether it may not fit.
  const std::vector<Bytes>& resident() const { return resident_; }
  const std::vector<bool>& tight() const { return tight_; }

  Bytes capacity(size_t device) const { return capacity_[device]; }

 private:
  const PlacementProblem* problem_;
  bool always_fits_ = false;
  std::vector<Bytes> capacity_, item_memory_;
  std::vector<Bytes> resident_, most_;  // by device
  std::vector<Bytes> workspace_;        // by device: the largest of its items
  std::vector<int64_t> stamp_;          // by device
  std::vector<bool> tight_;             // by device
  int64_t now_ = 0;
};

// Peaks per device of a schedule, on top of `resident`. Of nodes: workspace; of flows: bytes. Only
// of the devices in `wanted`, if that is given; of others what is resident.
class PeakSweep {
 public:
  const std::vector<Bytes>& Run(const FlatGraph& graph, const PlacementProblem& problem,
                                const int32_t* device, const Bytes* workspace,
                                const Simulation& simulation, Picos makespan,
                                const std::vector<FlatTransfer>& transfers,
                                const std::vector<Bytes>& resident,
                                const std::vector<bool>* wanted = nullptr);

 private:
  using Changes = std::vector<std::pair<Picos, Bytes>>;
  // What begins and ends to be live on a device. Transfers and nodes come in the order of time.
  struct Lifetimes {
    Changes received, made, released;
  };

  bool Wanted(int32_t device) const { return wanted_ == nullptr || (*wanted_)[device]; }
  static void Live(Changes& begins, Changes& ends, Picos from, Picos to, Bytes bytes);
  static Bytes Peak(Lifetimes& lifetimes, Bytes resident);

  const std::vector<bool>* wanted_ = nullptr;
  std::vector<Lifetimes> lifetimes_;  // by device
  std::vector<Picos> sent_;           // by slot
  std::vector<Bytes> peak_;           // by device
};

}  // namespace allot
