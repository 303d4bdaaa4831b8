#include "target/name_pattern.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "support/status.h"

namespace allot {
namespace {

constexpr size_t kMaxLength = 1000;
constexpr size_t kMaxStates = 20'000;
constexpr int kMaxDepth = 50;
constexpr int kMaxCount = 1000;

using Set = CharacterSet;

struct Tree {
  enum class Kind { kEmpty, kSet, kBegin, kEnd, kSequence, kChoice, kRepeat };
  Kind kind = Kind::kEmpty;
  Set set;
  std::vector<Tree> children;
  int least = 0, most = -1;  // kRepeat; -1: any number
};

Set Range(char first, char last) {
  return Set(static_cast<unsigned char>(first), static_cast<unsigned char>(last));
}

Set Union(std::initializer_list<Set> sets) {
  Set all;
  for (const Set& set : sets) all.Add(set);
  return all;
}

const Set& Digits() {
  static const Set set = Range('0', '9');
  return set;
}
const Set& Letters() {
  static const Set set = Union({Range('a', 'z'), Range('A', 'Z')});
  return set;
}
const Set& Word() {
  static const Set set = Union({Digits(), Letters(), Range('_', '_')});
  return set;
}
const Set& Space() {
  static const Set set = Union({Range('\t', '\r'), Range(' ', ' ')});
  return set;
}

// The classes that are written [:name:], of ASCII alone as \d, \w and \s are.
std::optional<Set> NamedClass(absl::string_view name) {
  if (name == "alnum") return Union({Letters(), Digits()});
  if (name == "alpha") return Letters();
  if (name == "blank") return Union({Range(' ', ' '), Range('\t', '\t')});
  if (name == "cntrl") return Union({Range('\0', '\x1f'), Range('\x7f', '\x7f')});
  if (name == "digit") return Digits();
  if (name == "graph") return Range('!', '~');
  if (name == "lower") return Range('a', 'z');
  if (name == "print") return Range(' ', '~');
  if (name == "punct") {
    return Union({Range('!', '/'), Range(':', '@'), Range('[', '`'), Range('{', '~')});
  }
  if (name == "space") return Space();
  if (name == "upper") return Range('A', 'Z');
  if (name == "xdigit") return Union({Digits(), Range('a', 'f'), Range('A', 'F')});
  return std::nullopt;
}

// Recursive descent; the depth of recursion is the depth of groups.
class TreeParser {
 public:
  explicit TreeParser(absl::string_view text) : text_(text) {}

  absl::StatusOr<Tree> Parse() {
    ALLOT_ASSIGN_OR_RETURN(Tree tree, ParseChoice(0));
    if (i_ < text_.size()) return Wrong("')' without '('");
    return tree;
  }

 private:
  absl::Status Wrong(absl::string_view what) const {
    return InputError("bad pattern '", text_, "': ", what, " at character ", i_ + 1);
  }
  bool Done() const { return i_ == text_.size(); }
  Set TakeOne() {
    absl::string_view rest = text_.substr(i_);
    const Character character = TakeCharacter(rest);
    i_ = text_.size() - rest.size();
    return Set(character, character);
  }
  bool Take(char c) {
    if (Done() || text_[i_] != c) return false;
    ++i_;
    return true;
  }

  absl::StatusOr<Tree> ParseChoice(int depth) {
    if (depth > kMaxDepth) return Wrong("groups nested too deep");
    Tree choice;
    choice.kind = Tree::Kind::kChoice;
    do {
      ALLOT_ASSIGN_OR_RETURN(Tree branch, ParseSequence(depth));
      choice.children.push_back(std::move(branch));
    } while (Take('|'));
    if (choice.children.size() == 1) {
      Tree only = std::move(choice.children[0]);
      return only;
    }
    return choice;
  }

  absl::StatusOr<Tree> ParseSequence(int depth) {
    Tree sequence;
    sequence.kind = Tree::Kind::kSequence;
    while (!Done() && text_[i_] != '|' && text_[i_] != ')') {
      ALLOT_ASSIGN_OR_RETURN(Tree atom, ParseAtom(depth));
      ALLOT_ASSIGN_OR_RETURN(Tree repeated, ParseRepeat(std::move(atom)));
      sequence.children.push_back(std::move(repeated));
    }
    return sequence;
  }

  absl::StatusOr<Tree> ParseAtom(int depth) {
    const char c = text_[i_++];
    Tree atom;
    atom.kind = Tree::Kind::kSet;
    switch (c) {
      case '(': {
        if (Take('?') && !Take(':')) {
          return Wrong(Done() || !absl::StrContains("=!<", text_[i_])
                           ? "of groups only '( )' and '(?: )' are supported"
                           : "look-around is not supported");
        }
        ALLOT_ASSIGN_OR_RETURN(Tree inner, ParseChoice(depth + 1));
        if (!Take(')')) return Wrong("'(' without ')'");
        return inner;
      }
      case '[': {
        ALLOT_ASSIGN_OR_RETURN(atom.set, ParseClass());
        return atom;
      }
      case '.':
        atom.set = Union({Range('\n', '\n'), Range('\r', '\r')}).Complement();
        return atom;
      case '^':
        atom.kind = Tree::Kind::kBegin;
        return atom;
      case '$':
        atom.kind = Tree::Kind::kEnd;
        return atom;
      case '\\': {
        ALLOT_ASSIGN_OR_RETURN(atom.set, ParseEscape());
        return atom;
      }
      case '*':
      case '+':
      case '?':
      case '{':
        --i_;
        return Wrong("nothing to repeat");
      default:
        --i_;
        atom.set = TakeOne();
        return atom;
    }
  }

  absl::StatusOr<Set> ParseEscape() {
    if (Done()) return Wrong("'\\' at the end");
    const char c = text_[i_++];
    switch (c) {
      case 'd':
        return Digits();
      case 'D':
        return Digits().Complement();
      case 'w':
        return Word();
      case 'W':
        return Word().Complement();
      case 's':
        return Space();
      case 'S':
        return Space().Complement();
      case 't':
        return Range('\t', '\t');
      case 'n':
        return Range('\n', '\n');
      case 'r':
        return Range('\r', '\r');
      case 'f':
        return Range('\f', '\f');
      case 'v':
        return Range('\v', '\v');
      case 'x':
        return ParseCode(2);
      case 'u':
        return ParseCode(4);
      default:
        break;
    }
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      --i_;
      return Wrong(absl::StrCat("unknown escape '\\", absl::string_view(&c, 1), "'"));
    }
    --i_;
    return TakeOne();
  }

  // The character whose number follows, in so many hexadecimal digits or, of four, in braces.
  absl::StatusOr<Set> ParseCode(size_t digits) {
    absl::string_view number = text_.substr(i_, digits);
    if (digits == 4 && Take('{')) {
      const size_t end = text_.find('}', i_);
      number = text_.substr(i_, end == text_.npos ? 0 : end - i_);
      digits = number.size();
    }
    uint32_t code = 0;
    const bool read = digits > 0 && number.size() == digits && digits <= 6 &&
                      absl::c_all_of(number, absl::ascii_isxdigit) &&
                      absl::SimpleHexAtoi(number, &code);
    if (!read) return Wrong("a character is written \\x41, \\u0041 or \\u{41}");
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return Wrong("no character");
    const bool braces = text_[i_ - 1] == '{';
    i_ += digits + (braces ? 1 : 0);
    return Set(code, code);
  }

  // Behind '['.
  absl::StatusOr<Set> ParseClass() {
    Set set;
    const bool negated = Take('^');
    while (!Done() && text_[i_] != ']') {
      ALLOT_ASSIGN_OR_RETURN(const Set first, ParseClassMember());
      const bool range = i_ + 1 < text_.size() && text_[i_] == '-' && text_[i_ + 1] != ']';
      if (!range) {
        set.Add(first);
        continue;
      }
      ++i_;
      ALLOT_ASSIGN_OR_RETURN(const Set last, ParseClassMember());
      if (first.Only() < 0 || last.Only() < 0) return Wrong("a range needs two characters");
      if (first.Only() > last.Only()) return Wrong("a range runs backwards");
      set.Add(Set(static_cast<Character>(first.Only()), static_cast<Character>(last.Only())));
    }
    if (!Take(']')) return Wrong("'[' without ']'");
    return negated ? set.Complement() : set;
  }
  absl::StatusOr<Set> ParseClassMember() {
    if (Done()) return Wrong("'[' without ']'");
    if (Take('\\')) return ParseEscape();
    if (text_.substr(i_, 2) == "[:") {
      const size_t end = text_.find(":]", i_ + 2);
      if (end != text_.npos) {
        const std::optional<Set> named = NamedClass(text_.substr(i_ + 2, end - i_ - 2));
        if (!named.has_value()) return Wrong("a class that is not known");
        i_ = end + 2;
        return *named;
      }
    }
    return TakeOne();
  }

  absl::StatusOr<Tree> ParseRepeat(Tree atom) {
    Tree repeat;
    repeat.kind = Tree::Kind::kRepeat;
    if (Take('*')) {
      repeat.least = 0;
    } else if (Take('+')) {
      repeat.least = 1;
    } else if (Take('?')) {
      repeat.most = 1;
    } else if (Take('{')) {
      ALLOT_ASSIGN_OR_RETURN(repeat.least, ParseCount());
      repeat.most = repeat.least;
      if (Take(',')) {
        repeat.most = -1;
        if (!Done() && text_[i_] != '}') {
          ALLOT_ASSIGN_OR_RETURN(repeat.most, ParseCount());
          if (repeat.most < repeat.least) return Wrong("a count runs backwards");
        }
      }
      if (!Take('}')) return Wrong("'{' without '}'");
    } else {
      return atom;
    }
    Take('?');  // lazy: the same set of names
    repeat.children.push_back(std::move(atom));
    if (!Done() && (text_[i_] == '*' || text_[i_] == '+' || text_[i_] == '?' || text_[i_] == '{')) {
      return Wrong("nothing to repeat");
    }
    return repeat;
  }
  absl::StatusOr<int> ParseCount() {
    int count = 0;
    const size_t start = i_;
    while (!Done() && absl::ascii_isdigit(static_cast<unsigned char>(text_[i_]))) {
      count = count * 10 + (text_[i_++] - '0');
      if (count > kMaxCount) return Wrong(absl::StrCat("a count above ", kMaxCount));
    }
    if (i_ == start) return Wrong("a count is missing");
    return count;
  }

  absl::string_view text_;
  size_t i_ = 0;
};

}  // namespace

// Emits a tree as instructions; a fragment falls through to the instruction after it.
class NamePatternCompiler {
 public:
  using Kind = NamePattern::Instruction::Kind;

  absl::StatusOr<NamePattern> Compile(const Tree& tree) {
    Emit(tree);
    Add(Kind::kMatch);
    if (full_) return InputError("the pattern needs more than ", kMaxStates, " states");
    return std::move(pattern_);
  }

 private:
  int32_t Here() const { return static_cast<int32_t>(pattern_.program_.size()); }
  int32_t Add(Kind kind, int32_t set = -1) {
    if (pattern_.program_.size() >= kMaxStates) {
      full_ = true;
      return 0;
    }
    const int32_t at = Here();
    pattern_.program_.push_back({kind, set, at + 1, -1});
    return at;
  }
  NamePattern::Instruction& At(int32_t i) { return pattern_.program_[static_cast<size_t>(i)]; }

  void Emit(const Tree& tree) {
    if (full_) return;
    switch (tree.kind) {
      case Tree::Kind::kEmpty:
        return;
      case Tree::Kind::kSet:
        pattern_.sets_.push_back(tree.set);
        Add(Kind::kSet, static_cast<int32_t>(pattern_.sets_.size()) - 1);
        return;
      case Tree::Kind::kBegin:
        Add(Kind::kBegin);
        return;
      case Tree::Kind::kEnd:
        Add(Kind::kEnd);
        return;
      case Tree::Kind::kSequence:
        for (const Tree& child : tree.children) Emit(child);
        return;
      case Tree::Kind::kChoice: {
        std::vector<int32_t> jumps;
        for (size_t i = 0; i + 1 < tree.children.size(); ++i) {
          const int32_t split = Add(Kind::kSplit);
          Emit(tree.children[i]);
          jumps.push_back(Add(Kind::kJump));
          At(split).also = Here();
        }
        Emit(tree.children.back());
        for (int32_t jump : jumps) At(jump).next = Here();
        return;
      }
      case Tree::Kind::kRepeat:
        EmitRepeat(tree);
        return;
    }
  }

  void EmitRepeat(const Tree& tree) {
    const Tree& child = tree.children[0];
    for (int i = 0; i < tree.least && !full_; ++i) {
      const int32_t before = Here();
      Emit(child);
      if (Here() == before) break;  // empty, however often
    }
    if (tree.most < 0) {
      const int32_t split = Add(Kind::kSplit);
      Emit(child);
      const int32_t jump = Add(Kind::kJump);
      At(jump).next = split;
      At(split).also = Here();
      return;
    }
    std::vector<int32_t> splits;
    for (int i = tree.least; i < tree.most && !full_; ++i) {
      splits.push_back(Add(Kind::kSplit));
      Emit(child);
    }
    for (int32_t split : splits) At(split).also = Here();
  }

  NamePattern pattern_;
  bool full_ = false;
};

absl::StatusOr<NamePattern> NamePattern::Parse(absl::string_view pattern) {
  if (pattern.size() > kMaxLength) {
    return InputError("the pattern has ", pattern.size(), " characters, more than ", kMaxLength);
  }
  ALLOT_ASSIGN_OR_RETURN(const Tree tree, TreeParser(pattern).Parse());
  return NamePatternCompiler().Compile(tree);
}

bool NamePattern::Matches(absl::string_view name) const { return Run(name, false); }

bool NamePattern::OccursIn(absl::string_view text) const { return Run(text, true); }

bool NamePattern::Run(absl::string_view name, bool anywhere) const {
  absl::string_view rest = name;
  std::vector<int32_t> states, next, stack;
  // The position at which a state was last entered, so that each is entered once per position.
  std::vector<size_t> entered(program_.size(), static_cast<size_t>(-1));
  const auto enter = [&](int32_t state, size_t position, std::vector<int32_t>& into) {
    stack.push_back(state);
    while (!stack.empty()) {
      const int32_t at = stack.back();
      stack.pop_back();
      if (entered[static_cast<size_t>(at)] == position) continue;
      entered[static_cast<size_t>(at)] = position;
      const Instruction& instruction = program_[static_cast<size_t>(at)];
      switch (instruction.kind) {
        case Instruction::Kind::kSplit:
          stack.push_back(instruction.also);
          stack.push_back(instruction.next);
          break;
        case Instruction::Kind::kJump:
          stack.push_back(instruction.next);
          break;
        case Instruction::Kind::kBegin:
          if (position == 0) stack.push_back(instruction.next);
          break;
        case Instruction::Kind::kEnd:
          if (rest.empty()) stack.push_back(instruction.next);
          break;
        case Instruction::Kind::kSet:
        case Instruction::Kind::kMatch:
          into.push_back(at);
          break;
      }
    }
  };
  const auto matched = [&] {
    return std::any_of(states.begin(), states.end(), [this](int32_t state) {
      return program_[static_cast<size_t>(state)].kind == Instruction::Kind::kMatch;
    });
  };
  enter(0, 0, states);
  for (size_t position = 1; !rest.empty() && (anywhere || !states.empty()); ++position) {
    if (anywhere && matched()) return true;
    next.clear();
    const Character character = TakeCharacter(rest);
    for (int32_t state : states) {
      const Instruction& instruction = program_[static_cast<size_t>(state)];
      if (instruction.kind != Instruction::Kind::kSet) continue;
      if (sets_[static_cast<size_t>(instruction.set)].Contains(character)) {
        enter(instruction.next, position, next);
      }
    }
    if (anywhere) enter(0, position, next);
    states.swap(next);
  }
  return matched();
}

}  // namespace allot
