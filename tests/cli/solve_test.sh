#!/usr/bin/env bash
# allot-solve from outside: every format, results that check, the same bytes on any number of threads, one clear error.
# Arguments: allot-solve, the source folder, a scratch folder.
set -uo pipefail
solve=$1 source=$2 scratch=$3
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch" || exit 1
passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED $*"; }
masked() { sed -E 's/"wall_s": [-+.0-9e]+/"wall_s": 0/' "$1"; }

# Every question that the small instances can be asked.
ours=$source/examples/problems/pipeline.problem.json
dnn=$source/tests/problems/dnn_partitioning.json
moirai=$source/tests/problems/moirai.json
questions=(
  "$ours" "$ours --objective=throughput" "$ours --comm=blocking" "$ours --comm=delay --contiguous"
  "$dnn" "$dnn --contiguous" "$dnn --objective=latency" "$dnn --objective=latency --calls=2 --format=dnn-partitioning"
  "$moirai" "$moirai --comm=link" "$moirai --objective=throughput --comm=blocking --format=moirai"
)
for question in "${questions[@]}"; do
  # shellcheck disable=SC2086
  if "$solve" $question --work-limit=200000 --json -o one.json >printed.json && cmp -s one.json printed.json; then ok; else bad "solve $question"; fi
  # shellcheck disable=SC2086
  "$solve" $question --work-limit=200000 --threads=2 -o two.json >table.txt || bad "threads $question"
  if cmp -s <(masked one.json) <(masked two.json); then ok; else bad "not the same on two threads: $question"; fi
  if grep -q '^best single device' table.txt; then ok; else bad "no table: $question"; fi
  # shellcheck disable=SC2086
  if "$solve" $question --verify one.json >verdict.txt && grep -q '^OK: ' verdict.txt; then ok; else bad "verify $question"; fi
  # Our own format says the same: what it is asked is in it.
  # shellcheck disable=SC2086
  "$solve" $question --print-problem >ours.problem.json || bad "print $question"
  "$solve" ours.problem.json --work-limit=200000 -o three.json >/dev/null || bad "solve as printed $question"
  if cmp -s <(masked one.json) <(masked three.json); then ok; else bad "not the same in our format: $question"; fi
  # Another value, and another time, are wrong.
  sed -E 's/"objective": ([0-9]+)/"objective": 9\1/' one.json >wrong.json
  # shellcheck disable=SC2086
  if "$solve" $question --verify wrong.json 2>stderr; then bad "verified a wrong value: $question"; else ok; fi
  if [ "$(grep -c '^error: wrong.json: wrong: ' stderr)" -eq 1 ]; then ok; else bad "verdict: $(cat stderr)"; fi
  sed -E '0,/"end_ms": /s/"end_ms": /"end_ms": 9/' one.json >wrong.json
  # shellcheck disable=SC2086
  if "$solve" $question --verify wrong.json 2>stderr; then bad "verified a wrong time: $question"; else ok; fi
done

# A limit of time keeps the best of all its searches.
if "$solve" "$dnn" --time-limit=0.5 --progress -o timed.json >/dev/null 2>progress.txt && "$solve" "$dnn" --verify timed.json >/dev/null; then ok; else bad "time limit"; fi
if grep -qE '^ *[0-9.]+ s  value [0-9.]+ ms  bound [0-9.]+ ms(  gap [0-9.]+ %)?$' progress.txt; then ok; else bad "progress: $(cat progress.txt)"; fi
# Placements that take turns: the same on any number of threads, held to their period by the verifier, and nothing else changes.
for question in "$dnn" "$ours --objective=throughput" "$source/examples/problems/encoder.batch8.problem.json"; do
  # shellcheck disable=SC2086
  "$solve" $question --work-limit=200000 -o alone.json >/dev/null || bad "solve $question"
  # shellcheck disable=SC2086
  if "$solve" $question --work-limit=200000 --replicate -o turns.json >table.txt && grep -q '^with replicas' table.txt; then ok; else bad "replicate $question"; fi
  # shellcheck disable=SC2086
  "$solve" $question --work-limit=200000 --replicate=64 --threads=2 -o two.json >/dev/null || bad "threads with replicas $question"
  if cmp -s <(masked turns.json) <(masked two.json); then ok; else bad "replicas are not the same on two threads: $question"; fi
  if cmp -s <(masked alone.json | head -n -2) <(masked turns.json | head -n "$(($(wc -l <alone.json) - 2))"); then ok; else bad "replicas change the rest: $question"; fi
  # shellcheck disable=SC2086
  if "$solve" $question --verify turns.json | grep -q '^OK: with replicas [0-9.]* ms$'; then ok; else bad "verify replicas: $question"; fi
  sed -E 's/"period": ([0-9]+)/"period": 9\1/' turns.json >wrong.json
  # shellcheck disable=SC2086
  if "$solve" $question --verify wrong.json 2>stderr; then bad "verified a wrong period: $question"; else ok; fi
  if grep -q '^error: wrong.json: wrong: replication: the period is ' stderr; then ok; else bad "verdict: $(cat stderr)"; fi
done

# Batches: what is chosen is a solution of its own problem, in time.
batches=()
for size in 1 8 32; do batches+=("--batch=$size:$source/examples/problems/encoder.batch$size.problem.json"); done
if "$solve" "${batches[@]}" --latency-limit=20ms -o batch.json >table.txt && grep -qE '^8 .* chosen$' table.txt && grep -qE '^32 .* too slow, proved$' table.txt; then ok; else bad "batches: $(cat table.txt)"; fi
if "$solve" "$source/examples/problems/encoder.batch8.problem.json" --verify batch.json >/dev/null; then ok; else bad "verify the chosen batch"; fi
if "$solve" "${batches[@]}" -o batch.json | grep -qE '^32 .* chosen$' && grep -q '"latency_limit": null' batch.json; then ok; else bad "batches without a limit"; fi
"$solve" "${batches[@]}" --latency-limit=100us --json >none.json
if [ $? -eq 1 ] && grep -q '"status": "infeasible"' none.json && [ "$(grep -c '"proved_too_slow": true' none.json)" -eq 3 ]; then ok; else bad "no batch is in time"; fi

echo '[0, 1, 1, 1, 1]' >heavy.json
echo '[0, 1]' >short.json
# What docs/solve.md shows is what comes out: every example that is soon solved, wall times aside.
timeless() { sed -E 's/[0-9.]+ s$/0 s/' <<<"$1"; }
shown=0
while IFS= read -r line; do
  [[ $line == '    $ build/allot-solve '* ]] || continue
  command=${line#'    $ build/allot-solve '}
  while [[ $command == *\\ ]]; do IFS= read -r line; command="${command%\\}${line#    }"; done
  [[ $command == *--solver=brute-force* || $command == *.layer-flow.json* || $command == *.stages.json* || $command == *.strategies.json* || $command == *.chips.json* || $command == */training.problem.json* ]] || continue
  expected=
  while IFS= read -r line && { [ -z "$line" ] || [[ $line == '    '* ]]; }; do expected+=${line#'    '}$'\n'; done
  # shellcheck disable=SC2086
  actual=$(cd "$source" && "$solve" $command </dev/null)
  expected=$(printf %s "$expected")
  if [ "$(timeless "$actual")" = "$(timeless "$expected")" ]; then ok; else bad "docs/solve.md shows another result of: $command"; diff <(echo "$actual") <(echo "$expected"); fi
  shown=$((shown + 1))
done <"$source/docs/solve.md"
if [ $shown -ge 4 ]; then ok; else bad "docs/solve.md shows $shown examples"; fi

# Strategies: the same bytes on any number of threads, published or with a schema, compressed or not; what is printed is judged.
strategies=$source/examples/problems/blocks.strategies.json
"$solve" "$strategies" --json -o s1.json >/dev/null
sed '/"schema"/d' "$strategies" | gzip >published.json.gz
"$solve" published.json.gz --threads=2 --json -o s2.json >/dev/null
if grep -q '"proved_optimal": true' s1.json && cmp -s <(masked s1.json) <(masked s2.json); then ok; else bad "strategies on two threads"; fi
if [ "$("$solve" "$strategies" --judge=s2.json)" = "objective           49" ]; then ok; else bad "strategies judged"; fi
if "$solve" "$strategies" --verify s1.json | grep -q '^OK: objective 49 cost$'; then ok; else bad "strategies verified"; fi

# What a problem file cannot say has no answer, and that is said.
echo '{"schema": "allot.problem/1", "devices": [{"name": "a", "memory": 1}], "items": [{"time": [1], "memory": 2}]}' >full.json
"$solve" full.json --json --solver=brute-force >infeasible.json && grep -q '"status": "infeasible"' infeasible.json && ok || bad "infeasible"
"$solve" full.json --json --solver=single-device >none.json
if [ $? -eq 1 ] && grep -q '"status": "no_solution_found"' none.json; then ok; else bad "no solution found"; fi
"$solve" --list-solvers | grep '^auto$' >/dev/null && ok || bad "list"
"$solve" --help | grep -- '--work-limit=N' >/dev/null && ok || bad "help"

# refuses WHAT PATTERN ARGUMENTS...: one error that matches, status 1, nothing left behind.
mkdir work && cd work || exit 1
refuses() {
  local what=$1 pattern=$2; shift 2
  local status why=
  "$solve" "$@" -o out.json >../stdout 2>../stderr </dev/null
  status=$?
  [ $status -eq 1 ] || why="exit status $status"
  [ "$(grep -c '^error: ' ../stderr)" -ge 1 ] && [ "$(grep -vc '^error: ' ../stderr)" -eq 0 ] || why="${why:+$why, }not errors alone: $(cat ../stderr)"
  grep -qE -- "$pattern" ../stderr || why="${why:+$why, }no match for '$pattern': $(cat ../stderr)"
  [ -z "$(ls -A)" ] || why="${why:+$why, }left behind: $(ls -A)"
  if [ -z "$why" ]; then ok; else bad "$what: $why"; fi
  rm -rf out.json
}
refuses "no arguments" "no problem given"
refuses "two problems" "more than one problem" "$dnn" "$moirai"
refuses "no such file" "nothing.json: cannot be read" nothing.json
refuses "a folder" "is a folder" ..
refuses "an empty file" "<stdin>: line 1, column 1" -
refuses "unknown flag" "did you mean '--contiguous'" "$dnn" --contigous
refuses "unknown objective" "expected latency or throughput, not 'speed'" "$dnn" --objective=speed
refuses "unknown communication" "expected delay or link or blocking" "$dnn" --comm=wireless
refuses "unknown format" "did you mean 'moirai'" "$dnn" --format=moira
refuses "another format" "key 'schema' is missing" "$dnn" --format=allot
refuses "calls for a stream" "no calls for throughput" "$dnn" --calls=2
refuses "no threads" "expected 1 to 256" "$dnn" --threads=0
refuses "no work" "expected 1 or more" "$dnn" --work-limit=0
refuses "negative time" "non-negative" "$dnn" --time-limit=-1
refuses "unknown solver" "no solver 'hefd', did you mean 'heft'\\?; --list-solvers" "$dnn" --solver=hefd
refuses "unknown option" "brute-force: .*colour" "$dnn" --solver='brute-force{colour=red}'
refuses "open braces" "expected NAME\\{option=value" "$dnn" --solver='auto{'
refuses "a solver that cannot" "heft: is for problems of the kind items, not calls" "$dnn" --objective=latency --solver=heft
refuses "no such solution" "nothing.json: cannot be read" "$dnn" --verify nothing.json
refuses "a problem as its solution" "key 'placement' is missing" "$dnn" --verify "$dnn"
refuses "a result without solution" "there is no solution" "$dnn" --verify ../none.json
refuses "a solution of another problem" "there is no item" "$dnn" --verify ../one.json
refuses "a plan that uses too much" "wrong: at time 10 the nodes that live use 92, more than usage_limit" "$source/examples/problems/blocks.strategies.json" --judge=../heavy.json
refuses "strategies of others" "has 2 strategies for 5 nodes" "$source/examples/problems/blocks.strategies.json" --judge=../short.json
refuses "a solver of placements" "there is no solver 'heft'" "$source/examples/problems/blocks.strategies.json" --solver=heft
refuses "replicas for latency" "--replicate: replicas take turns in a stream: the objective must be throughput" "$ours" --replicate
refuses "replicas in calls" "--replicate: .*throughput" "$dnn" --objective=latency --replicate
refuses "contiguous replicas" "--replicate: replicas are not contiguous" "$dnn" --contiguous --replicate
refuses "too many turns" "--replicate: expected 1 to 64, not '65'" "$dnn" --replicate=65
refuses "a batch without a size" "--batch=p.json: expected SIZE:PROBLEM.json" --batch=p.json
refuses "a batch of nothing" "--batch=0:p.json: expected SIZE:PROBLEM.json" --batch=0:p.json
refuses "no such batch" "nothing.json: cannot be read" --batch=1:nothing.json
refuses "one size twice" "a batch of 1 is given twice" --batch=1:"$dnn" --batch=1:"$moirai"
refuses "a problem beside batches" "both a problem and batches given; write --batch=1:" "$dnn" --batch=4:"$dnn"
refuses "batches for latency" "--objective=latency is for one problem" --batch=1:"$dnn" --objective=latency
refuses "batches with replicas" "--replicate is for one problem" --batch=1:"$dnn" --replicate
refuses "batches against a clock" "--time-limit is for one problem" --batch=1:"$dnn" --time-limit=1
refuses "a limit of no batch" "--latency-limit is for batches" "$dnn" --latency-limit=5ms
refuses "a limit without a unit" "--latency-limit: .*5" --batch=1:"$dnn" --latency-limit=5
cd ..
"$solve" "$dnn" -o nowhere/out.json >/dev/null 2>stderr
if [ $? -eq 1 ] && grep -q '^error: nowhere/out.json: cannot be written' stderr; then ok; else bad "output folder: $(cat stderr)"; fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
