// Figures and tables as a person reads them in a terminal.
#pragma once

#include <string>
#include <vector>

#include "support/units.h"

namespace allot {

// "0.3128 ms"
std::string Milliseconds(Picos time);
// "17.6 MiB"
std::string Size(Bytes bytes);
// Of four or more rows that follow each other and differ in their first cells only, one: "gpu0 to
// gpu7". A machine of equal devices fills no screen.
std::vector<std::vector<std::string>> FoldAlike(std::vector<std::vector<std::string>> rows);
// Rows of cells, padded to columns; the first column left, the others right aligned.
std::string Table(const std::vector<std::vector<std::string>>& rows);

}  // namespace allot
