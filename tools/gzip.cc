#include "tools/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

#include "support/status.h"
#include "tools/text_file.h"

namespace allot {
namespace {

constexpr absl::string_view kMagic = "\x1f\x8b";
constexpr size_t kMostBytes = size_t{4} << 30;
constexpr int kGzipOnly = 16 + MAX_WBITS;

class Inflater {
 public:
  Inflater() : ready_(inflateInit2(&stream_, kGzipOnly) == Z_OK) {}
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // A file may be several compressed ones in a row.
  absl::StatusOr<std::string> Unpack(absl::string_view packed) {
    if (!ready_) return absl::ResourceExhaustedError("out of memory");
    std::string text, block(1 << 18, '\0');
    int status = Z_OK;
    size_t taken = 0;
    do {
      if (stream_.avail_in == 0) {
        const size_t some = std::min<size_t>(packed.size() - taken, 1 << 30);
        if (some == 0) return InputError("is compressed by gzip and ends early");
        // zlib does not write there, and takes no pointer to const.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + taken));
        stream_.avail_in = static_cast<uInt>(some);
        taken += some;
      }
      if (status == Z_STREAM_END && inflateReset(&stream_) != Z_OK) {
        return InputError("is compressed by gzip and damaged");
      }
      stream_.next_out = reinterpret_cast<Bytef*>(block.data());
      stream_.avail_out = static_cast<uInt>(block.size());
      status = inflate(&stream_, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END) {
        return InputError("is compressed by gzip and damaged");
      }
      text.append(block.data(), block.size() - stream_.avail_out);
      if (text.size() > kMostBytes) return InputError("unpacks to more than 4 GiB");
    } while (status != Z_STREAM_END || stream_.avail_in > 0 || taken < packed.size());
    return text;
  }

 private:
  z_stream stream_ = {};
  const bool ready_;
};

}  // namespace

absl::StatusOr<std::string> ReadPlainOrGzip(const std::string& path) {
  ALLOT_ASSIGN_OR_RETURN(std::string text, ReadText(path));
  if (!absl::StartsWith(text, kMagic)) return text;
  ALLOT_ASSIGN_OR_RETURN(text, Inflater().Unpack(text), InputName(path), ": ");
  return text;
}

}  // namespace allot
