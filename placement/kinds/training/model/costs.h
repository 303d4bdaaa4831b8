// What the pieces of an iteration cost: the functions that the data of a problem stands for. They
// are in floating point and rounded once, so everything above counts whole picoseconds.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/training/model/problem.h"
#include "support/units.h"

namespace allot {

// No transfer, stage or iteration is as long: it stands for what cannot be, and sums of it do not
// overflow where they are made by AddPicos() and TimesPicos().
inline constexpr Picos kNeverPicos = Picos{1} << 62;

// a + b and n * a, at most kNeverPicos; of values from 0 to that.
Picos AddPicos(Picos a, Picos b);
Picos TimesPicos(int64_t n, Picos a);

// How long `bytes` take over the link. Nothing for no bytes; kNeverPicos where its polynomial gives
// no speed above 0, or less than a byte per second.
Picos TransferTime(const TrainingProblem::Link& link, double bytes);

// An all-reduce of `bytes` among `replicas` in a ring, in buckets of 500 MB: each bucket goes in
// 2 (replicas - 1) steps of its part. Nothing among one.
Picos AllReduceTime(const TrainingProblem::Link& link, double bytes, int64_t replicas);

// nullptr if there is none.
const TrainingProblem::Link* FindLink(const TrainingProblem& problem, int64_t from,
                                      int64_t from_width, int64_t to, int64_t to_width);
const TrainingProblem::Profile* FindProfile(const TrainingProblem::Gpu& gpu, int64_t micro_batch,
                                            int64_t width);
const TrainingProblem::Footprint* FindFootprint(const TrainingProblem& problem, int64_t width);

// Forward and backward of each layer for one micro-batch. TrainingCost::kSailor takes the profile
// as it is. kOwn takes a line: a profile of one micro-batch size is noisy, and small ones measure
// the launches of a profiler, while time grows by a fixed part and a part per sample. The line is
// that of least squares of relative errors through the sizes that were profiled at this width, up
// to eight times smaller or larger.
std::vector<Picos> LayerTimes(const TrainingProblem& problem, const TrainingProblem::Gpu& gpu,
                              const TrainingProblem::Profile& profile);

// What the transfers of one micro-batch hold a stage up by kOwn: stages send and receive before
// they go on, so each holds both of its ends, for as long as it is on the network, and for as long
// as either end packs and unpacks its bytes. That speed is the one parameter that was fitted, to
// the measured plans of OPT-350; those of GPT-Neo check it (docs/results.md).
inline constexpr double kOwnCopyBytesPerSecond = 36.5e9;
Picos OwnTransfer(Picos on_network, Bytes bytes);

// What a GPU of width `width` holds that is not of the model: kernels and buffers.
Bytes RuntimeBytes(int64_t width);
// The same as a process that was measured holds it.
inline constexpr Bytes kMeasuredRuntimeBytes = 5'060'000'000;

// A stage and what is under way: 24 bytes for each parameter (with Adam) and the activations of
// every micro-batch that it has begun. Without the runtime's.
Bytes StageBytes(const TrainingProblem& problem, const TrainingProblem::Footprint& footprint,
                 int64_t first, int64_t last, int64_t micro_batch, int64_t under_way);

// Whether tensors can be cut so wide there: within a machine, whose GPUs it divides, and so that
// replicas of the widths that are in use can share machines without a gap: each divides the next.
// What is left is, of the widths that were profiled, the longest chain of divisors, the narrower
// ones first.
std::vector<int64_t> UsableWidths(const TrainingProblem& problem,
                                  const TrainingProblem::Pool& pool);

}  // namespace allot
