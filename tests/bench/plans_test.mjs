// bench/plans.sh from outside, with the programs in the folder $ALLOT_BUILD: its table, its figures as CSV, its summary.
import assert from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const plans = (...args) => spawnSync(join(root, 'bench/plans.sh'), [join(root, 'examples/plugins'), `--build=${process.env.ALLOT_BUILD}`, ...args], { encoding: 'utf8' });

test('a table, a summary and a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'allot-plans-test-'));
  try {
    const csv = join(folder, 'plans.csv');
    const run = plans('--models=^mlp', '--targets=cpu-gpu,soc-npu', '--seeds=2', '--works=1000,2000', `--csv=${csv}`);
    assert.strictEqual(run.status, 0, run.stderr);
    assert.strictEqual(run.stdout.split('\n\n')[0].split('\n').filter((line) => line.startsWith('| mlp |')).length, 4);
    assert.match(run.stdout, /^4 plans; worse by more than 1 % than$/m);
    assert.match(run.stdout, /^\| all \| throughput \| 2 \| /m);
    assert.match(run.stderr, /^4\/4 mlp /m);
    const [header, ...rows] = readFileSync(csv, 'utf8').trim().split('\n').map((line) => line.split(','));
    assert.strictEqual(rows.length, 4);
    for (const cells of rows) {
      const row = Object.fromEntries(header.map((key, i) => [key, cells[i]]));
      // The planner tries each device alone; both have to see the same there.
      assert.ok(Number(row.value_us) <= Number(row.single_us) && Number(row.bound_us) <= Number(row.value_us), cells.join());
      assert.ok(Number(row.best_seed_us) <= Number(row.value_us));
      assert.ok(row.work_2000_us !== '' && Number(row.more_work_worse) >= 0);
      assert.strictEqual(row.copies_us === '', row.objective === 'latency');
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what is wrong is said', () => {
  const unknown = plans('--seed=2');
  assert.strictEqual(unknown.status, 1);
  assert.match(unknown.stderr, /^error: there is no flag '--seed=2'; there are .*--seeds=/);
  assert.match(plans('--models=^mlp', '--targets=no-target').stderr, /^error: 2 of 2 were not planned$/m);
  assert.match(plans('--models=nothing').stderr, /^error: .*: no model matches/);
});
