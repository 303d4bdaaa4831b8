// libAllotMlir.so, what mlir-opt loads. It uses nothing of MLIR, so that it can be loaded by a
// program of any version and say that it does not fit; the passes are in a library beside it, which
// takes all of MLIR from that program.
#include <dlfcn.h>

#include <cstdio>
#include <string>

#include "llvm/Config/llvm-config.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

namespace {

constexpr unsigned kMajor = LLVM_VERSION_MAJOR;
constexpr const char* kPassesLibrary = "libAllotMlirPasses.so";

// What the program is built of, or 0 if it does not say.
unsigned MajorOfProgram() {
  using GetVersion = void (*)(unsigned*, unsigned*, unsigned*);
  const auto get = reinterpret_cast<GetVersion>(dlsym(RTLD_DEFAULT, "LLVMGetVersion"));
  unsigned major = 0;
  unsigned minor = 0;
  unsigned patch = 0;
  if (get != nullptr) get(&major, &minor, &patch);
  return major;
}

std::string FolderOfThisLibrary() {
  Dl_info info = {};
  if (dladdr(reinterpret_cast<void*>(&MajorOfProgram), &info) == 0) return "";
  const std::string path = info.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

// The one function of the library of passes, or null; what is wrong is printed, since whoever loads
// plug-ins only says that it did not.
void (*LoadPasses())() {
  const unsigned major = MajorOfProgram();
  if (major != 0 && major != kMajor) {
    std::fprintf(stderr,
                 "error: libAllotMlir.so was built for MLIR %u, and this program is of MLIR %u: "
                 "build Allot with the headers of that version\n",
                 kMajor, major);
    return nullptr;
  }
  const std::string path = FolderOfThisLibrary() + kPassesLibrary;
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* const found = library == nullptr ? nullptr : dlsym(library, "allotRegisterMlirPasses");
  if (found == nullptr) {
    std::fprintf(stderr,
                 "error: libAllotMlir.so cannot load its passes, which are built for MLIR %u, into "
                 "this program: %s\n",
                 kMajor, dlerror());
  }
  return reinterpret_cast<void (*)()>(found);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  void (*const register_passes)() = LoadPasses();
  // An API version that there is not makes the program refuse the library.
  const uint32_t api = register_passes == nullptr ? 0 : MLIR_PLUGIN_API_VERSION;
  return {api, "Allot", ALLOT_VERSION, register_passes};
}
