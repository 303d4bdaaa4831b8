// Options behind a handle of allot.h.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"

#include "api/allot.h"
#include "api/c/handles.h"
#include "api/compilation.h"
#include "api/compile_options.h"
#include "api/registries.h"

namespace allot::capi {

// A compilation's own copy of what was set.
struct OptionsSnapshot {
  CompileOptions options;  // its `registries` are those below
  OutputOptions output;
  std::shared_ptr<const Registries> registries;
};

class OptionsObject {
 public:
  static constexpr Kind kKind = Kind::kOptions;

  // "objective", "latency" and so on, as allot.h lists them.
  absl::Status Set(const std::string& name, const std::string& value);
  // What `edit` does is kept if it returns OK.
  absl::Status EditRegistries(const std::function<absl::Status(Registries&)>& edit);
  OptionsSnapshot Snapshot() const;

 private:
  mutable std::mutex mutex_;  // several threads may hold the handle
  CompileOptions options_;
  OutputOptions output_;
  std::shared_ptr<const Registries> registries_;  // nullptr: the built-in ones
};

// For libraries that add to what can be asked for by name.
allot_status* EditRegistries(allot_options* options,
                             const std::function<absl::Status(Registries&)>& edit) noexcept;

}  // namespace allot::capi
