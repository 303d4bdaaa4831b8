#include "api/c/handles.h"

#include <limits>
#include <new>

namespace allot::capi {

HandleTable& HandleTable::Instance() {
  // Never destroyed: a host may free handles while it ends.
  static HandleTable& table = *new HandleTable;
  return table;
}

uintptr_t HandleTable::AddObject(Kind kind, std::shared_ptr<void> object) {
  const std::lock_guard lock(mutex_);
  // Numbers are not given out again, so that a freed one stays wrong.
  if (next_ > std::numeric_limits<uintptr_t>::max() - 2) throw std::bad_alloc();
  live_.emplace(next_, Entry{kind, std::move(object)});
  next_ += 2;
  return next_ - 2;
}

std::shared_ptr<void> HandleTable::FindObject(Kind kind, uintptr_t handle) const {
  const std::lock_guard lock(mutex_);
  const auto found = live_.find(handle);
  if (found == live_.end() || found->second.kind != kind) return nullptr;
  return found->second.object;
}

bool HandleTable::RemoveObject(Kind kind, uintptr_t handle) {
  std::shared_ptr<void> object;  // ends after the lock: it may be large
  const std::lock_guard lock(mutex_);
  const auto found = live_.find(handle);
  if (found == live_.end() || found->second.kind != kind) return false;
  object = std::move(found->second.object);
  live_.erase(found);
  return true;
}

}  // namespace allot::capi
