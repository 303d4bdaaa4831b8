// bench/micro.sh from outside, on programs that pretend to measure: what is slower is said, what is noise is not.
import assert from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const micro = (...args) => spawnSync(join(root, 'bench/micro.sh'), args, { encoding: 'utf8' });

// A build whose program says the given times of each benchmark one after the other, and again from the first; {name: [times in us]}.
// It notes in `log` what it is run for.
function pretend(folder, title, times) {
  const build = join(folder, title);
  mkdirSync(build);
  const cases = Object.entries(times).map(([name, list]) => `  '^${name}$') name=${name}; set -- ${list.join(' ')} ;;`).join('\n');
  writeFileSync(join(build, 'micro-benchmarks'), `#!/bin/bash
for flag; do
  [ "$flag" = --benchmark_list_tests=true ] && list=yes
  case "$flag" in --benchmark_filter=*) filter=\${flag#*=} ;; esac
done
if [ -n "$list" ]; then
  printf '%s\\n' ${Object.keys(times).map((name) => `'${name}'`).join(' ')} | grep -E "$filter"
  exit 0
fi
case "$filter" in
${cases}
  *) echo "filter $filter" >&2; exit 1 ;;
esac
echo "${title} $name" >> '${folder}/log'
turn=$(grep -cx "${title} $name" '${folder}/log')
shift $(((turn - 1) % $#))
cat <<END
{"benchmarks": [{"name": "$name", "run_type": "iteration", "cpu_time": $1, "time_unit": "us"},
                {"name": "$name", "run_type": "aggregate", "cpu_time": 1e9, "time_unit": "us"}]}
END
`, { mode: 0o755 });
  return build;
}

function inScratch(body) {
  const scratch = mkdtempSync(join(tmpdir(), 'allot-micro-test-'));
  try {
    body(scratch);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

test('as fast, and noise', () => inScratch((scratch) => {
  const old = pretend(scratch, 'old', { 'Fast/100': [10], 'Noisy/100': [100, 130, 100], 'Gone/1': [1] });
  const now = pretend(scratch, 'new', { 'Fast/100': [10.9], 'Noisy/100': [130, 100, 150], 'Added/1': [1] });
  const run = micro(old, now, '--pairs=3');
  assert.strictEqual(run.status, 0, run.stdout + run.stderr);
  assert.match(run.stdout, /^only in OLD: Gone\/1\nonly in NEW: Added\/1\nname +OLD +NEW  ratio  noise$/m);
  assert.match(run.stdout, /^Fast\/100 +10 us +10\.9 us  1\.090  0\.000$/m);
  assert.match(run.stdout, /^Noisy\/100 +100 us +130 us  1\.300  0\.\d+$/m);  // ratios 1.3, 0.77, 1.5
  assert.match(run.stdout, /^2 benchmarks, 0 slower than 1\.10 times beyond their noise$/m);
  // In turn, old before new.
  assert.deepStrictEqual(readFileSync(join(scratch, 'log'), 'utf8').split('\n').slice(0, 4), ['old Fast/100', 'new Fast/100', 'old Fast/100', 'new Fast/100']);
}));

test('slower beyond the limit', () => inScratch((scratch) => {
  const old = pretend(scratch, 'old', { 'Slow/100': [10, 10.1, 9.9], 'Same/100': [5], 'Once/100': [10] });
  // Slower at first, not when it is run again.
  const now = pretend(scratch, 'new', { 'Slow/100': [12, 12.1, 11.9], 'Same/100': [5], 'Once/100': [12, 12, 12, 10, 10, 10] });
  const run = micro(old, now, '--pairs=3');
  assert.strictEqual(run.status, 1, run.stdout + run.stderr);
  assert.match(run.stdout, /^Slow\/100 +10 us +12 us  1\.200  0\.\d+  slower$/m);
  assert.match(run.stdout, /^Same\/100 +5 us +5 us  1\.000  0\.000$/m);
  assert.match(run.stdout, /^Once\/100 +10 us +11 us  1\.100  0\.100$/m);
  assert.match(run.stdout, /^3 benchmarks, 1 slower /m);
  assert.strictEqual(micro(old, now, '--pairs=3', '--limit=1.3').status, 0);
  assert.strictEqual(micro(old, now, '--pairs=3', '--filter=^S.me').status, 0);
}));

test('what is wrong is said', () => inScratch((scratch) => {
  const old = pretend(scratch, 'old', { 'Fast/100': [10] });
  assert.match(micro(old).stderr, /^error: usage: bench\/micro\.sh OLD NEW/);
  assert.match(micro(old, scratch).stderr, /has no micro-benchmarks; configure it with -DALLOT_BENCH=ON and build it first$/m);
  assert.match(micro(old, old, '--filter=nothing').stderr, /^error: no benchmark that both builds have matches 'nothing'$/m);
  assert.match(micro(old, old, '--pairs=two').stderr, /^error: .*; usage: /);
  assert.match(micro(old, old, '--pairs=2').stderr, /^error: at least three pairs/);
  assert.match(micro(old, old, '--seed=1').stderr, /^error: --seed=1: no such flag/);
}));
