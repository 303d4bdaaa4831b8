// A file of an emitter that is text as it stands.
#pragma once

#include <string>
#include <utility>

#include "lowering/emitter.h"

namespace allot {

inline OutputFile TextFile(std::string name, std::string text) {
  OutputFile file;
  file.name = std::move(name);
  file.chunks.emplace_back();
  file.chunks[0].bytes = std::move(text);
  return file;
}

}  // namespace allot
