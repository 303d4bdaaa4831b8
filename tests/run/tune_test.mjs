// allot tune from end to end on small models: the loop ends, what it keeps was measured and runs, bad requests are refused.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { COPIES } from '../../tools/run/lib/tuning.mjs';
import { makeModels } from './runner.mjs';
import { whyNoRuntime } from './scratch.mjs';

const skip = whyNoRuntime();

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const env = { ...process.env, ALLOT: process.env.ALLOT ?? path.join(ROOT, 'build/allot') };
const program = (name, ...args) => spawnSync(process.execPath, [path.join(ROOT, 'tools/run', `allot-${name}.mjs`), ...args], { encoding: 'utf8', env });

const { scratch, models } = makeModels('tune');
const model = (name) => models.find((file) => path.basename(file) === `${name}.onnx`);
const target = path.join(scratch, 'two.target.json');
const cpu = (name, more = {}) => ({
  name, kind: 'cpu', memory: '1GiB', flops: { default: '60G' }, memory_bandwidth: '10GB/s', part_cost_us: 100, copies: true, runtime: { provider: 'cpu', threads: 1 }, ...more,
});
const gpu = { ...cpu('far'), kind: 'gpu', runtime: { provider: 'qnn' } };
const write = (...devices) => fs.writeFileSync(target, JSON.stringify({
  schema: 'allot.target/1', name: 'two', devices,
  topology: { switches: ['memory'], links: devices.map(({ name }) => ({ from: name, to: 'memory', bandwidth: '4GB/s', latency_us: 20 })) },
}));
const tune = (name, objective, out, ...more) => program('tune', model(name), `--target=${target}`, `--objective=${objective}`, '-o', out, '--json', '--seconds=0.2', '--rounds=2', ...more);

for (const [name, objective] of [['branches', 'throughput'], ['control_flow', 'latency'], ['quantized', 'throughput']]) {
  test(`${name}, ${objective}: keeps a plan that was measured and that runs`, { skip }, () => {
    write(cpu('left'), cpu('right'));
    const out = path.join(scratch, `${name}-${objective}`);
    const { status, stdout, stderr } = tune(name, objective, out, '--dim', 'batch=2');
    assert.equal(status, 0, stderr);
    const report = JSON.parse(stdout);
    assert.deepEqual(report, JSON.parse(fs.readFileSync(path.join(out, 'tuning.json'), 'utf8')));
    const placed = report.rounds.filter(({ round }) => round !== 'copies');
    assert.ok(placed.length >= 1 && placed.length <= 2);
    // Both devices can hold the model: it has been copied, by a round or for comparison. Two parts of two lanes.
    if (objective === 'throughput') assert.ok(report.rounds.some(({ parts }) => parts === 2), JSON.stringify(report.rounds));
    for (const { predicted_us: predicted, measured_us: measured, error } of report.rounds) {
      assert.ok(predicted > 0 && measured > 0);
      assert.ok(Math.abs(error - (predicted - measured) / measured) < 1e-9);
    }
    assert.equal(report.single.length, 1);  // the devices are alike
    // What is kept is never slower than one device.
    assert.equal(report.measured_us, Math.min(report.split_us, report.single_us));
    assert.ok(report.gain >= 1);
    assert.equal(report.splitting_pays, report.split_us < report.single_us);
    const manifest = path.join(out, 'manifest.json'), { parts, lanes = [], dims, predicted } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
    assert.equal([{ parts }, ...lanes].reduce((sum, lane) => sum + lane.parts.length, 0), report.chosen.parts);
    assert.deepEqual(dims, { batch: 2 });
    assert.equal(predicted.value_us, report.predicted_us);
    const checked = program('run', manifest, '--check', '--opt=disabled', '--samples=5', '--json');
    assert.equal(checked.status, 0, checked.stderr);
    // The same costs give the same plan.
    const again = path.join(scratch, `${name}-again`);
    const replaced = spawnSync(env.ALLOT, [model(name), `--target=${target}`, `--objective=${objective}`, `--costs=${path.join(out, 'costs.csv')}`, '--dim', 'batch=2', '-o', again, '--quiet',
      ...(report.splitting_pays ? [] : ['--pin', `.*=${report.chosen.device}`]), ...(report.chosen.round === 'copies' ? [`--pass-pipeline=${COPIES}`] : [])], { encoding: 'utf8' });
    assert.equal(replaced.status, 0, replaced.stderr);
    const compared = spawnSync(env.ALLOT, ['diff', out, again], { encoding: 'utf8' });
    assert.equal(compared.stdout + compared.stderr, '');
    assert.equal(compared.status, 0);
  });
}

test('devices that are not here are named and left out', { skip }, () => {
  write(cpu('left'), gpu);
  const out = path.join(scratch, 'absent');
  const { status, stdout, stderr } = tune('branches', 'latency', out);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /not here, and left out: far/);
  assert.equal(JSON.parse(stdout).single[0].device, 'left');
  const { parts } = JSON.parse(fs.readFileSync(path.join(out, 'manifest.json'), 'utf8'));
  assert.ok(parts.every(({ device }) => device === 'left'));
});

test('what cannot be tuned is one error, and nothing is written', { skip }, () => {
  write(gpu);
  const out = path.join(scratch, 'nothing');
  const refused = (result, message) => {
    assert.equal(result.status, 1);
    assert.match(result.stderr, message);
    assert.equal(result.stderr.trim().split('\n').length, 1);
    assert.ok(!fs.existsSync(out));
  };
  refused(tune('branches', 'latency', out), /^error: --target=.*this machine has none of its devices/);
  write(cpu('left'));
  refused(program('tune', path.join(scratch, 'none.onnx'), `--target=${target}`, '-o', out), /^error: .*none\.onnx: there is no such file/);
  refused(program('tune', '-o', out), /^error: no model given/);
  refused(tune('branches', 'latency', out, '--rounds=0'), /^error: --rounds=0: expected an integer of at least 1/);
  refused(tune('branches', 'latency', out, '--pin', '.*=nowhere'), /^error: .*nowhere/);
  refused(tune('branches', 'latency', out, '--costs', path.join(scratch, 'none.csv')), /^error: .*none\.csv/);
});
