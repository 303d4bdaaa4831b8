// See real.sh. Each row: one worker (the unsplit model on the best single device) and the plan, measured turn by turn in one
// run of `allot tune`; then `allot run --check` on the plan that it wrote.
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
    if (!fs.existsSync(file)) execFileSync('build/make-model', [name, file], { stdio: 'ignore' });
    return file;
  });
}

const ms = (us) => (us / 1000).toFixed(us < 1e4 ? 2 : 1);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const program = (name, args) => JSON.parse(execFileSync(`build/allot-${name}`, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 28 }));
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

console.log(`${os.cpus().length} cores of ${os.cpus()[0].model}, target ${target}, load ${os.loadavg()[0].toFixed(2)} at the start\n`);
for (const objective of flags.objective ? [flags.objective] : ['throughput', 'latency']) {
  const unit = objective === 'throughput' ? 'ms per inference' : 'ms';
  console.log(`| model, ${objective} (${unit}) | one worker | plan | ratio | parts | predicted | off by | samples equal |`);
  console.log('|---|---:|---:|---:|---:|---:|---:|---:|');
  const ratios = [], errors = [];
  for (const model of models) {
    const name = path.basename(model, '.onnx'), folder = path.join(out, `${name}-${objective}`);
    let row;
    try {
      const tuned = program('tune', [model, `--target=${target}`, `--objective=${objective}`, '-o', folder, '--json']);
      const checked = program('run', [path.join(folder, 'manifest.json'), '--check', `--samples=${samples}`, '--json']);
      ratios.push(tuned.gain);
      errors.push(Math.abs(tuned.error));
      row = [name, ms(tuned.single_us), ms(tuned.measured_us), tuned.gain.toFixed(2), tuned.chosen.parts, ms(tuned.predicted_us), percent(tuned.error), checked.check.compared];
    } catch (error) {
      row = [name, `failed: ${String(error.message).split('\n')[0].slice(0, 100)}`, '', '', '', '', '', ''];
      process.exitCode = 1;
    }
    console.log(`| ${row.join(' | ')} |`);
  }
  if (ratios.length > 0) console.log(`\nmean ratio ${mean(ratios).toFixed(2)}, least ${Math.min(...ratios).toFixed(2)}; prediction off by ${percent(median(errors))} at the median\n`);
}
