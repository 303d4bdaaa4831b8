#!/usr/bin/env bash
# Colour and progress: on a terminal, and nowhere else. Arguments: allot, make-e2e-models, a scratch folder.
set -uo pipefail
allot=$1
rm -rf "$3"
mkdir -p "$3/models"
"$2" "$3/models" || exit 1
cd "$3" || exit 1
model=models/branches.onnx
escape=$'\033' passed=0 failed=0
unset NO_COLOR
export TERM=xterm

# has|lacks WHAT PATTERN TEXT
has() { if grep -qE "$2" <<<"$3"; then passed=$((passed + 1)); else failed=$((failed + 1)); printf 'FAILED %s: no %q in\n%s\n' "$1" "$2" "$3"; fi; }
lacks() { if grep -qE "$2" <<<"$3"; then failed=$((failed + 1)); printf 'FAILED %s: %q in\n%s\n' "$1" "$2" "$3"; else passed=$((passed + 1)); fi; }
on_terminal() { script -qec "$1" /dev/null </dev/null; }

plain=$("$allot" $model --target=cpu-2gpu 2>/dev/null)
lacks "a pipe" "$escape" "$plain"
has "a pipe" "^value  " "$plain"
always=$("$allot" $model --target=cpu-2gpu --color=always 2>/dev/null)
has "--color=always" "^value +$escape\[1m[0-9.]+ ms$escape\[0m$" "$always"
same=$(sed "s/$escape\[[0-9;]*m//g" <<<"$always")
if [ "$same" = "$plain" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: colour changes the text"; fi

has "a terminal" "$escape\[1m" "$(on_terminal "'$allot' $model --target=cpu-2gpu")"
has "a terminal's progress" "(read model|\[[0-9]+/[0-9]+\] ).*  [0-9.]+ s" "$(on_terminal "'$allot' $model --target=cpu-2gpu")"
has "an error on a terminal" "$escape\[1;31merror:$escape\[0m nowhere" "$(on_terminal "'$allot' nowhere.onnx")"
lacks "NO_COLOR" "$escape\[[0-9;]*m" "$(NO_COLOR=1 on_terminal "'$allot' $model --target=cpu-2gpu")"
has "an empty NO_COLOR" "$escape\[1m" "$(NO_COLOR='' on_terminal "'$allot' $model --target=cpu-2gpu")"
lacks "a dumb terminal" "$escape\[[0-9;]*m" "$(TERM=dumb on_terminal "'$allot' $model --target=cpu-2gpu")"
lacks "--color=never" "$escape\[[0-9;]*m" "$(on_terminal "'$allot' $model --target=cpu-2gpu --color=never")"
has "--color=always over NO_COLOR" "$escape\[1m" "$(NO_COLOR=1 "$allot" $model --target=cpu-2gpu --color=always 2>/dev/null)"
lacks "--quiet on a terminal" "." "$(on_terminal "'$allot' $model --target=cpu-2gpu --quiet")"
lacks "an error in a pipe" "$escape" "$("$allot" nowhere.onnx 2>&1)"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
