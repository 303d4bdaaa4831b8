// Fields of a plan's attributes: dictionaries, lists and names, with errors that say where.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "ir/plan.h"
#include "ir/text/plan_attributes.h"
#include "ir/text/syntax.h"

namespace allot::ir::text {

class PlanFields {
 public:
  // The arguments must outlive it. `target`: whose devices are named, nullptr if there is none.
  PlanFields(const Target* target, const MakeError& error) : target_(target), error_(error) {}

  // Each returns an error that names the field and its place. What Wrong() says: "'name' must be
  // expected".
  absl::Status Wrong(const Attr& attr, absl::string_view name, absl::string_view expected) const;
  absl::Status ReadDevice(const Attr& attr, absl::string_view name, DeviceId& device) const;
  absl::Status ReadInteger(const Dictionary& in, const Attr& whole, absl::string_view name,
                           int64_t& value) const;
  absl::Status ReadString(const Dictionary& in, absl::string_view name, std::string& value) const;
  absl::Status ReadDeviceOf(const Dictionary& in, const Attr& whole, absl::string_view name,
                            DeviceId& device) const;
  absl::Status ReadInterval(const Dictionary& in, const Attr& whole, Interval& time) const;
  // The elements of a list of dictionaries, each with only the given names. Absent is empty.
  absl::StatusOr<std::vector<const Attr*>> Entries(const Attr* attr, absl::string_view name,
                                                   std::vector<absl::string_view> known) const;
  absl::Status OnlyNames(const Dictionary& in, absl::string_view of,
                         const std::vector<absl::string_view>& known) const;

 protected:
  const Target* target_;
  const MakeError& error_;
};

}  // namespace allot::ir::text
