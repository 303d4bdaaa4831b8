// Arithmetic on dimensions and shapes of which only part is known. Nothing here guesses: a result
// is a number only if it is that number for every size of the unknown dimensions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "ir/type.h"

namespace allot {

ir::Dim AddDims(const ir::Dim& a, const ir::Dim& b);
ir::Dim MultiplyDims(const ir::Dim& a, const ir::Dim& b);
ir::Dim MultiplyDim(const ir::Dim& a, int64_t factor);
ir::Dim DivideDim(const ir::Dim& a, int64_t divisor);  // rounded down; unknown unless exact
ir::Dim ProductOfDims(absl::Span<const ir::Dim> dims);
// The same number or the same symbol.
bool CertainlyEqual(const ir::Dim& a, const ir::Dim& b);

// Dimensions that must be equal: known wins over symbol wins over unknown. An error if two numbers
// differ.
absl::StatusOr<ir::Dim> UnifyDims(const ir::Dim& a, const ir::Dim& b);
absl::StatusOr<ir::Shape> UnifyShapes(const ir::Shape& a, const ir::Shape& b);

// NumPy's broadcasting. A number other than 1 decides against anything unknown.
absl::StatusOr<ir::Dim> BroadcastDims(const ir::Dim& a, const ir::Dim& b);
absl::StatusOr<ir::Shape> BroadcastShapes(const ir::Shape& a, const ir::Shape& b);

// What is left when either may come: dimensions on which both agree.
ir::Dim JoinDims(const ir::Dim& a, const ir::Dim& b);
ir::Type JoinTypes(const ir::Type& a, const ir::Type& b);

// `axis` counted from the end if negative; nullopt if outside of the rank.
std::optional<size_t> ResolveAxis(int64_t axis, size_t rank);

ir::Shape KnownShape(absl::Span<const int64_t> dims);
ir::Shape UnknownShape(size_t rank);
// "[2, N, ?]"
std::string ShapeText(const ir::Shape& shape);
std::string DimText(const ir::Dim& dim);

}  // namespace allot
