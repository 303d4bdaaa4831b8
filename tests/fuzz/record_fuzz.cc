// What an output folder says of its files: names stay inside it, and it prints as it was read.

#include "lowering/folder_record.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace allot;
  const FolderRecord record = ParseFolderRecord(fuzz::Text(data, size));
  for (const auto& [name, file] : record) ALLOT_FUZZ_CHECK(StaysInside(name));
  ALLOT_FUZZ_CHECK(ParseFolderRecord(PrintFolderRecord(record)) == record);
  return 0;
}
