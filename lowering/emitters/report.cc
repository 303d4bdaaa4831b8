// model.report.html: the plan as a page that needs nothing but a browser. The page is put together
// from the files in the folder report/ and one block of JSON. Texts of the model are data in that
// block and never markup; the page's policy lets no script run but its own, and nothing load.
#include <string>
#include <utility>

#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

#include "lowering/emitter.h"
#include "lowering/emitters/report/page_data.h"
#include "lowering/emitters/report/page_texts.h"
#include "lowering/emitters/text_file.h"
#include "support/check.h"
#include "support/json.h"

namespace allot {
namespace {

struct Options {};

// The page's files of one kind, one after the other.
std::string Texts(absl::string_view ending) {
  std::string texts;
  for (size_t i = 0; i < internal::kNumPageTexts; ++i) {
    const internal::EmbeddedText& file = internal::kPageTexts[i];
    if (absl::EndsWith(file.name, ending)) texts += file.text;
  }
  ALLOT_CHECK(!texts.empty());
  return texts;
}

// As a policy names a script that may run.
std::string Base64Sha256(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::Base64Escape(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

// JSON that can stand inside a script element: nothing in it can end the element or begin a
// comment. Only strings have such characters.
std::string ForScriptElement(const Json& json) {
  return absl::StrReplaceAll(PrintJsonCompact(json), {{"<", "\\u003c"}});
}

class Report final : public Emitter {
 public:
  explicit Report(Options) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    const std::string script = "\n" + Texts(".js");
    std::vector<OutputFile> files;
    files.push_back(TextFile(
        "model.report.html",
        absl::StrReplaceAll(Texts(".html"), {{"{{script-hash}}", Base64Sha256(script)},
                                             {"{{style}}", Texts(".css")},
                                             {"{{plan}}", ForScriptElement(PageData(input))},
                                             {"{{script}}", script}})));
    return files;
  }
};

}  // namespace

Entry<Emitter> ReportEntry() {
  return MakeEntry<Emitter, Report>(
      "report", "model.report.html: the plan as a page: schedule, graph, reasons, cuts, loads",
      OptionSchema<Options>());
}

}  // namespace allot
