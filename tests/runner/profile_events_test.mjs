// ONNX Runtime's profiles: runs, kernels, what runs inside kernels.
import assert from 'node:assert/strict';
import test from 'node:test';
import { UserError } from '../../runner/lib/errors.mjs';
import { readProfile, timesOfRun, withoutOverhead } from '../../runner/lib/profile_events.mjs';

const event = (cat, name, ts, dur, op) => (
  { cat, name, ts, dur, ph: 'X', args: op ? { op_name: op, provider: 'CPUExecutionProvider' } : {} });
const kernel = (name, op, ts, dur) => event('Node', `${name}_kernel_time`, ts, dur, op);

// As the runtime writes them: an event comes when it ends, what it holds comes before it.
const PROFILE = [
  event('Session', 'session_initialization', 0, 90),
  kernel('a', 'Conv', 100, 10), kernel('in', 'Mul', 111, 5), kernel('in', 'Mul', 117, 0),
  kernel('loop', 'Loop', 110, 20),
  kernel('', 'Neg', 130, 0), event('Session', 'SequentialExecutor::Execute', 100, 31),
  event('Session', 'model_run', 99, 33),
  kernel('a', 'Conv', 140, 12), kernel('loop', 'Loop', 152, 1), kernel('', 'Neg', 153, 2),
  event('Session', 'model_run', 139, 20),
];

test('kernels by run, bodies in their kernel', () => {
  const runs = readProfile(JSON.stringify(PROFILE), 'p.json');
  assert.deepEqual(runs.map((run) => run.map(({ name, events, time }) => `${name} ${events} ${time}`)),
    [['a 1 10.5', 'loop 3 20.5', ' 1 0.5'], ['a 1 12.5', 'loop 1 1.5', ' 1 2.5']]);
});

test('times by node, in order where names repeat; strangers count for the kernel before', () => {
  const nodes = [{ name: 'a', opType: 'Conv' }, { name: 'a', opType: 'Conv' }, { name: '', opType: 'Neg' }];
  const run = [['a', 'Conv', 1], ['odd', 'Memcpy', 2], ['a', 'Conv', 4], ['Neg_7', 'Neg', 8]]
    .map(([name, opType, time]) => ({ name, opType, time }));
  assert.deepEqual(timesOfRun(run, nodes), [3, 4, 8]);
  assert.deepEqual(timesOfRun(run, []), []);
});

test('the overhead of profiling is taken off, but not all', () => {
  const run = [{ events: 1, time: 10 }, { events: 1, time: 2 }, { events: 1, time: 0.1 }, { events: 11, time: 100 }];
  const rest = withoutOverhead(run, { overhead: 3, between: 6, least: 0.25 });
  assert.deepEqual(rest.map(({ time }) => time), [7, 0.25, 0.1, 37]);
});

// As the runtime writes events: `escape` as newer releases do, else names as they are.
const runtimeText = (names, escape) => `[\n${[...names.map((name, i) => `{"cat" : "Node","pid" :1,"tid" :1,"dur" :7,"ts" :${100 + 10 * i},"ph" : "X",` +
  `"name" :"${escape ? JSON.stringify(name).slice(1, -1) : name}_kernel_time","args" : {"provider" : "CPUExecutionProvider","op_name" : "Relu"}}`),
'{"cat" : "Session","pid" :1,"tid" :1,"dur" :900,"ts" :90,"ph" : "X","name" :"model_run","args" : {}}'].join(',\n')}\n]\n`;

test('names with quotes, backslashes and control characters, escaped by the runtime or not', () => {
  const names = ['a"b', 'c\\', 'scope\\next', 'd\\q', 'e","args" : {', 'f\nnew', 'g\tt', '\\"', 'plain'];
  for (const escape of [false, true]) {
    const runs = readProfile(runtimeText(names, escape), 'p.json');
    assert.equal(runs.length, 1);
    assert.equal(runs[0].length, names.length);
    const nodes = names.map((name) => ({ name, opType: 'Relu' }));
    assert.deepEqual(timesOfRun(runs[0], nodes), names.map(() => 7.5), `escaped: ${escape}`);
  }
});

test('what is no profile', () => {
  for (const text of ['', '{"a": 1}', '[1, null, {"ph":"X"}', 'null']) {
    assert.throws(() => readProfile(text, 'p.json'),
      (error) => error instanceof UserError && /^p\.json: not a /.test(error.message));
  }
  assert.deepEqual(readProfile('[1, null, {"ph": "X"}]', 'p.json'), []);
});
