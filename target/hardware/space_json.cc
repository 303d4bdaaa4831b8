#include "target/hardware/space_json.h"

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/nearest_name.h"
#include "support/read_file.h"
#include "support/status.h"
#include "target/hardware/embedded_spaces.h"
#include "target/quantity.h"

namespace allot::hardware {
namespace {

constexpr int64_t kMostOfAKind = 1 << 20;
constexpr double kLargest = 1e18;

class SpaceReader {
 public:
  SpaceReader(const Json& document, const std::string& file)
      : reader_(document, file, "", diagnostics_) {}

  absl::StatusOr<Space> Read() {
    std::string schema;
    if (reader_.Require("schema", schema) && schema != kSpaceSchema) {
      reader_.Error("schema", absl::StrCat("must be ", kSpaceSchema));
    }
    reader_.Read("name", space_.name);
    reader_.Find("note");
    ReadValues("tensor_cores", space_.tensor_cores, true);
    ReadValues("vector_cores", space_.vector_cores, true);
    ReadValues("width", space_.width, true);
    ReadValues("depth", space_.depth, true);
    ReadValues("vector_width", space_.vector_width, false);
    ReadValues("buffer_mb", space_.buffer_mb, true);
    if (reader_.Has("rates")) ReadRates(reader_.Object("rates"));
    ReadLink();
    if (reader_.Has("area")) {
      ReadArea(reader_.Object("area"));
    } else {
      reader_.Error("area", "is missing: what everything takes, in square micrometres");
    }
    if (reader_.Has("power")) ReadPower(reader_.Object("power"));
    if (reader_.Has("limit")) ReadLimit(reader_.Object("limit"));
    reader_.Finish();
    ALLOT_RETURN_IF_ERROR(diagnostics_.ToStatusOfAll());
    return std::move(space_);
  }

 private:
  void ReadValues(absl::string_view key, std::vector<int64_t>& values, bool required) {
    const Json* const member = reader_.Find(key);
    if (member == nullptr && !required) return;
    const auto* const array = member == nullptr ? nullptr : member->If<Json::Array>();
    if (array == nullptr || array->empty()) {
      reader_.Error(key, "must be an array of whole numbers");
      return;
    }
    for (size_t i = 0; i < array->size(); ++i) {
      const auto* const number = (*array)[i].If<int64_t>();
      if (number != nullptr && *number >= 1 && *number <= kMostOfAKind) {
        values.push_back(*number);
      } else {
        reader_.Error(absl::StrCat(key, "[", i, "]"), absl::StrCat("must be 1 to ", kMostOfAKind));
      }
    }
  }

  template <typename Unit>
  void ReadNumber(JsonReader& reader, absl::string_view key, bool required, double least,
                  Quantity<Unit>& quantity) {
    double number = 0;
    if (!(required ? reader.Require(key, number) : reader.Read(key, number))) return;
    if (!(number >= least && number <= kLargest)) {
      reader.Error(key, absl::StrCat("must be ", least, " to ", kLargest));
      return;
    }
    quantity = Quantity<Unit>(number);
  }

  void ReadRates(JsonReader reader) {
    ReadNumber(reader, "clock_hz", true, 1, space_.rates.clock);
    ReadNumber(reader, "word_bytes", false, 1e-3, space_.rates.word);
    ReadNumber(reader, "buffer_words_per_cycle", true, 1e-6, space_.rates.buffer);
    ReadNumber(reader, "memory_words_per_cycle", true, 1e-6, space_.rates.memory);
    ReadNumber(reader, "dispatch_cycles", false, 0, space_.rates.dispatch);
    if (reader.Read("cores_per_read", space_.rates.cores_per_read) &&
        !(space_.rates.cores_per_read >= 1 && space_.rates.cores_per_read <= kMostOfAKind)) {
      reader.Error("cores_per_read", absl::StrCat("must be 1 to ", kMostOfAKind));
    }
    reader.Finish();
  }

  void ReadLink() {
    std::string link;
    if (!reader_.Has("link") || !reader_.Read("link", link)) return;
    const absl::StatusOr<int64_t> rate = ParseQuantity(link, Unit::kNetworkBytesPerSecond);
    if (!rate.ok() || *rate < 1) {
      reader_.Error("link", rate.ok() ? "must be positive" : std::string(rate.status().message()));
      return;
    }
    space_.link = BytesPerSecond(static_cast<double>(*rate));
  }

  void ReadTable(JsonReader& reader, absl::string_view key, std::map<int64_t, Area>& table) {
    const Json* const member = reader.Find(key);
    if (member == nullptr || member->If<Json::Object>() == nullptr) {
      reader.Error(key, "must be an object: the area of each size");
      return;
    }
    JsonReader entries = reader.Object(key);
    for (const std::string& name : entries.Keys()) {
      int64_t size = 0;
      if (!absl::SimpleAtoi(name, &size) || size < 1) {
        entries.Error(name, "must be a size of 1 or more");
        continue;
      }
      ReadNumber(entries, name, true, 0, table[size]);
    }
  }

  void ReadArea(JsonReader reader) {
    ReadNumber(reader, "multiplier", true, 0, space_.area.multiplier);
    ReadNumber(reader, "lane", true, 0, space_.area.lane);
    reader.Read("lanes_per_buffer_kib", space_.area.lanes_per_buffer_kib);
    if (space_.area.lanes_per_buffer_kib < 1) {
      reader.Error("lanes_per_buffer_kib", "must be at least 1");
      space_.area.lanes_per_buffer_kib = 1;
    }
    ReadTable(reader, "core_buffer", space_.area.core_buffer);
    ReadTable(reader, "shared_buffer", space_.area.shared_buffer);
    reader.Finish();
  }

  void ReadPower(JsonReader reader) {
    PowerModel& power = space_.power.emplace();
    const auto pico = [&](absl::string_view key, Joules& energy) {
      ReadNumber(reader, key, true, 0, energy);
      energy = energy * 1e-12;
    };
    pico("multiply_pj", power.multiply);
    pico("lane_cycle_pj", power.lane_cycle);
    pico("buffer_pj_per_byte", power.buffer_byte);
    pico("memory_pj_per_byte", power.memory_byte);
    pico("link_pj_per_byte", power.link_byte);
    ReadNumber(reader, "leakage_w_per_mm2", true, 0, power.leakage_per_mm2);
    reader.Finish();
  }

  void ReadLimit(JsonReader reader) {
    if (reader.Has("area_mm2")) {
      Area area;
      ReadNumber(reader, "area_mm2", true, 0, area);
      space_.most_area = area * 1e6;
    }
    if (reader.Has("as_large_as")) {
      JsonReader each = reader.Object("as_large_as");
      Configuration& c = space_.largest.emplace();
      for (const auto& [key, value] : {std::pair("tensor_cores", &c.tensor_cores),
                                       {"vector_cores", &c.vector_cores},
                                       {"width", &c.width},
                                       {"depth", &c.depth},
                                       {"vector_width", &c.vector_width},
                                       {"buffer_mb", &c.buffer_mb}}) {
        each.Require(key, *value);
        if (*value < 1 || *value > kMostOfAKind) {
          each.Error(key, absl::StrCat("must be 1 to ", kMostOfAKind));
          *value = 1;
        }
      }
      each.Finish();
    }
    if (reader.Read("least_part", space_.least_of_largest) &&
        !(space_.least_of_largest >= 0 && space_.least_of_largest <= 1)) {
      reader.Error("least_part", "must be 0 to 1");
    }
    reader.Finish();
  }

  Diagnostics diagnostics_;
  JsonReader reader_;
  Space space_;
};

absl::string_view NameOf(const internal::EmbeddedText& text) {
  return absl::StripSuffix(text.name, ".json");
}

}  // namespace

absl::StatusOr<Space> ParseSpace(absl::string_view text, const std::string& file) {
  ALLOT_ASSIGN_OR_RETURN(const Json document, ParseJson(text), file, ": ");
  if (document.If<Json::Object>() == nullptr) {
    return InputError(file, ": a space is a JSON object, not ", document.KindName());
  }
  return SpaceReader(document, file).Read();
}

std::vector<std::string> BuiltinSpaceNames() {
  std::vector<std::string> names;
  for (size_t i = 0; i < internal::kNumEmbeddedSpaces; ++i) {
    names.emplace_back(NameOf(internal::kEmbeddedSpaces[i]));
  }
  return names;
}

absl::StatusOr<Space> LoadSpace(const std::string& file_or_name) {
  for (size_t i = 0; i < internal::kNumEmbeddedSpaces; ++i) {
    if (file_or_name == NameOf(internal::kEmbeddedSpaces[i])) {
      return ParseSpace(internal::kEmbeddedSpaces[i].text, file_or_name);
    }
  }
  if (file_or_name.find_first_of("./") == std::string::npos) {
    const std::vector<std::string> names = BuiltinSpaceNames();
    return InputError("no built-in space '", file_or_name, "'", DidYouMean(file_or_name, names),
                      " (there are ", absl::StrJoin(names, ", "), "); a file is given as ./",
                      file_or_name);
  }
  ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file_or_name));
  return ParseSpace(text, file_or_name);
}

Json::Object ConfigurationJson(const SizedConfiguration& sized) {
  const Configuration& c = sized.configuration;
  return {{"num_tc", c.tensor_cores},
          {"num_vc", c.vector_cores},
          {"width", c.width},
          {"depth", c.depth},
          {"width_vc", c.vector_width},
          {"glb_mb", c.buffer_mb},
          {"area_um2", sized.area.value()}};
}

}  // namespace allot::hardware
