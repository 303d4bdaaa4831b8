// A file compiled into the program; see cmake/embed_texts.cmake.
#pragma once

#include <cstddef>

namespace allot::internal {

struct EmbeddedText {
  const char* name;  // the file's, without folders
  const char* text;
};

}  // namespace allot::internal
