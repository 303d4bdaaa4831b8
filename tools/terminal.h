// What a program may do on a terminal that it does not in a file: colour, and lines that replace
// each other.
#pragma once

#include <cstdio>
#include <string>

#include "absl/strings/string_view.h"

namespace allot {

enum class ColourWhen { kAuto, kAlways, kNever };

// Of this program; kAuto until somebody says otherwise.
void SetColour(ColourWhen when);

// Whether to write colours to the stream: for kAuto, if it is a terminal other than "dumb" and the
// environment has no NO_COLOR (no-color.org).
bool HasColour(std::FILE* stream);

enum class Tone { kStrong, kFaint, kGood, kWarning, kError };

// `text` in a tone, and what follows it as before; `text` itself without colour.
std::string InTone(Tone tone, absl::string_view text, bool colour);

// A message as it is, but for "error:", "warning:" and "note:", whose first is in its tone.
std::string ColourMessage(absl::string_view message, bool colour);

// What TableReport() has made, with what matters in colour. Without colour, and with its escapes
// left out, it is the same text.
std::string ColourReport(absl::string_view report, bool colour);

// Columns of the terminal that the stream is; 80 if they are unknown.
int TerminalWidth(std::FILE* stream);

}  // namespace allot
