#include "passes/sparsity/tensor_bytes.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "ir/data_reach.h"
#include "support/read_file.h"
#include "support/status.h"

namespace allot {
namespace {

absl::StatusOr<std::string> PathOf(const ir::Module& module, const ir::FileBytes& file) {
  std::string location = file.location;
  if (file.home == ir::FileBytes::Home::kModelFile) {
    location = module.source_file;
  } else {
    ALLOT_RETURN_IF_ERROR(ir::CheckReach(module.source_folder, module.source_file, file.location));
  }
  if (module.source_folder.empty()) return location;
  return absl::StrCat(module.source_folder, absl::EndsWith(module.source_folder, "/") ? "" : "/",
                      location);
}

absl::Status ForEachPieceOfFile(const ir::Module& module, const ir::FileBytes& file, int64_t bytes,
                                int64_t piece,
                                const std::function<absl::Status(absl::string_view)>& visit) {
  ALLOT_ASSIGN_OR_RETURN(const std::string path, PathOf(module, file));
  ALLOT_ASSIGN_OR_RETURN(const InputFile opened, InputFile::Open(path), "'", path, "' ");
  if (!opened.is_regular()) return InputError("'", path, "' is no file on a disk");
  std::string buffer;
  for (int64_t done = 0; done < bytes;) {
    const int64_t want = std::min(piece, bytes - done);
    buffer.resize(static_cast<size_t>(want));
    int64_t got = 0;
    while (got < want) {
      const ssize_t count = ::pread(opened.descriptor(), buffer.data() + got,
                                    static_cast<size_t>(want - got), file.offset + done + got);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return InputError("cannot read '", path, "': ", std::strerror(errno));
      if (count == 0) return InputError("'", path, "' ends before the tensor does");
      got += count;
    }
    ALLOT_RETURN_IF_ERROR(visit(buffer));
    done += want;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ForEachPiece(const ir::Module& module, const ir::Constant& constant, int64_t piece,
                          const std::function<absl::Status(absl::string_view)>& visit) {
  const int64_t bytes = constant.bytes();
  if (const auto* const memory = std::get_if<ir::InlineBytes>(&constant.storage)) {
    const absl::string_view all = memory->bytes == nullptr ? absl::string_view() : *memory->bytes;
    if (static_cast<int64_t>(all.size()) < bytes) {
      return InputError("has ", all.size(), " bytes of ", bytes);
    }
    for (int64_t done = 0; done < bytes; done += piece) {
      ALLOT_RETURN_IF_ERROR(visit(all.substr(static_cast<size_t>(done),
                                             static_cast<size_t>(std::min(piece, bytes - done)))));
    }
    return absl::OkStatus();
  }
  if (const auto* const file = std::get_if<ir::FileBytes>(&constant.storage)) {
    return ForEachPieceOfFile(module, *file, bytes, piece, visit);
  }
  return InputError("has no plain elements");
}

absl::StatusOr<std::string> ReadElements(const ir::Module& module, const ir::Constant& constant,
                                         int64_t most) {
  if (constant.bytes() > most) {
    return InputError("has ", constant.bytes(), " bytes, more than ", most);
  }
  std::string all;
  ALLOT_RETURN_IF_ERROR(
      ForEachPiece(module, constant, int64_t{1} << 20, [&all](absl::string_view bytes) {
        all.append(bytes.data(), bytes.size());
        return absl::OkStatus();
      }));
  return all;
}

}  // namespace allot
