#include "lowering/file_digest.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "openssl/evp.h"

#include "lowering/open_file.h"
#include "support/status.h"

namespace allot {
namespace {

// SHA-256 of what it is given, piece by piece.
class Sha256 {
 public:
  static absl::StatusOr<Sha256> Make() {
    Sha256 hash;
    // Fails where OpenSSL's configuration forbids the algorithm.
    if (hash.context_ == nullptr ||
        EVP_DigestInit_ex(hash.context_.get(), EVP_sha256(), nullptr) != 1) {
      return Unavailable();
    }
    return hash;
  }

  absl::Status Add(absl::string_view bytes) {
    return EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1 ? absl::OkStatus()
                                                                             : Unavailable();
  }

  // In lower-case hexadecimal; nothing may be added afterwards.
  absl::StatusOr<std::string> Hex() && {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned int size = 0;
    if (EVP_DigestFinal_ex(context_.get(), digest.data(), &size) != 1) return Unavailable();
    return absl::BytesToHexString(
        absl::string_view(reinterpret_cast<const char*>(digest.data()), size));
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  Sha256() : context_(EVP_MD_CTX_new()) {}

  static absl::Status Unavailable() {
    return absl::FailedPreconditionError(
        "OpenSSL refuses to compute SHA-256; check its configuration, or leave out the manifest "
        "with --emit");
  }

  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace

absl::StatusOr<FileDigest> DigestOf(const std::string& shown,
                                    const std::vector<FileChunk>& chunks) {
  constexpr int64_t kBuffer = int64_t{1} << 17;  // larger ones leave the processor's cache
  ALLOT_ASSIGN_OR_RETURN(Sha256 hash, Sha256::Make());
  FileDigest digest;
  OpenFile from;
  std::string open_source, buffer;
  for (const FileChunk& chunk : chunks) {
    if (chunk.source.empty()) {
      ALLOT_RETURN_IF_ERROR(hash.Add(chunk.bytes));
      digest.bytes += static_cast<int64_t>(chunk.bytes.size());
      continue;
    }
    if (!from.valid() || open_source != chunk.source) {
      ALLOT_ASSIGN_OR_RETURN(from, OpenSource(chunk.source));
      open_source = chunk.source;
    }
    buffer.resize(static_cast<size_t>(kBuffer));
    for (int64_t done = 0, size = chunk.size(); done < size;) {
      ALLOT_ASSIGN_OR_RETURN(const int64_t count,
                             ReadSource(from, chunk, done, shown, absl::MakeSpan(buffer)));
      ALLOT_RETURN_IF_ERROR(hash.Add(absl::string_view(buffer.data(), static_cast<size_t>(count))));
      done += count;
    }
    digest.bytes += chunk.size();
  }
  ALLOT_ASSIGN_OR_RETURN(digest.sha256, std::move(hash).Hex());
  return digest;
}

absl::StatusOr<FileDigest> DigestOfFile(const std::string& path) {
  ALLOT_ASSIGN_OR_RETURN(FileDigest size, SizeOnly(path));
  FileChunk whole;
  whole.source = path;
  whole.length = size.bytes;
  std::vector<FileChunk> chunks;
  chunks.push_back(std::move(whole));
  return DigestOf(path, chunks);
}

absl::StatusOr<FileDigest> SizeOnly(const std::string& path) {
  ALLOT_ASSIGN_OR_RETURN(const OpenFile file, OpenSource(path));
  FileDigest digest;
  ALLOT_ASSIGN_OR_RETURN(digest.bytes, SizeOf(file, path));
  return digest;
}

}  // namespace allot
