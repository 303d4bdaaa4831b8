// See real.sh. Each row is a run of `allot tune`, which measures turn by turn: one worker (the unsplit model on the best single
// device), one session on all of them, whole copies at the same time, and the best split; then `allot run --check` on what it kept.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const MADE = ['googlenet', 'inception-v3', 'densenet-121', 'randwire', 'transformer-encoder', 'unet', 'resnet-50', 'mobilenet-v2'];

const flags = Object.fromEntries(process.argv.slice(2).filter((text) => text.startsWith('--')).map((text) => text.slice(2).split('=')));
const samples = Number(flags.samples ?? 1000), target = flags.target ?? 'host:cpus=1+1', out = flags.out ?? 'build/real';
fs.mkdirSync(out, { recursive: true });
let models = process.argv.slice(2).filter((text) => !text.startsWith('--'));
if (models.length === 0) {
  models = MADE.map((name) => {
    const file = path.join(out, `${name}.onnx`);
    if (!fs.existsSync(file)) execFileSync('build/allot', ['make-model', name, file], { stdio: 'ignore' });
    return file;
  });
}

const ms = (us) => (us / 1000).toFixed(us < 1e4 ? 2 : 1);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const program = (name, args) => JSON.parse(execFileSync(`build/allot-${name}`, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 28 }));
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

console.log(`${os.cpus().length} cores of ${os.cpus()[0].model}, target ${target}, load ${os.loadavg()[0].toFixed(2)} at the start\n`);
const tables = [['throughput', 'yes'], ['throughput', 'no'], ['latency', 'yes']]
  .filter(([objective, replicas]) => (flags.objective ?? objective) === objective && (flags.replicas ?? replicas) === replicas);
for (const [objective, replicas] of tables) {
  const stream = objective === 'throughput', title = stream ? `throughput, --replicas=${replicas} (ms per inference)` : 'latency (ms)';
  console.log(`| model, ${title} | one worker | one session | copies | split | parts | split against the best unsplit | kept | predicted | off by | samples equal |`);
  console.log('|---|---:|---:|---:|---:|---:|---:|---|---:|---:|---:|');
  const ratios = [], errors = [];
  for (const model of models) {
    const name = path.basename(model, '.onnx'), folder = path.join(out, `${name}-${objective}${stream ? `-${replicas}` : ''}`);
    let row;
    try {
      const tuned = program('tune', [model, `--target=${target}`, `--objective=${objective}`, `--replicas=${replicas}`, '-o', folder, '--json']);
      const checked = program('run', [path.join(folder, 'manifest.json'), '--check', `--samples=${samples}`, '--json']);
      const of = (kind) => tuned.compared.find((each) => each.kind === kind);
      const ratio = of('split') && Math.min(...tuned.compared.filter(({ kind }) => kind !== 'split').map((each) => each.measured_us)) / of('split').measured_us;
      if (ratio) ratios.push(ratio);
      errors.push(Math.abs(tuned.error));
      row = [name, ...['single', 'together', 'copies', 'split'].map((kind) => (of(kind) ? ms(of(kind).measured_us) : '-')), of('split') ? of('split').name.replace(/^split, /, '') : '-',
        ratio ? ratio.toFixed(2) : '-', of(tuned.chosen.kind).name, ms(tuned.predicted_us), percent(tuned.error), checked.check.compared];
    } catch (error) {
      row = [name, `failed: ${String(error.message).split('\n')[0].slice(0, 100)}`, ...Array(9).fill('')];
      process.exitCode = 1;
    }
    console.log(`| ${row.join(' | ')} |`);
  }
  if (ratios.length > 0) console.log(`\na split was found for ${ratios.length} models and beats all that leaves them whole for ${ratios.filter((ratio) => ratio > 1).length}; mean ratio ${mean(ratios).toFixed(2)}`);
  if (errors.length > 0) console.log(`\nprediction off by ${percent(median(errors))} at the median\n`);
}
