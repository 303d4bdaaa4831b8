// ONNX Runtime itself takes the annotated model with the option that the manifest names, and its
// own record of who runs which node agrees with the plan: with the CPU's provider alone, and with a
// GPU's beside it (WebGPU's, on Vulkan in software). The environment says what there is:
// ALLOT_ONNXRUNTIME names the runtime's library; ALLOT_VULKAN_LOADER and ALLOT_VULKAN_DRIVER, if it
// has WebGPU's provider, those of Vulkan.
#include <dlfcn.h>
#include <cstdlib>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"

#include "lowering/onnx_ext.pb.h"
#include "lowering/output_names.h"
#include "lowering/to_onnx.h"
#include "tests/unit/lowering/emit_case.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

// One node as the runtime recorded it.
struct Assigned {
  std::string provider, name, op_type;
};

// The runtime's C interface: a table of functions whose order never changes.
class OnnxRuntime {
 public:
  OnnxRuntime() {
    void* const library = ::dlopen(std::getenv("ALLOT_ONNXRUNTIME"), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      ADD_FAILURE() << ::dlerror();
      return;
    }
    struct Base {
      const void* const* (*get_api)(uint32_t version);
      const char* (*get_version)();
    };
    using GetBase = const Base* (*)();
    const Base* base = reinterpret_cast<GetBase>(::dlsym(library, "OrtGetApiBase"))();
    version_ = base->get_version();
    constexpr uint32_t kApiVersion = 24;  // the first with a record of assignments
    api_ = base->get_api(kApiVersion);
    EXPECT_NE(api_, nullptr) << version_;
    constexpr int kLogFatal = 4;
    Expect(Function<Status(int, const char*, void**)>(kCreateEnv)(kLogFatal, "test", &env_));
  }
  OnnxRuntime(const OnnxRuntime&) = delete;
  OnnxRuntime& operator=(const OnnxRuntime&) = delete;
  // The library stays loaded: its threads may still be about.
  ~OnnxRuntime() { Function<void(void*)>(kReleaseEnv)(env_); }

  const std::string& version() const { return version_; }

  // Loads a model without optimizations, so that its nodes stay, and gives the record.
  absl::StatusOr<std::vector<Assigned>> Load(const std::string& model,
                                             std::map<std::string, std::string> entries,
                                             bool webgpu = false) {
    entries["session.record_ep_graph_assignment_info"] = "1";
    void *options = nullptr, *session = nullptr;
    Expect(Function<Status(void**)>(kCreateSessionOptions)(&options));
    Expect(Function<Status(void*, int)>(kSetOptimizationLevel)(options, 0));
    for (const auto& [key, value] : entries) {
      Expect(Function<Status(void*, const char*, const char*)>(kAddConfigEntry)(
          options, key.c_str(), value.c_str()));
    }
    if (webgpu) {
      using Append = Status(void*, const char*, const char* const*, const char* const*, size_t);
      Expect(Function<Append>(kAppendProvider)(options, "WebGPU", nullptr, nullptr, 0));
    }
    const std::string error = Message(Function<Status(void*, const char*, void*, void**)>(
        kCreateSession)(env_, model.c_str(), options, &session));
    std::vector<Assigned> record;
    if (error.empty()) record = Record(session);
    Function<void(void*)>(kReleaseSession)(session);
    Function<void(void*)>(kReleaseSessionOptions)(options);
    if (!error.empty()) return absl::InvalidArgumentError(error);
    return record;
  }

 private:
  using Status = void*;
  // Places in the table.
  enum Index {
    kGetErrorMessage = 2,
    kCreateEnv = 3,
    kCreateSession = 7,
    kCreateSessionOptions = 10,
    kSetOptimizationLevel = 23,
    kReleaseEnv = 92,
    kReleaseStatus = 93,
    kReleaseSession = 95,
    kReleaseSessionOptions = 100,
    kAddConfigEntry = 130,
    kAppendProvider = 216,
    kGetAssignment = 407,
    kSubgraphProvider = 408,
    kSubgraphNodes = 409,
    kNodeName = 410,
    kNodeOperator = 412,
  };

  template <typename Signature>
  Signature* Function(Index index) const {
    return reinterpret_cast<Signature*>(const_cast<void*>(api_[index]));
  }

  std::string Message(Status status) const {
    if (status == nullptr) return "";
    std::string message = Function<const char*(Status)>(kGetErrorMessage)(status);
    Function<void(Status)>(kReleaseStatus)(status);
    return message.empty() ? "failed" : message;
  }
  void Expect(Status status) const { EXPECT_EQ(Message(status), ""); }

  std::string TextOf(Index index, const void* object) const {
    const char* text = nullptr;
    Expect(Function<Status(const void*, const char**)>(index)(object, &text));
    return text == nullptr ? "" : text;
  }

  std::vector<Assigned> Record(const void* session) const {
    using List = Status(const void*, const void* const**, size_t*);
    std::vector<Assigned> record;
    const void* const* subgraphs = nullptr;
    size_t num_subgraphs = 0;
    Expect(Function<List>(kGetAssignment)(session, &subgraphs, &num_subgraphs));
    for (size_t s = 0; s < num_subgraphs; ++s) {
      const void* const* nodes = nullptr;
      size_t num_nodes = 0;
      Expect(Function<List>(kSubgraphNodes)(subgraphs[s], &nodes, &num_nodes));
      for (size_t n = 0; n < num_nodes; ++n) {
        record.push_back({TextOf(kSubgraphProvider, subgraphs[s]), TextOf(kNodeName, nodes[n]),
                          TextOf(kNodeOperator, nodes[n])});
      }
    }
    return record;
  }

  const void* const* api_ = nullptr;
  void* env_ = nullptr;
  std::string version_;
};

#define SKIP_WITHOUT(variable) \
  if (std::getenv(variable) == nullptr) GTEST_SKIP() << variable << " is not set"

OnnxRuntime& Runtime() {
  static OnnxRuntime* const runtime = new OnnxRuntime();
  return *runtime;
}

// "gpu:0(a/, b/); cpu(c/)" as the runtime reads it: an annotation belongs to the first rule of
// which a text is its beginning.
std::string Resolve(const std::string& settings, const std::string& annotation) {
  for (absl::string_view entry : absl::StrSplit(settings, "; ")) {
    const size_t open = entry.find('(');
    EXPECT_NE(open, entry.npos) << settings;
    EXPECT_TRUE(absl::EndsWith(entry, ")")) << settings;
    for (absl::string_view prefix :
         absl::StrSplit(entry.substr(open + 1, entry.size() - open - 2), ", ")) {
      EXPECT_FALSE(prefix.empty()) << settings;
      if (absl::StartsWith(annotation, prefix)) return std::string(entry.substr(0, open));
    }
  }
  return "";
}

// The annotations of the main graph's nodes, by name.
std::map<std::string, std::string> Annotations(const onnx::ModelProto& model) {
  std::map<std::string, std::string> annotations;
  for (const onnx::NodeProto& node : model.graph().node()) {
    onnx_ext::Node fields;
    EXPECT_TRUE(fields.ParseFromString(node.SerializeAsString()));
    for (const onnx_ext::StringStringEntry& entry : fields.metadata_props()) {
      if (entry.key() == "layer_ann") annotations[node.name()] = entry.value();
    }
  }
  return annotations;
}

struct Written {
  std::string file;
  std::map<std::string, std::string> options;  // that the manifest tells users to set, if any
  onnx::ModelProto model;
};

Written Write(const Case& model, int64_t ir_version, const ScratchFolder& folder) {
  EmitInput input = model.Input();
  input.emit_ir_version = ir_version;
  const std::vector<OutputFile> files = model.Emit({"annotated", "manifest"}, input);
  Written written;
  written.file = folder / "model.annotated.onnx";
  const std::string bytes = Text(files, "model.annotated.onnx");
  WriteText(written.file, bytes);
  EXPECT_TRUE(written.model.ParseFromString(bytes));
  const Json manifest = Parsed(Text(files, "manifest.json"));
  const Json* const runtime = manifest.Find("onnxruntime");
  if (runtime == nullptr) return written;
  for (const auto& [key, value] : *At(*runtime, "session_options").If<Json::Object>()) {
    written.options[key] = *value.If<std::string>();
  }
  return written;
}

// Loads the model as the manifest says and compares the record with the plan.
void ExpectRecordAgrees(const Case& model, int64_t ir_version) {
  const ScratchFolder folder;
  const Written written = Write(model, ir_version, folder);
  ASSERT_EQ(written.options.count("session.layer_assignment_settings"), 1u);
  const std::string settings = written.options.at("session.layer_assignment_settings");
  const absl::StatusOr<std::vector<Assigned>> record =
      Runtime().Load(written.file, written.options);
  ASSERT_TRUE(record.ok()) << record.status();
  std::map<std::string, std::string> provider_of;
  for (const Assigned& node : *record) provider_of[node.name] = node.provider;

  const std::map<std::string, std::string> annotations = Annotations(written.model);
  const IdVector<DeviceId, std::string> labels = DeviceLabels(model.target);
  size_t placed = 0;
  for (ir::NodeId id : model.module.graph.nodes()) {
    const ir::Node& node = model.module.graph.node(id);
    const DeviceId device = model.plan.DeviceOf(id);
    if (!device.valid()) continue;
    ++placed;
    ASSERT_EQ(annotations.count(node.name), 1u) << node.name;
    const std::string& annotation = annotations.at(node.name);
    EXPECT_TRUE(absl::StartsWith(annotation, labels[device] + "/")) << annotation;
    // What the plan wants is what the rules say ...
    const bool cpu = model.target.devices[device].runtime.provider == "cpu";
    EXPECT_EQ(Resolve(settings, annotation), cpu ? "cpu" : "gpu:0") << annotation;
    // ... and what the runtime did; it has no provider but the CPU's, which takes what is left.
    ASSERT_EQ(provider_of.count(node.name), 1u) << node.name << " is not in the record";
    EXPECT_EQ(provider_of.at(node.name), "CPUExecutionProvider") << node.name;
  }
  EXPECT_GT(placed, 0u);
}

class OnnxRuntimeTest : public ::testing::TestWithParam<std::string> {};

TEST_P(OnnxRuntimeTest, LoadsTheAnnotatedModelAndRecordsThePlan) {
  SKIP_WITHOUT("ALLOT_ONNXRUNTIME");
  for (const int64_t ir_version : {0, 11}) {
    // One part on the CPU and one on a provider that is not there: it is a wish, and no error.
    ExpectRecordAgrees(Case(ZooText(GetParam()), AFirst), ir_version);
    // Two CPUs, as a target with two NUMA nodes has them: no session has both, so none is asked for
    // it, and the annotations hinder nobody.
    Case cpus(ZooText(GetParam()), AFirst);
    cpus.target.devices[DeviceId(1)].runtime.provider = "cpu";
    const ScratchFolder folder;
    const Written written = Write(cpus, ir_version, folder);
    EXPECT_TRUE(written.options.empty());
    EXPECT_TRUE(Runtime().Load(written.file, {}).ok());
  }
}

INSTANTIATE_TEST_SUITE_P(Zoo, OnnxRuntimeTest,
                         ::testing::Values("chain", "weights", "constants", "captures", "absent",
                                           "quantization"),
                         [](const auto& name) { return name.param; });

// Two providers, of which one could run everything: what is on the CPU is there for the plan's
// sake.
TEST(OnnxRuntimeWebGpuTest, RunsEachNodeWhereThePlanPutIt) {
  SKIP_WITHOUT("ALLOT_ONNXRUNTIME");
  SKIP_WITHOUT("ALLOT_VULKAN_LOADER");
  SKIP_WITHOUT("ALLOT_VULKAN_DRIVER");
  // Whoever asks for the loader by its name gets this one.
  ASSERT_NE(::dlopen(std::getenv("ALLOT_VULKAN_LOADER"), RTLD_NOW | RTLD_GLOBAL), nullptr)
      << ::dlerror();
  ::setenv("VK_ICD_FILENAMES", std::getenv("ALLOT_VULKAN_DRIVER"), 1);
  // Relu, Tanh, Relu, ... in parts of one, one, two, three nodes.
  const std::vector<int> parts = {0, 1, 2, 2, 3, 3, 3};
  std::string graph = Input("t0") + Output("t7");
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string from = "t" + std::to_string(i), to = "t" + std::to_string(i + 1);
    if (i + 1 < parts.size()) graph += Typed(to);
    graph += Op(i % 2 == 0 ? "Relu" : "Tanh", "n" + std::to_string(i), {from}, {to});
  }
  Case model(ModelText(graph),
             [&](const ir::Node& node) { return parts[static_cast<size_t>(node.name[1] - '0')]; });
  model.target.devices[DeviceId(1)].runtime.provider = "webgpu";
  const ScratchFolder folder;
  const Written written = Write(model, 0, folder);

  std::set<std::string> on_cpu;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] % 2 == 0) on_cpu.insert("n" + std::to_string(i));
  }
  // The record leaves out what this provider runs, so that it lists the others.
  const auto left_to_cpu = [&](const std::map<std::string, std::string>& options) {
    const auto record = Runtime().Load(written.file, options, /*webgpu=*/true);
    EXPECT_TRUE(record.ok()) << record.status();
    std::set<std::string> nodes;
    if (record.ok()) {
      for (const Assigned& node : *record) {
        EXPECT_EQ(node.provider, "CPUExecutionProvider");
        nodes.insert(node.name);
      }
    }
    return nodes;
  };
  EXPECT_EQ(left_to_cpu(written.options), on_cpu);
  // Without the option nothing is left: the runtime would refuse the session otherwise.
  EXPECT_EQ(left_to_cpu({{"session.disable_cpu_ep_fallback", "1"}}), std::set<std::string>());
  std::map<std::string, std::string> both = written.options;
  both["session.disable_cpu_ep_fallback"] = "1";
  EXPECT_THAT(std::string(Runtime().Load(written.file, both, true).status().message()),
              HasSubstr("fallback"));
}

// The option is read and not just carried: the runtime refuses one that is no list of rules.
TEST(OnnxRuntimeOptionTest, IsReadByTheRuntime) {
  SKIP_WITHOUT("ALLOT_ONNXRUNTIME");
  const Case model(ZooText(kChain), AFirst);
  const ScratchFolder folder;
  const Written written = Write(model, 0, folder);
  const auto load = [&](const std::string& settings) {
    return std::string(Runtime()
                           .Load(written.file, {{"session.layer_assignment_settings", settings}})
                           .status()
                           .message());
  };
  EXPECT_EQ(load(written.options.at("session.layer_assignment_settings")), "");
  EXPECT_THAT(load("cpu cpu0/"), HasSubstr("layering config")) << Runtime().version();
}

}  // namespace
}  // namespace allot
