#include "tests/models/published_instance.h"

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"

#include "tests/folders.h"

namespace allot::testing {

std::string PublishedInstance(const std::string& name) {
  std::ifstream file(absl::StrCat(kSourceFolder, "/../shared/workloads/", name));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace allot::testing
