// Correcting costs by a run, and reading tables of costs back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calibrate, likeness } from '../../runner/lib/calibration.mjs';
import { parseCosts, printCosts } from '../../runner/lib/costs_table.mjs';
import { makeDataflow } from '../../runner/lib/dataflow.mjs';
import { UserError } from '../../runner/lib/errors.mjs';

const cpu = (name, cores) => ({ name, kind: 'cpu', memory: '4GiB', flops: { default: '60G' }, runtime: { provider: 'cpu', threads: 1, cores } });

test('devices are alike whatever their names, memory and cores are, but not of other size or kind', () => {
  assert.equal(likeness(cpu('a', '0')), likeness({ ...cpu('b', '3'), memory: '2GiB' }));
  assert.equal(likeness(cpu('a', '0-1')), likeness(cpu('b', '4,7')));
  assert.notEqual(likeness(cpu('a', '0')), likeness(cpu('a', '0-1')));
  assert.notEqual(likeness(cpu('a', '0')), likeness({ ...cpu('a', '0'), kind: 'gpu' }));
  assert.notEqual(likeness(cpu('a', '0')), likeness({ ...cpu('a', '0'), flops: { default: '61G' } }));
});

// Parts p0, p1, ... in a chain, on devices a and b in turn. Each computes `factor` times its row and `perByte` for each byte
// that it reads and writes, moves those at `copying` a byte and `fixed` a part, and waits `wait` for its message.
function chain({ rows, sizes, factor, perByte, copying, fixed, wait }) {
  const parts = rows.map((_, i) => ({ id: `p${i}`, device: 'ab'[i % 2], inputs: [`t${i}`], outputs: [`t${i + 1}`] }));
  const flow = makeDataflow({ inputs: ['t0'], outputs: [`t${rows.length}`], parts });
  const phases = rows.map((row, i) => {
    const bytes = sizes[i] + sizes[i + 1], move = fixed + copying * bytes;
    return { read: move / 2, compute: factor * row + perByte * bytes, write: move / 2 };
  });
  const sample = (begin) => {
    let now = begin;
    const runs = phases.map(({ read, compute, write }, part) => {
      const start = now + wait;
      now = start + read + compute + write;
      return { part, times: [start, start + read, start + read + compute, now] };
    });
    return { begin, lane: 0, runs, values: new Map(sizes.map((bytes, i) => [`t${i}`, { bytes }])) };
  };
  const report = { parts: phases.map(({ read, compute, write }, i) => ({ id: `p${i}`, device: parts[i].device, read_us: read, compute_us: compute, write_us: write })) };
  return { flow, samples: [0, 1e6, 2e6].map(sample), report };
}

test('a copy corrects the rows of its own device', () => {
  const part = (id, device) => ({ id, device, file: 'whole.onnx', inputs: ['x'], outputs: ['y'] });
  const flow = makeDataflow({ inputs: ['x'], outputs: ['y'], parts: [part('p0', 'a')], share: 1, lanes: [{ share: 1, parts: [part('p1', 'b')] }] });
  const compute = [300, 500];
  const samples = Array.from({ length: 6 }, (_, index) => {
    const lane = flow.turns[index % 2], start = 1000 * index;
    return { index, lane, begin: start, runs: [{ part: lane, times: [start, start, start + compute[lane], start + compute[lane]] }], values: new Map([['x', { bytes: 0 }], ['y', { bytes: 0 }]]) };
  });
  const report = { parts: [0, 1].map((i) => ({ id: `p${i}`, device: 'ab'[i], read_us: 0, compute_us: compute[i], write_us: 0 })) };
  const plan = { nodes: [{ name: 'n', part: 'p0', cluster: 0 }], lanes: [{ part_of_cluster: ['p1'] }] };
  const rows = ['a', 'b', 'c'].map((device) => ({ what: 'op', device, node: 'n', time_us: 200 }));
  // Of a device that ran nothing, the first that is like it speaks.
  const devices = ['a', 'b', 'c'].map((name, i) => cpu(name, `${i}`));
  assert.deepEqual(calibrate(rows, plan, { flow, samples, report }, devices).map(({ time_us: time }) => time), [300, 500, 300]);
});

const ROWS = [1000, 400, 700, 200, 900, 500], SIZES = [0, 5000, 80000, 20000, 300000, 1000, 0];
const machine = { rows: ROWS, sizes: SIZES, factor: 1.2, perByte: 0.001, copying: 0.0005, fixed: 30, wait: 12 };
const plan = { nodes: [...ROWS.map((_, i) => ({ name: `n${i}`, part: `p${i}` })), { name: 'none', part: null }] };
const devices = [cpu('a', '0'), cpu('b', '1'), { ...cpu('g', '1'), kind: 'gpu' }];
const before = [
  ...['a', 'b', 'g'].flatMap((device) => [...ROWS, 5].map((time, i) => ({ what: 'op', node: ROWS[i] ? `n${i}` : 'none', device, time_us: time }))),
  ...['a', 'b', 'g'].map((device) => ({ what: 'launch', device, time_us: 7 })),
  ...[4096, 65536, 1048576].flatMap((bytes) => [['a', 'b'], ['b', 'a'], ['a', 'g']].map(([device, to]) => ({ what: 'transfer', device, to, bytes, time_us: bytes / 1000 }))),
];
const near = (got, want) => assert.ok(Math.abs(got - want) <= 1e-6 * want, `${got} instead of ${want}`);
const find = (table, device, node) => table.find((row) => row.what === 'op' && row.device === device && row.node === node).time_us;

test('what a part takes is told apart into operators, bytes and launch', () => {
  const table = calibrate(before, plan, chain(machine), devices);
  for (const device of ['a', 'b']) {
    ROWS.forEach((row, i) => near(find(table, device, `n${i}`), 1.2 * row));
    near(table.find((row) => row.what === 'launch' && row.device === device).time_us, 42);
  }
  const transfer = table.filter((row) => row.what === 'transfer' && row.to !== 'g');
  assert.equal(transfer.length, 4);  // two sizes, both ways
  for (const row of transfer) near(row.time_us, 2 * 0.0015 * row.bytes);
});

test('operators that did not run and devices unlike those that ran keep their rows', () => {
  const table = calibrate(before, plan, chain(machine), devices);
  for (const device of ['a', 'b', 'g']) assert.equal(find(table, device, 'none'), 5);
  const of = (rows, device) => rows.filter((row) => row.device === device || row.to === device);
  assert.deepEqual(of(table, 'g'), of(before, 'g'));
});

test('with the new table the same plan is predicted as it was measured', () => {
  // Nothing fits a line here: whatever the fit leaves must end up with the operators.
  const odd = chain({ ...machine, perByte: 0.0004 });
  odd.report.parts.forEach((part, i) => { part.compute_us *= 1 + (i * 7 % 5) / 20; });
  const table = calibrate(before, plan, odd, devices);
  const row = (what, device) => table.find((candidate) => candidate.what === what && candidate.device === device && candidate.to !== 'g').time_us;
  const perByte = row('transfer', 'a') / 4096 / 2;
  odd.report.parts.forEach((part, i) => {
    const crossing = SIZES[i] * (i > 0) + SIZES[i + 1] * (i + 1 < ROWS.length);
    near(row('launch', part.device) + perByte * crossing + find(table, part.device, `n${i}`), 12 + part.read_us + part.compute_us + part.write_us);
  });
});

test('a single part tells of no transfers', () => {
  const table = calibrate(before, plan, chain({ ...machine, rows: [1000], sizes: [0, 0] }), devices);
  const transfers = (rows) => rows.filter((row) => row.what === 'transfer');
  assert.deepEqual(transfers(table), transfers(before));
  near(find(table, 'b', 'n0'), 1200);
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
