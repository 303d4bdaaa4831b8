// allot tune from end to end on small models: the loop ends, what it keeps was measured and runs, bad requests are refused.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { COPIES, kindOf, withTogether } from '../../runner/lib/tuning.mjs';
import { UserError } from '../../runner/lib/errors.mjs';
import { checkTunedFolder } from '../../runner/lib/tuned_folder.mjs';
import { tuningText } from '../../runner/lib/tuning_report.mjs';
import { makeModels } from './runner.mjs';
import { whyNoRuntime } from './scratch.mjs';

const skip = whyNoRuntime();

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const env = { ...process.env, ALLOT: process.env.ALLOT ?? path.join(ROOT, 'build/allot') };
const program = (name, ...args) => spawnSync(process.execPath, [path.join(ROOT, 'runner', `allot-${name}.mjs`), ...args], { encoding: 'utf8', env });

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
    // What is kept is never slower than one device, or than copies; one session on both is there to compare with.
    const { single_us: single, together_us: together, copies_us: copies, split_us: split } = report;
    const times = [single, copies, split].filter((time) => time !== null);
    assert.equal(report.measured_us, Math.min(...times));
    assert.ok(report.gain >= 1 && together > 0 && (objective === 'latency') === (copies === null));
    assert.equal(report.splitting_pays, split !== null && split < Math.min(single, together, copies ?? Infinity));
    assert.deepEqual(report.compared.map(({ measured_us: time }) => time), [single, together, copies, split].filter((time) => time !== null));
    if (objective === 'throughput') assert.ok(report.compared.some(({ name }) => name === 'two whole copies'));
    assert.match(tuningText(report), /\nkept: .*\n(faster, but .*\n)*splitting (pays|does not pay): .*\n(noisy: .*\n)?(the next is .*\n)?predicted .* off\n$/);
    assert.doesNotMatch(tuningText(report), /NaN|undefined|null|Infinity/);
    const manifest = path.join(out, 'manifest.json'), { parts, lanes = [], dims, predicted } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
    assert.equal([{ parts }, ...lanes].reduce((sum, lane) => sum + lane.parts.length, 0), report.chosen.parts);
    assert.deepEqual(dims, { batch: 2 });
    assert.equal(predicted.value_us, report.predicted_us);
    const checked = program('run', manifest, '--check', '--opt=disabled', '--samples=5', '--json');
    assert.equal(checked.status, 0, checked.stderr);
    // The same costs give the same plan.
    const again = path.join(scratch, `${name}-again`);
    const replaced = spawnSync(env.ALLOT, [model(name), `--target=${target}`, `--objective=${objective}`, `--costs=${path.join(out, 'costs.csv')}`, '--dim', 'batch=2', '-o', again, '--quiet',
      ...(report.chosen.device ? ['--pin', `.*=${report.chosen.device}`] : []), ...(report.chosen.round === 'copies' ? [`--pass-pipeline=${COPIES}`] : [])], { encoding: 'utf8' });
    assert.equal(replaced.status, 0, replaced.stderr);
    const compared = spawnSync(env.ALLOT, ['diff', out, again], { encoding: 'utf8' });
    assert.equal(compared.stdout + compared.stderr, '');
    assert.equal(compared.status, 0);
  });
}

test('without replicas copies are there to compare with, and not kept', { skip }, () => {
  write(cpu('left'), cpu('right'));
  const { status, stdout, stderr } = tune('branches', 'throughput', path.join(scratch, 'one-placement'), '--dim', 'batch=2', '--replicas=no');
  assert.equal(status, 0, stderr);
  const report = JSON.parse(stdout);
  assert.ok(report.copies_us > 0 && report.chosen.kind !== 'copies');
  assert.equal(report.measured_us, report.split_us === null ? report.single_us : Math.min(report.single_us, report.split_us));
  assert.ok(report.rounds.every(({ round, kind }) => (round === 'copies') === (kind === 'copies')));
});

test('what is kept, and what is better', () => {
  const report = (chosen, ...compared) => ({
    objective: 'throughput', rounds: [], single: [], chosen: { kind: chosen }, compared: compared.map(([kind, name, measured]) => ({ kind, name, measured_us: measured })),
    split_us: compared.find(([kind]) => kind === 'split')?.[2] ?? null, splitting_pays: false, predicted_us: 1000, error: 0.1,
  });
  const single = ['single', 'one worker, a', 4000], together = ['together', 'one session on a+b', 3000], copies = ['copies', 'two whole copies', 2000], split = ['split', 'split, 2 parts', 2500];
  assert.match(tuningText(report('copies', single, together, copies, split)), new RegExp('kept: two whole copies, 2.00 ms per inference: 1.25 times as fast as split, 2 parts, 2.00 times as fast as one worker, a\\n' +
    'splitting does not pay: 2.50 ms per inference split, 2.00 ms with two whole copies\\npredicted 1.00 ms, 10.0 % off\\n$'));
  assert.match(tuningText(report('split', single, together, copies, split)), /kept: split, 2 parts, 2.50 ms per inference: 1.20 .*\nfaster, but excluded by --replicas=no: two whole copies, 2.00 ms per inference\nsplitting does not pay/);
  // What differs by less than the same does is not told apart.
  const noisy = report('split', single, ['split', 'split, 2 parts', 3900]);
  noisy.compared.forEach((row) => { row.noise = 0.2; });
  assert.match(tuningText(noisy), /\nnoisy: three measurements of one worker, a differ by 20\.0 %; end other work .*\nthe next is 2\.6 % away, which is less than measurements differ by \(20\.0 %\): it may be as good\n/);
  noisy.compared.forEach((row) => { row.noise = 0.01; });
  assert.doesNotMatch(tuningText(noisy), /noisy|as good/);
  assert.match(tuningText(report('single', single)), /kept: one worker, a, 4.00 ms per inference\nsplitting does not pay: no split was predicted to be better\n/);
  const paying = { ...report('split', single, ['split', 'split, 2 parts', 3900]), splitting_pays: true };
  assert.match(tuningText(paying), /kept: split, 2 parts, 3.90 ms per inference: 1.03 times as fast as one worker, a\nsplitting pays: nothing that leaves the model whole is as fast\n/);
});

test('kinds of plans, and one session on all CPUs', () => {
  const one = [{ id: 'p0' }], two = [{ id: 'p0' }, { id: 'p1' }];
  assert.deepEqual([{ parts: one }, { parts: one, lanes: [{ share: 1, parts: one }] }, { parts: two }, { parts: one, lanes: [{ share: 1, parts: two }] }].map(kindOf), ['whole', 'copies', 'split', 'split']);
  const device = (id, type, runtime) => ({ id, type, runtime });
  const together = (...devices) => withTogether({ devices })?.manifest.devices.at(-1);
  assert.deepEqual(together(device('a', 'cpu', { threads: 1, cores: '0' }), device('g', 'gpu', { provider: 'cuda' }), device('b', 'cpu', { cores: '1-2' })), device('a+b', 'cpu', { provider: 'cpu', threads: 3, cores: '0,1-2' }));
  assert.deepEqual(together(device('a', 'cpu', { threads: 1 }), device('b', 'cpu', { threads: 1 })).runtime, { provider: 'cpu', threads: 2, cores: undefined });
  assert.equal(withTogether({ devices: [device('a', 'cpu', { threads: 1 })] }), null);
  assert.equal(withTogether({ devices: [device('a', 'cpu', { threads: 0 }), device('b', 'cpu', { threads: 1 })] }), null);
});

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

test('files of others in the folder stay', { skip }, () => {
  write(cpu('left'), cpu('right'));
  const out = path.join(scratch, 'theirs'), file = (name) => path.join(out, name);
  const tuned = () => tune('branches', 'latency', out, '--rounds=1');
  for (const name of ['costs.csv', 'tuning.json', 'plan.json', 'branches.00000_left.onnx']) {
    fs.mkdirSync(out);
    fs.writeFileSync(file(name), 'mine');
    const { status, stderr } = tuned();
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`^error: '.*${name}' was not written by (allot tune|Allot), or changed since; move it away.*\n$`));
    assert.throws(() => checkTunedFolder(out, 'branches.onnx'), /was not written by/, 'before anything is measured');
    assert.deepEqual(fs.readdirSync(out), [name]);
    assert.equal(fs.readFileSync(file(name), 'utf8'), 'mine');
    fs.rmSync(out, { recursive: true });
  }
  fs.writeFileSync(out, 'mine');
  assert.match(tuned().stderr, /^error: '.*theirs' exists and is no folder; give another output folder\n$/);
  fs.rmSync(out);
  // An earlier tuning's are replaced, unless they were changed.
  for (let i = 0; i < 2; ++i) assert.equal(tuned().status, 0);
  for (const name of fs.readdirSync(out).filter((each) => !each.startsWith('.'))) {
    const before = fs.readFileSync(file(name));
    fs.writeFileSync(file(name), 'mine');
    assert.throws(() => checkTunedFolder(out, 'branches.onnx'), (error) => error instanceof UserError && error.message.includes('was not written by'), name);
    fs.writeFileSync(file(name), before);
    checkTunedFolder(out, 'branches.onnx');
  }
  fs.appendFileSync(file('costs.csv'), '# mine\n');
  assert.match(tuned().stderr, /costs\.csv' was not written by allot tune, or changed since/);
  // Nor is what a link leads to.
  fs.renameSync(file('costs.csv'), path.join(scratch, 'linked.csv'));
  fs.symlinkSync(path.join(scratch, 'linked.csv'), file('costs.csv'));
  assert.match(tuned().stderr, /costs\.csv' was not written by allot tune/);
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
