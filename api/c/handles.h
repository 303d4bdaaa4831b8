// Behind the handles of allot.h: the table of what is alive. A handle is a number that is given out
// once; whatever a caller passes is looked up and never dereferenced, so a wrong handle is an
// answer and not a crash. The table is the only state of the process that the library has; what it
// holds never meets in a result.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace allot::capi {

// What a handle can stand for. An object tells its kind as T::kKind.
enum class Kind { kStatus, kOptions, kModel, kPlan, kTarget };

// All members may be called by any thread, and take constant time.
class HandleTable {
 public:
  static HandleTable& Instance();

  // A new handle, odd and above 1 so that it is nobody's address. Throws std::bad_alloc.
  template <typename T>
  uintptr_t Add(std::shared_ptr<T> object) {
    return AddObject(T::kKind, std::move(object));
  }
  // nullptr if there is no such handle, or if it is of another kind. Who has the object keeps it
  // alive when the handle is freed meanwhile.
  template <typename T>
  std::shared_ptr<T> Find(const void* handle) const {
    return std::static_pointer_cast<T>(FindObject(T::kKind, reinterpret_cast<uintptr_t>(handle)));
  }
  // False if there is no such handle.
  template <typename T>
  bool Remove(const void* handle) {
    return RemoveObject(T::kKind, reinterpret_cast<uintptr_t>(handle));
  }

 private:
  struct Entry {
    Kind kind;
    std::shared_ptr<void> object;
  };

  uintptr_t AddObject(Kind kind, std::shared_ptr<void> object);
  std::shared_ptr<void> FindObject(Kind kind, uintptr_t handle) const;
  bool RemoveObject(Kind kind, uintptr_t handle);

  mutable std::mutex mutex_;
  uintptr_t next_ = 3;
  std::unordered_map<uintptr_t, Entry> live_;  // never iterated
};

}  // namespace allot::capi
