// Preloaded into a program: kills it, as `kill -9` does, before the Nth call that changes names of
// files. N is in ALLOT_KILL_AT.

#include <dlfcn.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace {

void Count() {
  static std::atomic<int> calls{0};
  static const char* const at = std::getenv("ALLOT_KILL_AT");
  if (at != nullptr && ++calls == std::atoi(at)) ::kill(::getpid(), SIGKILL);
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int rename(const char* from, const char* to) noexcept {
  Count();
  return Real<int(const char*, const char*)>("rename")(from, to);
}
int renameat2(int a, const char* from, int b, const char* to, unsigned flags) noexcept {
  Count();
  return Real<int(int, const char*, int, const char*, unsigned)>("renameat2")(a, from, b, to,
                                                                              flags);
}
int linkat(int a, const char* from, int b, const char* to, int flags) noexcept {
  Count();
  return Real<int(int, const char*, int, const char*, int)>("linkat")(a, from, b, to, flags);
}
int unlink(const char* path) noexcept {
  Count();
  return Real<int(const char*)>("unlink")(path);
}
int rmdir(const char* path) noexcept {
  Count();
  return Real<int(const char*)>("rmdir")(path);
}
int mkdir(const char* path, mode_t mode) noexcept {
  Count();
  return Real<int(const char*, mode_t)>("mkdir")(path, mode);
}
ssize_t write(int file, const void* bytes, size_t count) {
  Count();
  return Real<ssize_t(int, const void*, size_t)>("write")(file, bytes, count);
}

}  // extern "C"
