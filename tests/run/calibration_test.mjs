// Correcting costs by a run, and reading tables of costs back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calibrate, likeness } from '../../tools/run/lib/calibration.mjs';
import { parseCosts, printCosts } from '../../tools/run/lib/costs_table.mjs';
import { makeDataflow } from '../../tools/run/lib/dataflow.mjs';
import { UserError } from '../../tools/run/lib/errors.mjs';

const cpu = (name, cores) => ({ name, kind: 'cpu', memory: '4GiB', flops: { default: '60G' }, runtime: { provider: 'cpu', threads: 1, cores } });

test('devices are alike whatever their names, memory and cores are, but not of other size or kind', () => {
  assert.equal(likeness(cpu('a', '0')), likeness({ ...cpu('b', '3'), memory: '2GiB' }));
  assert.equal(likeness(cpu('a', '0-1')), likeness(cpu('b', '4,7')));
  assert.notEqual(likeness(cpu('a', '0')), likeness(cpu('a', '0-1')));
  assert.notEqual(likeness(cpu('a', '0')), likeness({ ...cpu('a', '0'), kind: 'gpu' }));
  assert.notEqual(likeness(cpu('a', '0')), likeness({ ...cpu('a', '0'), flops: { default: '61G' } }));
});

// Two parts, p on device a and q on device b; q starts `wait` after p has ended.
function run({ pCompute, qCompute, move, wait }) {
  const flow = makeDataflow({
    inputs: ['x'], outputs: ['z'],
    parts: [{ id: 'p', device: 'a', inputs: ['x'], outputs: ['y'] }, { id: 'q', device: 'b', inputs: ['y'], outputs: ['z'] }],
  });
  const phases = (start, compute) => [start, start + move, start + move + compute, start + 2 * move + compute];
  const sample = (begin) => {
    const p = phases(begin + wait, pCompute), q = phases(p[3] + wait, qCompute);
    return { begin, runs: [{ part: 0, times: p }, { part: 1, times: q }] };
  };
  const part = (id, device, compute) => ({ id, device, read_us: move, compute_us: compute, write_us: move });
  const samples = [0, 1000, 2000].map(sample);
  return { flow, samples, report: { parts: [part('p', 'a', pCompute), part('q', 'b', qCompute)] } };
}

const plan = { nodes: [{ name: 'n1', part: 'p' }, { name: 'n2', part: 'p' }, { name: 'n3', part: 'q' }, { name: 'n4', part: null }] };
const rows = [
  ...['a', 'b', 'g'].flatMap((device) => [['n1', 10], ['n2', 30], ['n3', 20], ['n4', 5]].map(([node, time]) => ({ what: 'op', node, device, time_us: time }))),
  ...['a', 'b', 'g'].map((device) => ({ what: 'launch', device, time_us: 7 })),
  { what: 'transfer', device: 'a', to: 'b', bytes: 100, time_us: 3 },
];
const devices = [cpu('a', '0'), cpu('b', '1'), { ...cpu('g', '1'), kind: 'gpu' }];
const find = (table, device, node) => table.find((row) => row.what === 'op' && row.device === device && row.node === node).time_us;

test('operators are scaled to what their part took, on all devices like it and on no other', () => {
  const table = calibrate(rows, plan, run({ pCompute: 80, qCompute: 10, move: 2, wait: 1 }), devices);
  for (const device of ['a', 'b']) {
    assert.equal(find(table, device, 'n1'), 20);
    assert.equal(find(table, device, 'n2'), 60);
    assert.equal(find(table, device, 'n3'), 10);
    assert.equal(find(table, device, 'n4'), 5);  // no part ran it
  }
  for (const [node, time] of [['n1', 10], ['n2', 30], ['n3', 20]]) assert.equal(find(table, 'g', node), time);
  assert.deepEqual(table.filter((row) => row.what === 'transfer'), rows.filter((row) => row.what === 'transfer'));
});

test('a part costs what it moves and waits for besides its operators', () => {
  const table = calibrate(rows, plan, run({ pCompute: 40, qCompute: 20, move: 2, wait: 11 }), devices);
  const launch = Object.fromEntries(table.filter((row) => row.what === 'launch').map((row) => [row.device, row.time_us]));
  assert.deepEqual(launch, { a: 15, b: 15, g: 7 });
});

test('a run as predicted changes no operator', () => {
  const table = calibrate(rows, plan, run({ pCompute: 40, qCompute: 20, move: 2, wait: 3 }), devices);
  assert.deepEqual(table.filter((row) => row.what === 'op'), rows.filter((row) => row.what === 'op'));
});

test('tables are read back as they were written', () => {
  const odd = [{ what: 'op', node: 'a "b", c\nd#', device: 'a', time_us: 1.25, fused_into: 'x,y' }, { what: 'transfer', device: 'a', to: 'b', bytes: 4096, time_us: 3 }];
  const read = parseCosts(printCosts(['a comment', 'another'], odd), 't.csv');
  assert.deepEqual(read.map(({ what, node, device, time_us, fused_into, to, bytes }) => [what, node, device, time_us, fused_into, to, bytes]), [
    ['op', 'a "b", c\nd#', 'a', 1.25, 'x,y', '', ''], ['transfer', '', 'a', 3, '', 'b', '4096'],
  ]);
});

test('damaged tables are refused with their place', () => {
  const refused = (text, message) => assert.throws(() => parseCosts(text, 't.csv'), (error) => error instanceof UserError && message.test(error.message));
  refused('', /t\.csv: the header has no column node/);
  refused('node,device\n', /no column time_us/);
  refused('# c\nnode,device,time_us\na,b,1\na,b,x\n', /^t\.csv:4: time_us "x"/);
  refused('node,device,time_us\na,b,-1\n', /t\.csv:2/);
  refused('node,device,time_us\n"a,b,1\n', /t\.csv:2: a quoted field has no end/);
});
