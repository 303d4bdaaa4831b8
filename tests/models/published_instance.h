// Instances that others have published, which lie beside the repository where they are at hand.
#pragma once

#include <string>

namespace allot::testing {

// What is in such a file, named within the folder of instances, as "piper/bert32a100.json"; empty
// where it is not at hand.
std::string PublishedInstance(const std::string& name);

}  // namespace allot::testing
