// A program that is no mlir-opt-19 loads the plug-in, which must refuse with a message and not
// bring the program down. Built twice: with another version of LLVM, and with none at all. usage:
// other_version libAllotMlir.so
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>

#ifdef ALLOT_OTHER_VERSION
extern "C" __attribute__((visibility("default"))) void LLVMGetVersion(unsigned* major,
                                                                      unsigned* minor,
                                                                      unsigned* patch) {
  *major = 23;
  *minor = 1;
  *patch = 0;
}
#endif

// As MLIR declares it.
struct PassPluginLibraryInfo {
  uint32_t api_version;
  const char* name;
  const char* version;
  void (*register_passes)();
};

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  void* const library = dlopen(argv[1], RTLD_LAZY | RTLD_GLOBAL);
  if (library == nullptr) {
    std::printf("not loaded: %s\n", dlerror());
    return 1;
  }
  const auto get =
      reinterpret_cast<PassPluginLibraryInfo (*)()>(dlsym(library, "mlirGetPassPluginInfo"));
  if (get == nullptr) return 1;
  const PassPluginLibraryInfo info = get();
  std::printf("API version %u\n", info.api_version);
  return info.api_version == 0 ? 0 : 1;
}
