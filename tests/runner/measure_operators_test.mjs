// From what was measured to what operators take, on times made up.
import assert from 'node:assert/strict';
import test from 'node:test';
import { evaluate } from '../../runner/lib/measure_operators.mjs';

const node = (name, opType, input, output) => ({ name, opType, domain: '', inputs: [input], outputs: [output], captures: [], hasBodies: false });
const graph = { inputs: ['x'], outputs: ['y'], initializers: [], nodes: [node('mul', 'MatMul', 'x', 'm'), node('relu', 'Relu', 'm', 'y')] };
const run = (mul, relu) => [['mul', 'MatMul', mul], ['relu', 'Relu', relu]].map(([name, opType, time]) => ({ name, opType, time, events: 1, provider: 'CPUExecutionProvider' }));
// Half of all runs were interrupted, in one kernel or the other.
const RUNS = [run(33, 8), run(33, 408), run(433, 8), run(33, 8), run(433, 408), run(433, 408)];
const base = { fixed: 20, least: 1, overhead: 3 };
const rowsOf = ({ rows }) => rows.map(({ label, status, time }) => [label, status, Math.round(time * 1e6) / 1e6]);

test('times of kernels, less what profiling adds, are scaled to the run without a profile', () => {
  const found = evaluate(graph, graph, RUNS, 86, [80, 90, 80, 700, 80], base);
  assert.deepEqual([found.whole, found.profiled, found.kernels], [80, 35, 2]);
  assert.ok(Math.abs(found.scale - 60 / 35) < 1e-12);
  assert.deepEqual(rowsOf(found), [['mul', 'kernel', Math.round(30 * 60e6 / 35) / 1e6], ['relu', 'kernel', Math.round(5 * 60e6 / 35) / 1e6]]);
});

test('nothing is scaled where the whole takes no longer than next to nothing', () => {
  const found = evaluate(graph, graph, RUNS, 86, [15], base);
  assert.deepEqual([found.scale, rowsOf(found)], [1, [['mul', 'kernel', 30], ['relu', 'kernel', 5]]]);
});
