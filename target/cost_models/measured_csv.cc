#include "target/cost_models/measured_csv.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "support/diagnostics.h"
#include "support/nearest_name.h"
#include "support/status.h"
#include "target/quantity.h"

namespace allot {
namespace {

struct CsvRecord {
  std::vector<std::string> fields;
  int64_t line = 0;  // where it starts
};

// RFC 4180: fields may be quoted, quotes inside are doubled, quoted fields may span lines. Empty
// lines and comments are skipped.
absl::StatusOr<std::vector<CsvRecord>> SplitCsv(absl::string_view text) {
  std::vector<CsvRecord> records;
  CsvRecord record;
  std::string field;
  int64_t line = 1;
  record.line = 1;
  bool quoted = false, was_quoted = false, at_start = true;
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
    if (std::exchange(at_start, false) && text[i] == '#') {
      i = std::min(text.find('\n', i), text.size());
      if (i == text.size()) break;
    }
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
      at_start = true;
    } else if (c != '\r' || i + 1 >= text.size() || text[i + 1] != '\n') {
      if (was_quoted) return InputError(line, ": text behind a closing quote");
      field += c;
    }
  }
  if (quoted) return InputError(record.line, ": a quote is never closed");
  end_record();
  return records;
}

enum Column : size_t { kNode, kDevice, kTime, kBytes, kFusedInto, kWhat, kTo, kNumColumns };
constexpr std::array<absl::string_view, kNumColumns> kColumns = {
    "node", "device", "time_us", "bytes", "fused_into", "what", "to"};
constexpr size_t kNumRequired = 3;
constexpr char kHeader[] = "node,device,time_us[,bytes,fused_into,what,to]";

class CsvReader {
 public:
  explicit CsvReader(std::string file) { costs_.file = std::move(file); }

  absl::StatusOr<MeasuredCosts> Read(absl::string_view text) {
    absl::StatusOr<std::vector<CsvRecord>> records = SplitCsv(text);
    if (!records.ok()) return WithContext(records.status(), absl::StrCat(costs_.file, ":"));
    if (records->empty()) {
      return InputError(costs_.file, ": no header; it must be ", kHeader);
    }
    ReadHeader(records->front());
    if (diagnostics_.num_errors() > 0) return diagnostics_.ToStatusOfAll();
    for (size_t i = 1; i < records->size(); ++i) ReadRow((*records)[i]);
    CheckFusions();
    ALLOT_RETURN_IF_ERROR(diagnostics_.ToStatusOfAll());
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
        Error(header.line, absl::StrCat("unknown column '", name, "'",
                                        DidYouMean(name, {kColumns.begin(), kColumns.end()}),
                                        " (the header is ", kHeader, ")"));
        continue;
      }
      int& column = column_[static_cast<size_t>(found - kColumns.begin())];
      if (column >= 0) Error(header.line, absl::StrCat("column '", name, "' stands twice"));
      column = static_cast<int>(i);
    }
    for (size_t i = 0; i < kNumRequired; ++i) {
      if (column_[i] < 0 && diagnostics_.num_errors() == 0) {
        Error(header.line,
              absl::StrCat("column '", kColumns[i], "' is missing; the header is ", kHeader));
      }
    }
  }

  // The text of a column of a row; "" if the table has none.
  std::string Field(const CsvRecord& record, Column column) const {
    return column_[column] < 0 ? "" : record.fields[static_cast<size_t>(column_[column])];
  }
  std::string Stripped(const CsvRecord& record, Column column) const {
    return std::string(absl::StripAsciiWhitespace(Field(record, column)));
  }

  void ReadRow(const CsvRecord& record) {
    if (record.fields.size() != width_) {
      return Error(record.line,
                   absl::StrCat(record.fields.size(), " fields, but the header has ", width_));
    }
    const std::string what = Stripped(record, kWhat);
    const bool is_op = what.empty() || what == "op";
    if (!is_op && what != "launch" && what != "transfer") {
      return Error(record.line, absl::StrCat("what '", what, "' is none of op, launch and transfer",
                                             DidYouMean(what, {"op", "launch", "transfer"})));
    }
    MeasuredCosts::Row row;
    row.line = record.line;
    row.node = Field(record, kNode);
    row.device = Stripped(record, kDevice);
    row.fused_into = Field(record, kFusedInto);
    const std::string to = Stripped(record, kTo);
    if (is_op && row.node.empty()) {
      return Error(record.line, "the node's name is empty; only launches and transfers have none");
    }
    if (row.device.empty()) return Error(record.line, "the device's name is empty");
    const std::string time = Stripped(record, kTime);
    const absl::StatusOr<Picos> picos = ParseScaledDecimal(time, kPicosPerMicro);
    if (!picos.ok()) return Error(record.line, absl::StrCat("time_us ", picos.status().message()));
    if (*picos > kMaxPicos)
      return Error(record.line, absl::StrCat("time_us ", time, " is too large"));
    row.time = *picos;
    const std::string bytes = Stripped(record, kBytes);
    if (!bytes.empty()) {
      int64_t count = 0;
      if (!absl::SimpleAtoi(bytes, &count) || count < 0) {
        return Error(record.line,
                     absl::StrCat("bytes '", bytes, "' is not a non-negative integer"));
      }
      row.bytes = count;
    }
    if (what != "transfer" && !to.empty()) {
      return Error(record.line, absl::StrCat("only a transfer goes to another device; leave 'to' ",
                                             "empty, or write transfer under 'what'"));
    }
    if (is_op) return AddOp(std::move(row));
    if (!row.node.empty() || !row.fused_into.empty()) {
      return Error(record.line, absl::StrCat("a ", what, " is of no node; leave '",
                                             row.node.empty() ? "fused_into" : "node", "' empty"));
    }
    if (what == "launch") {
      AddLaunch(row);
    } else {
      AddTransfer(row, to);
    }
  }

  void AddOp(MeasuredCosts::Row row) {
    const auto [first, is_new] =
        op_rows_.emplace(std::pair(row.node, row.device), costs_.rows.size());
    if (!is_new) {
      return Error(row.line,
                   absl::StrCat("node '", row.node, "' on '", row.device, "' stands in line ",
                                costs_.rows[first->second].line, " already"));
    }
    if (row.fused_into == row.node) {
      Error(row.line, absl::StrCat("node '", row.node, "' cannot be fused into itself; leave ",
                                   "'fused_into' of the node that has the time empty"));
    } else if (!row.fused_into.empty() && row.time != 0) {
      Error(row.line, absl::StrCat("the time of a fused node is part of the row of '",
                                   row.fused_into, "'; its own time_us must be 0"));
    }
    costs_.rows.push_back(std::move(row));
  }

  void AddLaunch(const MeasuredCosts::Row& row) {
    if (row.bytes.has_value()) {
      return Error(row.line, "a launch moves nothing; leave 'bytes' empty");
    }
    const auto [first, is_new] = launch_lines_.emplace(row.device, row.line);
    if (!is_new) {
      return Error(row.line, absl::StrCat("the launch on '", row.device, "' stands in line ",
                                          first->second, " already"));
    }
    costs_.launches.push_back({row.device, row.time, row.line});
  }

  void AddTransfer(const MeasuredCosts::Row& row, const std::string& to) {
    if (to.empty()) return Error(row.line, "a transfer needs 'to', the device that receives");
    if (!row.bytes.has_value()) return Error(row.line, "a transfer needs 'bytes', its size");
    const auto [first, is_new] =
        transfer_lines_.emplace(std::tuple(row.device, to, *row.bytes), row.line);
    if (!is_new) {
      return Error(row.line,
                   absl::StrCat("the transfer of ", *row.bytes, " bytes from '", row.device,
                                "' to '", to, "' stands in line ", first->second, " already"));
    }
    costs_.transfers.push_back({row.device, to, *row.bytes, row.time, row.line});
  }

  // Rows may come in any order, so this waits for the last.
  void CheckFusions() {
    for (const MeasuredCosts::Row& row : costs_.rows) {
      if (row.fused_into.empty() || row.fused_into == row.node) continue;
      const auto found = op_rows_.find(std::pair(row.fused_into, row.device));
      if (found == op_rows_.end()) {
        Error(row.line, absl::StrCat("fused_into '", row.fused_into, "' has no row on '",
                                     row.device, "'; add one with the time of the whole kernel"));
        continue;
      }
      const MeasuredCosts::Row& into = costs_.rows[found->second];
      if (!into.fused_into.empty()) {
        Error(row.line, absl::StrCat("fused_into '", row.fused_into, "' is itself fused into '",
                                     into.fused_into, "' (line ", into.line,
                                     "); name the node that has the time"));
      }
    }
  }

  MeasuredCosts costs_;
  Diagnostics diagnostics_;
  std::array<int, kNumColumns> column_ = {};
  size_t width_ = 0;
  std::map<std::pair<std::string, std::string>, size_t> op_rows_;  // into costs_.rows
  std::map<std::string, int64_t> launch_lines_;
  std::map<std::tuple<std::string, std::string, Bytes>, int64_t> transfer_lines_;
};

}  // namespace

absl::StatusOr<MeasuredCosts> ReadCostsCsv(absl::string_view text, std::string file) {
  return CsvReader(std::move(file)).Read(text);
}

}  // namespace allot
