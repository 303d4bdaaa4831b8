// Command lines of the runner's programs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { helpText, parseArguments, parseDims } from '../../runner/lib/arguments.mjs';
import { UserError } from '../../runner/lib/errors.mjs';

const FLAGS = {
  check: { kind: 'flag', help: 'compares' },
  trace: { kind: 'text', value: 'FILE', help: 'writes' },
  samples: { kind: 'integer', value: 'N', initial: 50, help: 'how many' },
  warmup: { kind: 'integer', value: 'N', least: 0, help: 'before them' },
  tolerance: { kind: 'number', value: 'X', help: 'how much' },
  mode: { kind: 'choice', choices: ['latency', 'pipeline'], help: 'which' },
  dim: { kind: 'list', value: 'NAME=SIZE', help: 'sizes' },
  'in-flight': { kind: 'integer', help: 'at once' },
};
const parse = (...argv) => parseArguments(argv, FLAGS);
const refuses = (argv, message) => assert.throws(() => parse(...argv), (error) => {
  assert.ok(error instanceof UserError);
  assert.equal(error.message, message);
  return true;
});

test('defaults', () => {
  assert.deepEqual(parse(), {
    positional: [], help: false, check: false, trace: undefined, samples: 50, warmup: undefined, tolerance: undefined, mode: undefined, dim: [], 'in-flight': undefined,
  });
});

test('every kind, in either spelling', () => {
  const flags = parse('m.json', '--check', '--trace=a=b.json', '--samples', '7', '--warmup=0', '--tolerance=1e-3', '-mode', 'latency', '--dim=a=1', '--dim', 'b=2', '--in-flight=3', 'other');
  assert.deepEqual(flags, {
    positional: ['m.json', 'other'], help: false, check: true, trace: 'a=b.json', samples: 7, warmup: 0, tolerance: 0.001, mode: 'latency', dim: ['a=1', 'b=2'], 'in-flight': 3,
  });
  assert.equal(parse('--check', '--check=false').check, false);
  assert.equal(parse('--check=true').check, true);
  assert.equal(parse('--samples=1', '--samples=2').samples, 2);
  assert.equal(parse('--help').help, true);
  assert.equal(parse('-h').help, true);
  assert.deepEqual(parse('--', '--check').positional, ['--check']);
  assert.deepEqual(parse('-', '-1').positional, ['-', '-1']);
});

test('errors', () => {
  refuses(['--sampels=3'], 'unknown option --sampels; did you mean --samples? (--help lists all)');
  refuses(['--inflight=3'], 'unknown option --inflight; did you mean --in-flight? (--help lists all)');
  refuses(['--completely-else'], 'unknown option --completely-else (--help lists all)');
  refuses(['--constructor'], 'unknown option --constructor (--help lists all)');
  refuses(['--check=yes'], '--check takes no value');
  refuses(['--trace'], '--trace needs a value: --trace=FILE');
  refuses(['--trace='], '--trace needs a value: --trace=FILE');
  refuses(['--in-flight'], '--in-flight needs a value: --in-flight=VALUE');
  for (const bad of ['0', '-1', '1.5', 'x', '1e3', '1234567890123456']) refuses([`--samples=${bad}`], `--samples=${bad}: expected an integer of at least 1`);
  refuses(['--warmup=-1'], '--warmup=-1: expected an integer of at least 0');
  for (const bad of ['-1', 'x', '1e', 'NaN', 'Infinity']) refuses([`--tolerance=${bad}`], `--tolerance=${bad}: expected a non-negative number`);
  refuses(['--mode=fast'], '--mode=fast: expected one of latency, pipeline');
});

test('dimensions', () => {
  assert.deepEqual(parseDims(['batch=8', 'N=4,S=128', 'a=b=2']), { batch: 8, N: 4, S: 128, 'a=b': 2 });
  assert.deepEqual(parseDims(['a,b=3', 'N=4,c,,d=5']), { 'a,b': 3, N: 4, 'c,,d': 5 });
  assert.deepEqual(parseDims([]), {});
  assert.deepEqual(parseDims(['a=1', 'a=1']), { a: 1 });
  assert.throws(() => parseDims(['a=1,b=2', 'a=3']), { message: "--dim=a=3: 'a' is 1 already; give each dimension one size" });
  for (const bad of ['batch', 'batch=', '=3', 'batch=-1', 'batch=x', 'a=1,', 'a=1,b', 'a=,b=2', 'a=x,b=2']) assert.throws(() => parseDims([bad]), { message: /^--dim=.*: expected NAME=SIZE, such as --dim batch=8$/ });
});

test('the help names every option with its value and default', () => {
  const text = helpText('allot-run MANIFEST', 'Runs.', FLAGS);
  assert.match(text, /^usage: allot-run MANIFEST\n\nRuns\.\n\n/);
  assert.match(text, /  --check\n        compares\n/);
  assert.match(text, /  --samples=N\n        how many \(default: 50\)\n/);
  assert.match(text, /  --mode=latency\|pipeline\n/);
});
