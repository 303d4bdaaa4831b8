#include "api/plugin_loader.h"

#include <dlfcn.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "api/c_cost_model.h"
#include "api/plugin_guard.h"
#include "api/plugin_info.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr char kInfoSymbol[] = "allotGetPluginInfo";
constexpr char kCostModelSymbol[] = "allotGetCostModelPlugin";

absl::StatusOr<std::shared_ptr<void>> Open(const std::string& path) {
  // Without a '/' the loader would search the system's folders.
  const std::string place = path.find('/') == path.npos ? "./" + path : path;
  // The loader would wait at a pipe for somebody who writes.
  struct stat about = {};
  if (::stat(place.c_str(), &about) == 0 && !S_ISREG(about.st_mode)) {
    return InputError("cannot be loaded: is no file");
  }
  // Now, so that a missing symbol is an error here and does not end the program later; local, so
  // that two plug-ins do not use each other's symbols.
  void* const handle = ::dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle != nullptr) return std::shared_ptr<void>(handle, [](void* open) { ::dlclose(open); });
  const char* const reason = ::dlerror();
  absl::string_view why = reason != nullptr ? reason : "unknown reason";
  absl::ConsumePrefix(&why, absl::StrCat(place, ": "));
  return InputError("cannot be loaded: ", why,
                    absl::StrContains(why, "undefined symbol")
                        ? "; it is built for another Allot, or without a library that it needs"
                    : absl::StrContains(why, "ELF") || absl::StrContains(why, "too short")
                        ? "; is it a shared library for this machine?"
                        : "");
}

absl::Status CheckInfo(const AllotPluginInfo& info) {
  // What follows the version means something only if the version is ours.
  if (info.api_version != ALLOT_PLUGIN_API_VERSION) {
    return InputError("is made for version ", info.api_version,
                      " of the plug-in interface, this program has version ",
                      ALLOT_PLUGIN_API_VERSION, "; build it again with this Allot");
  }
  const std::string build = info.build == nullptr ? "" : info.build;
  if (build != ALLOT_PLUGIN_BUILD) {
    return InputError("is built for '", build, "', this program is '", ALLOT_PLUGIN_BUILD,
                      "'; build it again with this Allot and the compiler that built it");
  }
  if (info.plugin_name == nullptr || *info.plugin_name == 0) {
    return InputError(kInfoSymbol, "() gives no plugin_name");
  }
  if (info.plugin_version == nullptr) return InputError(kInfoSymbol, "() gives no plugin_version");
  if (info.register_entries == nullptr) {
    return InputError(kInfoSymbol, "() gives no register_entries");
  }
  return absl::OkStatus();
}

// What stands in pipelines and on command lines.
bool IsName(absl::string_view name) {
  return !name.empty() && name.front() != '-' && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  });
}

absl::Status CheckName(absl::string_view kind, absl::string_view name, bool taken) {
  if (!IsName(name)) {
    return InputError(kind, " '", name,
                      "' has no usable name; letters, digits, '-', '_' and '.' make one");
  }
  if (taken) {
    return InputError("there is a ", kind, " '", name,
                      "' already, and a plug-in must not replace it; give its own another name");
  }
  return absl::OkStatus();
}

template <typename Interface>
absl::Status CheckEntry(absl::string_view kind, const Entry<Interface>& entry, bool taken) {
  ALLOT_RETURN_IF_ERROR(CheckName(kind, entry.name, taken));
  if (entry.make != nullptr && entry.normalize != nullptr) return absl::OkStatus();
  return InputError(kind, " '", entry.name, "' has no function `",
                    entry.make == nullptr ? "make" : "normalize", "`; MakeEntry() sets both");
}

// Graph passes, plan passes and pipelines are named in the same places.
bool IsPass(const PassRegistry& passes, absl::string_view name) {
  return passes.graph_passes.Find(name) != nullptr || passes.plan_passes.Find(name) != nullptr ||
         std::any_of(passes.pipelines.begin(), passes.pipelines.end(),
                     [name](const NamedPipeline& pipeline) { return pipeline.name == name; }) ||
         name == "builtin.module" || name == "onnx.graph";
}

absl::Status CheckOperator(const Operator& op, const Operators& known) {
  const std::string name = OperatorName(op);
  if (!IsName(op.op_type) || (!op.domain.empty() && !IsName(op.domain))) {
    return InputError("operator '", name,
                      "' has no usable name; letters, digits, '-', '_' and '.' make one");
  }
  if (known.Find(op.domain, op.op_type) != nullptr) {
    return InputError("operator '", name,
                      "' is known already, and a plug-in must not replace what is known of it");
  }
  if (op.family == OpFamily::kOther && op.work == nullptr && op.shape == nullptr) {
    return InputError("operator '", name, "' has neither family nor work nor shape rule");
  }
  return absl::OkStatus();
}

template <typename Interface>
absl::Status CheckAll(absl::string_view kind, const Registry<Interface>& added,
                      const Registry<Interface>& known) {
  for (const Entry<Interface>& entry : added.entries()) {
    ALLOT_RETURN_IF_ERROR(CheckEntry(kind, entry, known.Find(entry.name) != nullptr));
  }
  return absl::OkStatus();
}

absl::Status CheckEntries(const Registries& added, const Registries& known) {
  std::vector<std::string> own;  // the passes so far
  const auto taken = [&](const std::string& name) {
    const bool again = std::find(own.begin(), own.end(), name) != own.end();
    own.push_back(name);
    return again || IsPass(known.passes, name);
  };
  for (const Entry<GraphPass>& entry : added.passes.graph_passes.entries()) {
    ALLOT_RETURN_IF_ERROR(CheckEntry("pass", entry, taken(entry.name)));
  }
  for (const Entry<PlanPass>& entry : added.passes.plan_passes.entries()) {
    ALLOT_RETURN_IF_ERROR(CheckEntry("pass", entry, taken(entry.name)));
  }
  for (const NamedPipeline& pipeline : added.passes.pipelines) {
    ALLOT_RETURN_IF_ERROR(CheckName("pass or pipeline", pipeline.name, taken(pipeline.name)));
  }
  ALLOT_RETURN_IF_ERROR(CheckAll("solver", added.solvers, known.solvers));
  ALLOT_RETURN_IF_ERROR(CheckAll("cost model", added.cost_models, known.cost_models));
  ALLOT_RETURN_IF_ERROR(CheckAll("output", added.emitters, known.emitters));
  for (const Operator& op : added.operators.records()) {
    ALLOT_RETURN_IF_ERROR(CheckOperator(op, known.operators));
  }
  const bool any = !own.empty() || !added.solvers.entries().empty() ||
                   !added.cost_models.entries().empty() || !added.emitters.entries().empty() ||
                   !added.operators.records().empty();
  if (!any) return InputError("registers nothing");
  return absl::OkStatus();
}

void AddAll(const Registries& added, Registries& registries) {
  const auto add = [](const auto& from, auto& to) {
    for (const auto& entry : from.entries()) to.Add(entry);
  };
  add(added.passes.graph_passes, registries.passes.graph_passes);
  add(added.passes.plan_passes, registries.passes.plan_passes);
  for (const NamedPipeline& pipeline : added.passes.pipelines) {
    registries.passes.pipelines.push_back(pipeline);
  }
  add(added.solvers, registries.solvers);
  add(added.cost_models, registries.cost_models);
  add(added.emitters, registries.emitters);
  for (const Operator& op : added.operators.records()) registries.operators.Add(op);
}

absl::Status Load(const std::string& path, Registries& registries) {
  ALLOT_ASSIGN_OR_RETURN(const std::shared_ptr<void> library, Open(path));
  for (const LoadedPlugin& plugin : registries.plugins) {
    if (plugin.library == library) return absl::OkStatus();  // the same handle: the same file
  }
  const auto get_info =
      reinterpret_cast<decltype(&allotGetPluginInfo)>(::dlsym(library.get(), kInfoSymbol));
  const auto get_cost_model = reinterpret_cast<decltype(&allotGetCostModelPlugin)>(
      ::dlsym(library.get(), kCostModelSymbol));
  if (get_info == nullptr && get_cost_model == nullptr) {
    return InputError("is no plug-in of Allot: it exports neither ", kInfoSymbol, "() nor ",
                      kCostModelSymbol, "(); in C++ they must be extern \"C\"");
  }
  LoadedPlugin loaded{.path = path, .library = library};
  Registries added;
  if (get_info != nullptr) {
    AllotPluginInfo info{};
    ALLOT_RETURN_IF_ERROR(CallPlugin(absl::StrCat(kInfoSymbol, "() "), [&] {
      info = get_info();
      return CheckInfo(info);
    }));
    loaded.name = info.plugin_name;
    loaded.version = info.plugin_version;
    ALLOT_RETURN_IF_ERROR(CallPlugin("register_entries ", [&] {
      info.register_entries(added);
      return absl::OkStatus();
    }));
  }
  if (get_cost_model != nullptr) {
    ALLOT_RETURN_IF_ERROR(CallPlugin(absl::StrCat(kCostModelSymbol, "() "), [&]() -> absl::Status {
      const AllotCostModelPlugin* const plugin = get_cost_model();
      ALLOT_ASSIGN_OR_RETURN(Entry<CostModel> entry, CCostModelEntry(plugin));
      if (loaded.name.empty()) {
        loaded.name = plugin->name;
        loaded.version = plugin->version;
      }
      added.cost_models.Add(std::move(entry));
      return absl::OkStatus();
    }));
  }
  ALLOT_RETURN_IF_ERROR(CheckEntries(added, registries));
  AddAll(Guard(added, loaded.name, library), registries);
  registries.plugins.push_back(std::move(loaded));
  return absl::OkStatus();
}

}  // namespace

absl::Status LoadPlugin(const std::string& path, Registries& registries) {
  return WithContext(Load(path, registries), absl::StrCat(path, ": "));
}

}  // namespace allot
