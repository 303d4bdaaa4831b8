#include "ir/text/plan_fields.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"

#include "support/status.h"

namespace allot::ir::text {

absl::Status PlanFields::Wrong(const Attr& attr, absl::string_view name,
                               absl::string_view expected) const {
  return error_(attr.offset, absl::StrCat("'", name, "' must be ", expected));
}

absl::Status PlanFields::ReadDevice(const Attr& attr, absl::string_view name,
                                    DeviceId& device) const {
  const auto* text = attr.If<std::string>();
  if (text == nullptr) return Wrong(attr, name, "the name of a device");
  if (target_ == nullptr) {
    return error_(attr.offset, absl::StrCat("the text places nodes on '", *text,
                                            "', which needs a target; name one"));
  }
  const std::optional<DeviceId> found = target_->FindDevice(*text);
  if (!found.has_value()) {
    return error_(attr.offset,
                  absl::StrCat("target '", target_->name, "' has no device '", *text, "'"));
  }
  device = *found;
  return absl::OkStatus();
}

absl::Status PlanFields::ReadInteger(const Dictionary& in, const Attr& whole,
                                     absl::string_view name, int64_t& value) const {
  const Attr* attr = Find(in, name);
  if (attr == nullptr) return error_(whole.offset, absl::StrCat("'", name, "' is missing"));
  const auto* integer = attr->If<Integer>();
  if (integer == nullptr) return Wrong(*attr, name, "an integer");
  value = integer->value;
  return absl::OkStatus();
}

absl::Status PlanFields::ReadString(const Dictionary& in, absl::string_view name,
                                    std::string& value) const {
  const Attr* attr = Find(in, name);
  if (attr == nullptr) return absl::OkStatus();
  const auto* text = attr->If<std::string>();
  if (text == nullptr) return Wrong(*attr, name, "a string");
  value = *text;
  return absl::OkStatus();
}

absl::Status PlanFields::ReadDeviceOf(const Dictionary& in, const Attr& whole,
                                      absl::string_view name, DeviceId& device) const {
  const Attr* attr = Find(in, name);
  if (attr == nullptr) return error_(whole.offset, absl::StrCat("'", name, "' is missing"));
  return ReadDevice(*attr, name, device);
}

absl::Status PlanFields::ReadInterval(const Dictionary& in, const Attr& whole,
                                      Interval& time) const {
  ALLOT_RETURN_IF_ERROR(ReadInteger(in, whole, "start_ps", time.start));
  return ReadInteger(in, whole, "end_ps", time.end);
}

absl::StatusOr<std::vector<const Attr*>> PlanFields::Entries(
    const Attr* attr, absl::string_view name, std::vector<absl::string_view> known) const {
  std::vector<const Attr*> entries;
  if (attr == nullptr) return entries;
  const auto* list = attr->If<Array>();
  if (list == nullptr) return Wrong(*attr, name, "a list");
  for (const Attr& entry : *list) {
    if (entry.If<Dictionary>() == nullptr) return Wrong(entry, name, "a list of dictionaries");
    ALLOT_RETURN_IF_ERROR(OnlyNames(*entry.If<Dictionary>(), name, known));
    entries.push_back(&entry);
  }
  return entries;
}

absl::Status PlanFields::OnlyNames(const Dictionary& in, absl::string_view of,
                                   const std::vector<absl::string_view>& known) const {
  for (const NamedAttr& entry : in) {
    if (std::find(known.begin(), known.end(), entry.name) == known.end()) {
      return error_(entry.value.offset, absl::StrCat("'", of, "' has no '", entry.name, "'"));
    }
  }
  return absl::OkStatus();
}

}  // namespace allot::ir::text
