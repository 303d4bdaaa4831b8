// Gives every fuzz target the inputs kept for it, without libFuzzer: `fuzz-corpus FOLDER [TARGET]`
// reads FOLDER/TARGET/*. Exits with status 1 where a target has no inputs; a finding ends it as it
// ends a fuzzer, and the last line names the input.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#define ALLOT_FUZZ_TARGET(name) extern "C" int Fuzz_##name(const uint8_t* data, size_t size);
#include "tests/fuzz/targets.def"
#undef ALLOT_FUZZ_TARGET

namespace allot::fuzz {
namespace {

struct FuzzTarget {
  const char* name;
  int (*run)(const uint8_t* data, size_t size);
};
#define ALLOT_FUZZ_TARGET(name) {#name, Fuzz_##name},
constexpr FuzzTarget kTargets[] = {
#include "tests/fuzz/targets.def"
};
#undef ALLOT_FUZZ_TARGET

// Returns how many inputs there are.
size_t Replay(const FuzzTarget& target, const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const std::filesystem::path& path : paths) {
    std::fprintf(stderr, "%s\n", path.c_str());
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    target.run(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  return paths.size();
}

}  // namespace
}  // namespace allot::fuzz

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: %s FOLDER [TARGET]\n", argv[0]);
    return 1;
  }
  size_t tried = 0;
  for (const allot::fuzz::FuzzTarget& target : allot::fuzz::kTargets) {
    if (argc == 3 && argv[2] != std::string(target.name)) continue;
    const size_t inputs = allot::fuzz::Replay(target, std::filesystem::path(argv[1]) / target.name);
    if (inputs == 0) {
      std::fprintf(stderr, "error: there are no inputs in %s/%s\n", argv[1], target.name);
      return 1;
    }
    tried += inputs;
  }
  std::printf("%zu inputs\n", tried);
  return tried == 0 ? 1 : 0;
}
