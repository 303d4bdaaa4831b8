// The elements of shapes that a model computes, as far as they are written in it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ir/module.h"

namespace allot {

// The elements of a vector of integers: constants, and vectors that are joined. nullopt: nobody
// knows; an empty result: not even how many there are.
std::vector<std::optional<int64_t>> ShapeEntries(const ir::Module& module, ir::ValueId value);

// The elements if all are known and the value is a constant; nullopt otherwise.
std::optional<std::vector<int64_t>> ConstantIntegers(const ir::Module& module, ir::ValueId value);

}  // namespace allot
