// A page with the result of a hardware search: what was found, and the front as a picture.
#pragma once

#include <string>

#include "design/report/result_json.h"

namespace allot::design {

// HTML that needs nothing else, no script either.
std::string DesignPage(const Report& report);

}  // namespace allot::design
