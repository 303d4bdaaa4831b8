// Placed models in ONNX Runtime: equal to the whole model, measured completely, in every mode.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { defaultTolerance } from '../../runner/lib/plan_run.mjs';
import { onnxModel } from './onnx_bytes.mjs';
import { edit, makeModels, place, Runner } from './runner.mjs';

const { scratch, models } = makeModels('real');
const modelOf = (name) => models.find((file) => path.basename(file) === `${name}.onnx`);
const branches = place(scratch, modelOf('branches'), { objective: 'throughput' });
const run = (manifest, ...more) => new Runner(scratch, [manifest, ...more]).succeeds();
const json = async (manifest, ...more) => JSON.parse(await run(manifest, ...more, '--json'));
const close = (a, b) => Math.abs(a - b) <= 1e-6 * (Math.abs(a) + Math.abs(b));

// Every number is one; only what is named may be null.
function checkNumbers(value, at, mayBeNull) {
  if (value === null) assert.ok(mayBeNull.includes(at), `${at} is null`);
  else if (typeof value === 'number') assert.ok(Number.isFinite(value) && (value >= 0 || at.endsWith('error')), `${at} is ${value}`);
  else if (typeof value === 'object') for (const [key, inner] of Object.entries(value)) checkNumbers(inner, `${at}.${key}`, mayBeNull);
}

for (const model of models) {
  const name = path.basename(model, '.onnx');
  for (const objective of ['latency', 'throughput']) {
    test(`${name}, ${objective}: parts equal the whole`, async () => {
      const manifest = place(scratch, model, { objective });
      assert.ok(JSON.parse(fs.readFileSync(manifest, 'utf8')).parts.length > 1, 'the rules did not cut the model');
      const sizes = ['--default-dim=3', '--samples=6', '--check'];
      const exact = await json(manifest, ...sizes, '--opt=disabled');
      assert.equal(exact.mode, objective === 'latency' ? 'latency' : 'pipeline');
      assert.deepEqual([exact.check.tolerance, exact.check.worst], [0, 0]);
      // The warm-up is compared, too, and in a pipeline what keeps it busy behind the measured samples.
      assert.equal(exact.check.compared, exact.samples + exact.warmup + (objective === 'latency' ? 0 : exact.in_flight));
      // What is dequantised is rounded elsewhere where a runtime fuses it with its users.
      const tolerance = { quantized: 0.5, constant_work: 0.05 }[name] ?? 1e-4;
      const fused = await json(manifest, ...sizes, `--tolerance=${tolerance}`);
      assert.ok(fused.check.worst <= tolerance);
    });
  }
}

test('a thousand samples on their way, sixteen at once', async () => {
  const report = await json(branches, '--samples=1000', '--in-flight=16', '--distinct=7', '--check', '--opt=disabled', '--dim=batch=1');
  assert.deepEqual([report.samples, report.in_flight, report.check.compared], [1000, 16, 1000 + 16 + 16]);
});

test('the report is complete and adds up', async () => {
  const manifest = JSON.parse(fs.readFileSync(branches, 'utf8'));
  for (const mode of ['latency', 'pipeline']) {
    const report = await json(branches, `--mode=${mode}`, '--samples=25', '--warmup=2');
    checkNumbers(report, 'report', ['report.check', ...(mode === 'latency' ? ['report.predicted_us', 'report.error'] : [])]);
    assert.deepEqual(Object.keys(report), ['schema', 'manifest', 'mode', 'level', 'samples', 'warmup', 'in_flight', 'predicted_us', 'measured_us', 'error', 'noise', 'period_us',
      'period_median_us', 'throughput_per_s', 'latency_us', 'devices', 'parts', 'check']);
    assert.deepEqual([report.schema, report.manifest, report.mode, report.level, report.samples], ['allot.run/1', 'manifest.json', mode, 'all', 25]);
    assert.equal(report.in_flight > 1, mode === 'pipeline');
    assert.deepEqual(report.devices.map(({ id, provider }) => [id, provider]), [['left', 'cpu'], ['right', 'cpu']]);
    assert.deepEqual(report.parts.map(({ id, device }) => [id, device]), manifest.parts.map(({ id, device }) => [id, device]));
    for (const part of report.parts) {
      assert.ok(part.measured_us >= part.compute_us && part.compute_us > 0, JSON.stringify(part));
      const { start_us: start, end_us: end } = manifest.parts.find(({ id }) => id === part.id);
      assert.ok(close(part.predicted_us, end - start));
    }
    const { median, p90, p99, max } = report.latency_us;
    assert.ok(0 < median && median <= p90 && p90 <= p99 && p99 <= max);
    assert.ok(close(report.throughput_per_s * report.period_us, 1e6));
    assert.equal(report.measured_us, mode === 'pipeline' ? report.period_median_us : median);
    for (const device of report.devices) assert.ok(device.utilisation > 0 && device.utilisation <= 1 + 1e-9, JSON.stringify(device));
    if (mode === 'pipeline') {
      assert.equal(report.predicted_us, manifest.predicted.value_us);
      assert.ok(close(report.error, (report.predicted_us - report.measured_us) / report.measured_us));
    }
  }
});

test('the text report names devices and parts', async () => {
  const text = await run(branches, '--samples=5', '--check', '--opt=disabled');
  assert.match(text, /^pipeline, 5 samples: [\d.]+ (us|ms|s) per sample, predicted [\d.]+ (us|ms|s) \([+-][\d.]+ %\)\n/);
  assert.match(text, /\n  throughput: [\d.]+ per second, \d+ samples in flight\n/);
  assert.match(text, /\n  left +cpu /);
  assert.match(text, /\n  p0 +(left|right) /);
  assert.match(text, /\n  all outputs of \d+ samples equal the whole model's \(bit for bit\)\n$/);
  assert.doesNotMatch(text, /NaN|undefined|null|Infinity/);
});

test('the whole model on one device', async () => {
  const report = await json(branches, '--whole=right', '--mode=latency', '--samples=4', '--check', '--opt=disabled');
  assert.deepEqual([report.whole, report.parts.length, report.devices.map(({ id }) => id), report.predicted_us], ['right', 1, ['right'], null]);
  checkNumbers(report, 'report', ['report.predicted_us', 'report.error']);
  assert.match(await run(branches, '--whole=left', '--samples=3'), /^the whole model on left, pipeline, 3 samples: /);
});

test('one sample', async () => {
  for (const mode of ['latency', 'pipeline']) {
    const report = await json(branches, `--mode=${mode}`, '--samples=1', '--warmup=0');
    checkNumbers(report, 'report', ['report.check', 'report.predicted_us', 'report.error']);
    assert.equal(report.samples, 1);
  }
});

test('the measured schedule', async () => {
  const file = path.join(scratch, 'measured.trace.json'), { parts } = JSON.parse(fs.readFileSync(branches, 'utf8'));
  await run(branches, '--samples=120', `--trace=${file}`);
  const { traceEvents: events } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const slices = events.filter(({ ph, cat }) => ph === 'X' && cat === 'part');
  assert.equal(slices.length, 100 * parts.length);
  for (const pid of new Set(slices.map((slice) => slice.pid))) {
    const row = slices.filter((slice) => slice.pid === pid).sort((a, b) => a.ts - b.ts);
    for (let i = 1; i < row.length; ++i) assert.ok(row[i].ts >= row[i - 1].ts + row[i - 1].dur - 0.011, `${JSON.stringify(row[i - 1])} ${JSON.stringify(row[i])}`);
    // What reads and writes lies within a part.
    for (const inner of events.filter((event) => event.ph === 'X' && event.cat === 'transfer' && event.pid === pid)) {
      assert.ok(row.some((slice) => inner.ts >= slice.ts - 0.011 && inner.ts + inner.dur <= slice.ts + slice.dur + 0.011), JSON.stringify(inner));
    }
  }
  const begins = events.filter(({ ph }) => ph === 's'), ends = events.filter(({ ph }) => ph === 'f');
  assert.ok(begins.length > 0 && begins.length === ends.length);
  const endOf = new Map(ends.map((event) => [event.id, event]));
  for (const event of begins) assert.ok(endOf.get(event.id).ts >= event.ts && endOf.get(event.id).pid !== event.pid);
  assert.ok(events.every((event) => event.ph === 'M' || event.ts >= 0));
});

const COPIES = 'infer-shapes,estimate-cost,coarsen,place-copies,schedule,explain';

test('copies of a model take turns', async () => {
  const manifest = place(scratch, modelOf('branches'), { objective: 'throughput', rules: false, pipeline: COPIES });
  const { parts, lanes, predicted } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
  assert.deepEqual([parts.length, lanes.length, lanes[0].parts[0].file], [1, 1, parts[0].file]);
  const report = await json(manifest, '--samples=25', '--check', '--opt=disabled');
  // Whole cycles are measured.
  assert.deepEqual([report.samples, report.check.worst, report.predicted_us], [26, 0, predicted.value_us]);
  assert.deepEqual(report.lanes.map(({ share, samples, parts: ids }) => [share, samples, ids]), [[1, 13, ['p0']], [1, 13, ['p1']]]);
  assert.deepEqual(report.parts.map(({ id, device, lane }) => [id, device, lane]), [['p0', 'left', 0], ['p1', 'right', 1]]);
  checkNumbers(report, 'report', []);
  assert.match(await run(manifest, '--samples=4'), /\n  lane  share +samples  parts +latency\n  0 +1 +2 +p0 .*\n  1 +1 +2 +p1 /);
  // One inference has nobody to take turns with.
  const one = await json(manifest, '--mode=latency', '--samples=4', '--check', '--opt=disabled');
  assert.deepEqual([one.lanes, one.parts.map(({ id }) => id), one.samples], [undefined, ['p0'], 4]);
  assert.equal((await json(manifest, '--whole=right', '--samples=3')).lanes, undefined);
});

test('a pipeline and its mirror image take turns, and share what is the same', async () => {
  const manifest = place(scratch, modelOf('branches'), { objective: 'throughput' }), file = path.join(scratch, 'lanes.trace.json');
  edit(manifest, (m) => {
    m.share = 2;
    m.lanes = [{ share: 1, parts: m.parts.map((part) => ({ ...part, id: `${part.id}m`, device: part.device === 'left' ? 'right' : 'left' })) }];
  });
  const report = await json(manifest, '--samples=30', '--distinct=5', '--check', '--opt=disabled', `--trace=${file}`, '--report');
  assert.deepEqual([report.check.worst, report.samples], [0, 30]);
  assert.deepEqual(report.lanes.map(({ samples }) => samples), [20, 10]);
  const { traceEvents: events } = JSON.parse(fs.readFileSync(file, 'utf8')), { parts } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
  const slices = events.filter(({ ph, cat }) => ph === 'X' && cat === 'part');
  assert.equal(slices.length, 30 * parts.length);
  assert.deepEqual([...new Set(slices.map(({ args }) => args.lane))].sort(), [0, 1]);
  for (const { name, args } of slices) assert.equal(name.endsWith('m'), args.lane === 1);
});

test('the annotated model', async () => {
  const report = JSON.parse(await run(branches, '--annotated', '--json'));
  const plan = JSON.parse(fs.readFileSync(path.join(path.dirname(branches), 'plan.json'), 'utf8'));
  assert.deepEqual(report.nodes, plan.nodes.map(({ name, device }) => ({ name, device, provider: 'CPUExecutionProvider' })));
  assert.equal(report.devices.reduce((sum, row) => sum + row.nodes, 0), plan.nodes.length);
  assert.deepEqual(report.missing_providers, []);
  assert.match(await run(branches, '--annotated'), /\n  left +CPUExecutionProvider +\d+\n/);
});

test('nodes without a name are found in the annotated model', async () => {
  const unnamed = path.join(scratch, 'unnamed.onnx');
  fs.writeFileSync(unnamed, onnxModel({
    nodes: [
      { op: 'Constant', inputs: [], outputs: ['k'], value: 2 }, { op: 'Relu', inputs: ['x'], outputs: ['a'] },
      { op: 'Constant', inputs: [], outputs: ['l'], value: 3 }, { op: 'Mul', inputs: ['a', 'k'], outputs: ['b'] },
      { op: 'Add', name: 'sum', inputs: ['b', 'l'], outputs: ['y'] },
    ],
    inputs: [['x', 4]], outputs: [['y', 4]],
  }));
  const report = JSON.parse(await run(place(scratch, unnamed), '--annotated', '--json'));
  assert.deepEqual(report.nodes.map(({ name, provider }) => [name, provider]),
    ['Relu#1', 'Mul#3', 'sum'].map((name) => [name, 'CPUExecutionProvider']));
});

test('workers are pinned to the cores of their devices', { skip: (process.platform !== 'linux' || spawnSync('taskset', ['--version']).status !== 0) && 'pins with taskset' }, async () => {
  const [, core] = /^Cpus_allowed_list:\s*(\d+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'));
  const pinned = place(scratch, modelOf('branches'));
  edit(pinned, ({ devices }) => { for (const device of devices) device.runtime.cores = core; });
  const runner = new Runner(scratch, [pinned, '--samples=100000000']);
  for (const pid of await runner.streaming()) assert.match(fs.readFileSync(`/proc/${pid}/status`, 'utf8'), new RegExp(`^Cpus_allowed_list:\\s*${core}$`, 'm'));
  runner.child.kill('SIGTERM');
  await runner.fails(/interrupted by SIGTERM/);
  const report = await json(pinned, '--samples=2');
  assert.deepEqual(report.devices.map(({ cores }) => cores), [core, core]);
  edit(pinned, ({ devices }) => { devices[0].runtime.cores = '4095'; });
  await new Runner(scratch, [pinned, '--samples=2']).fails(/^error: the worker of device left \(process \d+\) ended with status 1 \(taskset: .*\)/m);
});

test('what --check allows', () => {
  const cpu = { runtime: { provider: 'cpu' } }, gpu = { runtime: { provider: 'cuda' } };
  assert.equal(defaultTolerance({ signature: { x: { dtype: 'float32' } } }, [cpu], 'disabled'), 0);
  assert.equal(defaultTolerance({ signature: { x: { dtype: 'float32' } } }, [cpu], 'all'), 1e-4);
  assert.equal(defaultTolerance({ signature: { x: { dtype: 'float16' } } }, [cpu], 'disabled'), 1e-2);
  assert.equal(defaultTolerance({}, [cpu, gpu], 'disabled'), 1e-2);
});
