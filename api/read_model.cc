#include "api/read_model.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "api/placement_setup.h"
#include "mlir_import/import.h"
#include "support/read_file.h"
#include "support/status.h"

namespace allot {
namespace {

// Protobuf's messages cannot be longer, so a longer stream is no model.
constexpr int64_t kLongestStream = std::numeric_limits<int32_t>::max();

absl::StatusOr<ir::Module> ReadText(absl::string_view text, const std::string& shown,
                                    const std::string& folder) {
  ALLOT_ASSIGN_OR_RETURN(ir::text::Document document,
                         ir::text::ParseDocument(text, shown, ir::text::DialectsOf(text)));
  DropPlan(document);
  ALLOT_ASSIGN_OR_RETURN(MlirModel model, ImportMlirTree(std::move(document), text, shown, nullptr,
                                                         ir::UnnamedOps::kLieInTheText));
  model.parsed.module.source_folder = folder;
  return std::move(model.parsed.module);
}

// Of any text only one that may begin so is MLIR; of others ONNX's importer says what they are.
bool LooksLikeMlir(absl::string_view bytes) {
  if (!LooksLikeText(bytes)) return false;
  while (true) {
    bytes = absl::StripLeadingAsciiWhitespace(bytes);
    if (!absl::StartsWith(bytes, "//")) break;
    const size_t newline = bytes.find('\n');
    if (newline == bytes.npos) return true;  // the head of a file that begins with a comment
    bytes.remove_prefix(newline);
  }
  for (const absl::string_view start :
       {"module", "builtin.module", "\"", "func.func", "util.func", "#", "!", "{-#"}) {
    if (absl::StartsWith(bytes, start)) return true;
  }
  return false;
}

// Whether the file begins as such a text does. What cannot be read is told by whoever reads it.
bool FileLooksLikeMlir(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 256> head = {};
  file.read(head.data(), head.size());
  return LooksLikeMlir(absl::string_view(head.data(), static_cast<size_t>(file.gcount())));
}

}  // namespace

bool LooksLikeText(absl::string_view bytes) {
  // The first bytes of ONNX are tags and numbers, none of which a text has: control characters.
  const absl::string_view head = bytes.substr(0, 256);
  const bool controls = std::any_of(head.begin(), head.end(), [](char c) {
    return absl::ascii_iscntrl(static_cast<unsigned char>(c)) &&
           !absl::ascii_isspace(static_cast<unsigned char>(c));
  });
  return !bytes.empty() && !controls;
}

absl::StatusOr<ir::Module> ReadModel(const std::string& path, const ImportOptions& options,
                                     Diagnostics& diagnostics) {
  if (path == "-" || IsStream(path)) {
    // It can be read only once.
    const std::string shown = path == "-" ? "standard input" : path;
    ALLOT_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path), shown, ": ");
    ALLOT_ASSIGN_OR_RETURN(const std::string bytes, file.ReadAll(kLongestStream), shown, ": ");
    if (bytes.empty()) return InputError(shown, ": is empty: an ONNX model was expected");
    return ReadModelBytes(bytes, shown, options, diagnostics);
  }
  if (!FileLooksLikeMlir(path)) return ImportOnnx(path, options, diagnostics);
  ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  return ReadText(text, path, std::filesystem::path(path).parent_path().string());
}

absl::StatusOr<ir::Module> ReadModelBytes(absl::string_view bytes, const std::string& shown,
                                          const ImportOptions& options, Diagnostics& diagnostics) {
  if (LooksLikeMlir(bytes)) return ReadText(bytes, shown, "");
  return ImportOnnxBytes(bytes, shown, options, diagnostics);
}

}  // namespace allot
