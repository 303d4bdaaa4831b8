// Door 4: what is written for a plan. An emitter is a pure function from values to files; writing
// them to disk is output_folder.h's business.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/constant.h"
#include "ir/constant_view.h"
#include "lowering/bundle.h"
#include "lowering/provenance.h"
#include "support/registry.h"

namespace allot {

// A piece of a file: bytes in memory, or ranges of another file that are copied when the file is
// written: `count` of `length` bytes, each `stride` bytes behind the one before, with picks as in
// ir::ByteRanges.
struct FileChunk {
  std::string bytes;
  std::string source;  // path; empty: `bytes`
  int64_t offset = 0, length = 0;
  int64_t count = 1, stride = 0;
  std::shared_ptr<const std::vector<ir::BytePick>> picks = nullptr;

  int64_t size() const {
    return source.empty() ? static_cast<int64_t>(bytes.size()) : length * count;
  }
};

// What a written file holds, for whoever has to tell whether it arrived whole.
struct FileDigest {
  int64_t bytes = 0;
  std::string sha256;  // hexadecimal; empty: not computed

  friend bool operator==(const FileDigest&, const FileDigest&) = default;
};

struct OutputFile {
  std::string name;  // relative to the output folder, without ".."
  std::vector<FileChunk> chunks;
  // Not empty: the file is a copy of this existing file, which shares its blocks where the file
  // system can do that.
  std::string copied_from{};
  std::vector<std::string> emitters{};  // whose output it is; filled in by EmitFiles
  FileDigest digest{};                  // if it was computed already
  bool is_external_data = false;        // of one ONNX file, written for it
};

struct EmitInput {
  const ir::Module& module;
  const Target& target;
  const ir::Plan& plan;
  const Bundle& bundle;
  std::string model_path{};  // the model, relative to the output folder, as manifests refer to it
  std::string pipeline{};    // the pipeline's text, with every default
  Provenance made_from{};    // files relative to the output folder
  std::map<std::string, int64_t> dims{};  // sizes of symbolic dimensions that costs were made for
  int64_t default_dim = 1;                // of every other open dimension
  int64_t emit_ir_version = 0;            // 0: keep the model's
  bool embed_external_data = false;
  // The output folder is the model's own: external data is in reach and is not copied there.
  bool output_is_model_folder = false;
  std::vector<std::string> files{};  // that other emitters write in this run: the manifest's
  std::vector<std::string> external_data{};       // likewise; copies of the model's data files
  std::map<std::string, FileDigest> integrity{};  // likewise; of ONNX files and data files
};

// The input as if this lane of the plan were all of it. `plan` is ir::LaneView(input.plan, lane);
// it and the input must live on.
EmitInput InputOfLane(const EmitInput& input, size_t lane, const ir::Plan& plan);

class Emitter {
 public:
  virtual ~Emitter() = default;
  virtual absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const = 0;
};

Registry<Emitter> BuiltinEmitters();

// An error for a choice, as of EmitFiles(), that is no emitter or has options that it does not
// take.
absl::Status CheckChoices(const Registry<Emitter>& emitters,
                          const std::vector<std::string>& choices);

// What one run writes: the files of the chosen emitters, the manifest's last so that it can list
// the others. A choice is a name and options, "mlir" or "mlir{elide-larger-than=16}"; no choice:
// all that are not on request only, but those of one file for the whole model that it does not fit
// in. Data files that several emitters use are there once. If there is a manifest, all bytes of the
// ONNX files are read once, those of data files are not.
absl::StatusOr<std::vector<OutputFile>> EmitFiles(const Registry<Emitter>& emitters,
                                                  const std::vector<std::string>& choices,
                                                  EmitInput input);

}  // namespace allot
