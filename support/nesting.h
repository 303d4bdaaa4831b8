// How deep in braces, and whether in quotes, a reader of options stands. Braces within quotes are
// text, and so are quotes within quotes of the other kind.
#pragma once

namespace allot {

class Nesting {
 public:
  // Takes the next character.
  void Read(char c) {
    if (quote_ != 0) {
      if (c == quote_) quote_ = 0;
    } else if (c == '"' || c == '\'') {
      quote_ = c;
    } else if (c == '{') {
      ++depth_;
    } else if (c == '}') {
      --depth_;
    }
  }

  int depth() const { return depth_; }  // negative: a brace closes that none has opened
  bool quoted() const { return quote_ != 0; }
  bool outside() const { return depth_ == 0 && quote_ == 0; }

 private:
  int depth_ = 0;
  char quote_ = 0;
};

}  // namespace allot
