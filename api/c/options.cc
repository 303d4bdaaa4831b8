#include "api/c/options.h"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "api/c/status.h"
#include "api/plugin_loader.h"
#include "support/nearest_name.h"
#include "support/options.h"
#include "support/status.h"
#include "target/target_json.h"

namespace allot::capi {
namespace {

constexpr int64_t kMaxThreads = 256;  // as of the programs
constexpr char kLoadPlugin[] = "load-plugin";

// The options that are a field of CompileOptions as it stands.
struct PlainOption {
  const char* name;
  std::variant<std::string CompileOptions::*, std::vector<std::string> CompileOptions::*,
               bool CompileOptions::*>
      field;
};
constexpr PlainOption kPlainOptions[] = {
    {"dim", &CompileOptions::dims},
    {"scenario", &CompileOptions::scenarios},
    {"set", &CompileOptions::fixed},
    {"state", &CompileOptions::state},
    {"pin", &CompileOptions::pins},
    {"forbid", &CompileOptions::forbids},
    {"together", &CompileOptions::together},
    {"start", &CompileOptions::start},
    {"contiguous", &CompileOptions::contiguous},
    {"cost-model", &CompileOptions::cost_model},
    {"costs", &CompileOptions::cost_files},
    {"solver", &CompileOptions::solver},
    {"pass-pipeline", &CompileOptions::pipeline},
    {"strict-shapes", &CompileOptions::strict_shapes},
};

// Those that are chosen from a few, or counted.
constexpr const char* kOtherOptions[] = {"target", "target-json", "objective", "default-dim",
                                         "work",   "seed",        "threads",   "max-parts"};

// Those of how a plan is written.
constexpr const char* kOutputOptions[] = {"external-data", "emit-ir-version", "force"};

absl::Status SetPlain(const PlainOption& option, const std::string& value,
                      CompileOptions& options) {
  if (const auto* text = std::get_if<std::string CompileOptions::*>(&option.field)) {
    options.*(*text) = value;
    return absl::OkStatus();
  }
  if (const auto* list = std::get_if<std::vector<std::string> CompileOptions::*>(&option.field)) {
    (options.*(*list)).push_back(value);
    return absl::OkStatus();
  }
  return ParseOption(value, options.*std::get<bool CompileOptions::*>(option.field));
}

absl::StatusOr<size_t> Choose(const std::string& value, const std::vector<std::string>& choices) {
  for (size_t i = 0; i < choices.size(); ++i) {
    if (value == choices[i]) return i;
  }
  return InputError("'", value, "' is none of ", absl::StrJoin(choices, ", "));
}

absl::StatusOr<int64_t> ParseInteger(const std::string& value, int64_t least,
                                     int64_t most = INT64_MAX) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(value, &number)) return InputError("'", value, "' is not an integer");
  if (number < least || number > most) {
    return InputError(number, " is not ",
                      most == INT64_MAX ? absl::StrCat("at least ", least)
                                        : absl::StrCat("from ", least, " to ", most));
  }
  return number;
}

absl::Status SetOther(const std::string& name, const std::string& value, CompileOptions& options) {
  if (name == "target") {
    options.target = value;
    options.machine.reset();
  } else if (name == "target-json") {
    ALLOT_ASSIGN_OR_RETURN(options.machine, ParseTarget(value, "text"));
  } else if (name == "objective") {
    ALLOT_ASSIGN_OR_RETURN(const size_t choice, Choose(value, {"latency", "throughput"}));
    options.objective = choice == 0 ? ir::Objective::kLatency : ir::Objective::kThroughput;
  } else if (name == "default-dim") {
    ALLOT_ASSIGN_OR_RETURN(options.default_dim, ParseInteger(value, 1));
  } else if (name == "max-parts") {
    ALLOT_ASSIGN_OR_RETURN(options.max_parts, ParseInteger(value, 0));
  } else if (name == "work") {
    ALLOT_ASSIGN_OR_RETURN(options.work, ParseInteger(value, 0));
  } else if (name == "seed") {
    ALLOT_ASSIGN_OR_RETURN(const int64_t seed, ParseInteger(value, INT64_MIN));
    options.seed = static_cast<uint64_t>(seed);
  } else {  // threads
    ALLOT_ASSIGN_OR_RETURN(const int64_t threads, ParseInteger(value, 1, kMaxThreads));
    options.threads = static_cast<int>(threads);
  }
  return absl::OkStatus();
}

absl::Status SetOutput(const std::string& name, const std::string& value, OutputOptions& options) {
  if (name == "external-data") {
    ALLOT_RETURN_IF_ERROR(Choose(value, {"reference", "embed"}).status());
    options.external_data = value;
    return absl::OkStatus();
  }
  if (name == "force") return ParseOption(value, options.force);
  ALLOT_ASSIGN_OR_RETURN(const size_t choice, Choose(value, {"keep", "11"}));  // emit-ir-version
  options.emit_ir_version = choice == 0 ? 0 : 11;
  return absl::OkStatus();
}

}  // namespace

absl::Status OptionsObject::Set(const std::string& name, const std::string& value) {
  if (name == kLoadPlugin) {
    return WithContext(
        EditRegistries([&](Registries& registries) { return LoadPlugin(value, registries); }),
        "load-plugin: ");
  }
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names = {kLoadPlugin};
  for (const PlainOption& option : kPlainOptions) {
    if (name == option.name) {
      return WithContext(SetPlain(option, value, options_), absl::StrCat(name, ": "));
    }
    names.push_back(option.name);
  }
  for (const char* other : kOtherOptions) {
    if (name == other) {
      return WithContext(SetOther(name, value, options_), absl::StrCat(name, ": "));
    }
    names.push_back(other);
  }
  for (const char* output : kOutputOptions) {
    if (name == output) {
      return WithContext(SetOutput(name, value, output_), absl::StrCat(name, ": "));
    }
    names.push_back(output);
  }
  const std::string meant = DidYouMean(name, names);
  return InputError(
      "there is no option '", name, "'",
      meant.empty() ? absl::StrCat(" (there are ", absl::StrJoin(names, ", "), ")") : meant);
}

absl::Status OptionsObject::EditRegistries(const std::function<absl::Status(Registries&)>& edit) {
  const std::lock_guard lock(mutex_);
  auto registries =
      std::make_shared<Registries>(registries_ == nullptr ? BuiltinRegistries() : *registries_);
  ALLOT_RETURN_IF_ERROR(edit(*registries));
  registries_ = std::move(registries);
  return absl::OkStatus();
}

OptionsSnapshot OptionsObject::Snapshot() const {
  const std::lock_guard lock(mutex_);
  OptionsSnapshot snapshot{.options = options_, .output = output_, .registries = registries_};
  snapshot.options.registries = registries_.get();
  return snapshot;
}

allot_status* EditRegistries(allot_options* options,
                             const std::function<absl::Status(Registries&)>& edit) noexcept {
  return Guard([&]() -> allot_status* {
    if (options == nullptr) return NullArgument("options");
    const auto object = HandleTable::Instance().Find<OptionsObject>(options);
    if (object == nullptr) return DeadHandle("options");
    return MakeStatus(object->EditRegistries(edit));
  });
}

namespace {

allot_status* Set(allot_options* options, const char* name, const std::string& value) {
  if (options == nullptr) return NullArgument("options");
  if (name == nullptr) return NullArgument("name");
  const auto object = HandleTable::Instance().Find<OptionsObject>(options);
  if (object == nullptr) return DeadHandle("options");
  return MakeStatus(object->Set(name, value));
}

}  // namespace
}  // namespace allot::capi

extern "C" {

allot_status* allot_options_create(allot_options** options) {
  return allot::capi::Guard([&]() -> allot_status* {
    if (options == nullptr) return allot::capi::NullArgument("options");
    *options = nullptr;
    *options = reinterpret_cast<allot_options*>(
        allot::capi::HandleTable::Instance().Add(std::make_shared<allot::capi::OptionsObject>()));
    return nullptr;
  });
}

allot_code allot_options_free(allot_options* options) {
  return allot::capi::FreeHandle<allot::capi::OptionsObject>(options);
}

allot_status* allot_options_set(allot_options* options, const char* name, const char* value) {
  return allot::capi::Guard([&]() -> allot_status* {
    if (value == nullptr) return allot::capi::NullArgument("value");
    return allot::capi::Set(options, name, value);
  });
}

allot_status* allot_options_set_integer(allot_options* options, const char* name, int64_t value) {
  return allot::capi::Guard([&]() { return allot::capi::Set(options, name, absl::StrCat(value)); });
}

}  // extern "C"
