// Reading measured times: CSV tables and ONNX Runtime's profiles.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

#include "support/diagnostics.h"
#include "support/json.h"
#include "support/options.h"
#include "support/status.h"
#include "target/cost_models/measured.h"
#include "target/quantity.h"

namespace allot {
namespace {

struct CsvRecord {
  std::vector<std::string> fields;
  int64_t line = 0;  // where it starts
};

// RFC 4180: fields may be quoted, quotes inside are doubled, quoted fields may span lines. Empty
// lines are skipped.
absl::StatusOr<std::vector<CsvRecord>> SplitCsv(absl::string_view text) {
  std::vector<CsvRecord> records;
  CsvRecord record;
  std::string field;
  int64_t line = 1;
  record.line = 1;
  bool quoted = false, was_quoted = false;
  const auto end_record = [&] {
    if (!record.fields.empty() || !field.empty() || was_quoted) {
      record.fields.push_back(std::move(field));
      records.push_back(std::move(record));
    }
    record = {};
    field.clear();
    was_quoted = false;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (quoted) {
      if (c != '"') {
        field += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        field += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"' && field.empty() && !was_quoted) {
      quoted = was_quoted = true;
    } else if (c == '"') {
      return InputError(line, ": a quote inside a field that does not start with one");
    } else if (c == ',') {
      record.fields.push_back(std::move(field));
      field.clear();
      was_quoted = false;
    } else if (c == '\n') {
      end_record();
      record.line = line;
    } else if (c != '\r' || i + 1 >= text.size() || text[i + 1] != '\n') {
      if (was_quoted) return InputError(line, ": text behind a closing quote");
      field += c;
    }
  }
  if (quoted) return InputError(record.line, ": a quote is never closed");
  end_record();
  return records;
}

constexpr std::array<absl::string_view, 4> kColumns = {"node", "device", "time_us", "bytes"};

class CsvReader {
 public:
  explicit CsvReader(std::string file) { costs_.file = std::move(file); }

  absl::StatusOr<MeasuredCosts> Read(absl::string_view text) {
    absl::StatusOr<std::vector<CsvRecord>> records = SplitCsv(text);
    if (!records.ok()) return WithContext(records.status(), absl::StrCat(costs_.file, ":"));
    if (records->empty()) {
      return InputError(costs_.file, ": no header; it must be node,device,time_us[,bytes]");
    }
    ReadHeader(records->front());
    if (diagnostics_.num_errors() > 0) return diagnostics_.ToStatus();
    for (size_t i = 1; i < records->size(); ++i) ReadRow((*records)[i]);
    ALLOT_RETURN_IF_ERROR(diagnostics_.ToStatus());
    return std::move(costs_);
  }

 private:
  void Error(int64_t line, std::string message) {
    diagnostics_.Error(absl::StrCat(costs_.file, ":", line), std::move(message));
  }

  void ReadHeader(const CsvRecord& header) {
    column_.fill(-1);
    width_ = header.fields.size();
    for (size_t i = 0; i < header.fields.size(); ++i) {
      const std::string name(absl::StripAsciiWhitespace(header.fields[i]));
      const auto found = std::find(kColumns.begin(), kColumns.end(), name);
      if (found == kColumns.end()) {
        const std::string near = NearestName(name, {kColumns.begin(), kColumns.end()});
        Error(header.line,
              absl::StrCat("unknown column '", name, "'",
                           near.empty() ? "" : absl::StrCat("; did you mean '", near, "'?"),
                           " (the header is node,device,time_us[,bytes])"));
        continue;
      }
      int& column = column_[static_cast<size_t>(found - kColumns.begin())];
      if (column >= 0) Error(header.line, absl::StrCat("column '", name, "' stands twice"));
      column = static_cast<int>(i);
    }
    for (size_t i = 0; i < 3; ++i) {
      if (column_[i] < 0 && diagnostics_.num_errors() == 0) {
        Error(header.line, absl::StrCat("column '", kColumns[i],
                                        "' is missing; the header is node,device,time_us[,bytes]"));
      }
    }
  }

  // The text of a column of a row; "" if the table has none.
  std::string Field(const CsvRecord& record, size_t column) const {
    return column_[column] < 0 ? "" : record.fields[static_cast<size_t>(column_[column])];
  }

  void ReadRow(const CsvRecord& record) {
    if (record.fields.size() != width_) {
      return Error(record.line,
                   absl::StrCat(record.fields.size(), " fields, but the header has ", width_));
    }
    MeasuredCosts::Row row;
    row.line = record.line;
    row.node = Field(record, 0);
    row.device = std::string(absl::StripAsciiWhitespace(Field(record, 1)));
    if (row.node.empty()) return Error(record.line, "the node's name is empty");
    if (row.device.empty()) return Error(record.line, "the device's name is empty");
    const std::string time(absl::StripAsciiWhitespace(Field(record, 2)));
    const absl::StatusOr<Picos> picos = ParseScaledDecimal(time, kPicosPerMicro);
    if (!picos.ok()) return Error(record.line, absl::StrCat("time_us ", picos.status().message()));
    if (*picos > kMaxPicos)
      return Error(record.line, absl::StrCat("time_us ", time, " is too large"));
    row.time = *picos;
    const std::string bytes(absl::StripAsciiWhitespace(Field(record, 3)));
    if (!bytes.empty()) {
      int64_t count = 0;
      if (!absl::SimpleAtoi(bytes, &count) || count < 0) {
        return Error(record.line,
                     absl::StrCat("bytes '", bytes, "' is not a non-negative integer"));
      }
      row.bytes = count;
    }
    const auto [first, is_new] = seen_.emplace(std::pair(row.node, row.device), record.line);
    if (!is_new) {
      return Error(record.line, absl::StrCat("node '", row.node, "' on '", row.device,
                                             "' stands in line ", first->second, " already"));
    }
    costs_.rows.push_back(std::move(row));
  }

  MeasuredCosts costs_;
  Diagnostics diagnostics_;
  std::array<int, 4> column_ = {};
  size_t width_ = 0;
  std::map<std::pair<std::string, std::string>, int64_t> seen_;
};

// What a provider of ONNX Runtime runs on.
struct ProviderKind {
  absl::string_view provider, kind;
};
constexpr ProviderKind kProviderKinds[] = {
    {"CPU", "cpu"},      {"Dnnl", "cpu"},          {"XNNPACK", "cpu"},  {"ACL", "cpu"},
    {"CUDA", "gpu"},     {"NvTensorRTRTX", "gpu"}, {"Tensorrt", "gpu"}, {"ROCM", "gpu"},
    {"MIGraphX", "gpu"}, {"DML", "gpu"},           {"WebGpu", "gpu"},   {"JS", "gpu"},
    {"QNN", "npu"},      {"VitisAI", "npu"},       {"NNAPI", "npu"},    {"Nnapi", "npu"},
    {"CoreML", "npu"},   {"RKNPU", "npu"},         {"Rknpu", "npu"},    {"CANN", "npu"},
    {"SNPE", "npu"},     {"WebNN", "npu"}};

std::string DeviceOfProvider(absl::string_view provider) {
  absl::ConsumeSuffix(&provider, "ExecutionProvider");
  for (const ProviderKind& known : kProviderKinds) {
    if (provider == known.provider) return std::string(known.kind);
  }
  return absl::AsciiStrToLower(provider);
}

std::optional<Picos> Microseconds(const Json* json) {
  if (json == nullptr) return std::nullopt;
  if (const int64_t* integer = json->If<int64_t>()) {
    if (*integer < 0 || *integer > kMaxPicos / kPicosPerMicro) return std::nullopt;
    return *integer * kPicosPerMicro;
  }
  const double* number = json->If<double>();
  if (number == nullptr || !(*number >= 0) || *number > ToMicros(kMaxPicos)) return std::nullopt;
  return static_cast<Picos>(std::floor(*number * static_cast<double>(kPicosPerMicro) + 0.5));
}

const std::string* StringMember(const Json& json, absl::string_view name) {
  const Json* member = json.Find(name);
  return member == nullptr ? nullptr : member->If<std::string>();
}

absl::StatusOr<MeasuredCosts> ReadProfile(absl::string_view text, std::string file) {
  ALLOT_ASSIGN_OR_RETURN(const Json json, ParseJson(text), file, ": ");
  const Json* list = json.If<Json::Array>() != nullptr ? &json : json.Find("traceEvents");
  const Json::Array* events = list == nullptr ? nullptr : list->If<Json::Array>();
  if (events == nullptr) {
    return InputError(file,
                      ": a profile is a JSON array of trace events, or an object with "
                      "'traceEvents'");
  }
  struct Samples {
    std::string node, device;
    std::vector<Picos> times;
  };
  std::vector<Samples> all;  // in order of first appearance
  std::map<std::pair<std::string, std::string>, size_t> index;
  for (size_t i = 0; i < events->size(); ++i) {
    const Json& event = (*events)[i];
    const std::string* category = StringMember(event, "cat");
    const std::string* name = StringMember(event, "name");
    const Json* args = event.Find("args");
    if (category == nullptr || *category != "Node" || name == nullptr || args == nullptr) continue;
    absl::string_view node = *name;
    const std::string* provider = StringMember(*args, "provider");
    // Nodes without a name cannot be told apart.
    if (!absl::ConsumeSuffix(&node, "_kernel_time") || node.empty() || provider == nullptr)
      continue;
    const std::optional<Picos> time = Microseconds(event.Find("dur"));
    if (!time.has_value()) {
      return InputError(file, ": event ", i, " ('", *name,
                        "'): 'dur' is no duration in microseconds");
    }
    const std::string device = DeviceOfProvider(*provider);
    const auto [found, is_new] = index.emplace(std::pair(std::string(node), device), all.size());
    if (is_new) all.push_back({std::string(node), device, {}});
    all[found->second].times.push_back(*time);
  }
  if (all.empty()) {
    return InputError(file,
                      ": no event of category 'Node' named '<node>_kernel_time'; was the "
                      "session run with profiling enabled?");
  }
  MeasuredCosts costs;
  costs.file = std::move(file);
  for (Samples& samples : all) {
    const auto middle =
        samples.times.begin() + static_cast<std::ptrdiff_t>((samples.times.size() - 1) / 2);
    std::nth_element(samples.times.begin(), middle, samples.times.end());
    MeasuredCosts::Row row;
    row.node = std::move(samples.node);
    row.device = std::move(samples.device);
    row.time = *middle;
    row.samples = static_cast<int64_t>(samples.times.size());
    costs.rows.push_back(std::move(row));
  }
  return costs;
}

}  // namespace

absl::StatusOr<MeasuredCosts> ParseCosts(absl::string_view text, std::string file_name) {
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");  // a byte order mark, as spreadsheets write it
  const absl::string_view start = absl::StripLeadingAsciiWhitespace(text);
  if (absl::StartsWith(start, "[") || absl::StartsWith(start, "{")) {
    return ReadProfile(text, std::move(file_name));
  }
  return CsvReader(std::move(file_name)).Read(text);
}

}  // namespace allot
