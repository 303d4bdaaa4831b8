// End to end: every test model on every kind of target, parts against the original in ONNX Runtime.
// Arguments: the allot program, the make-e2e-models program, a scratch folder.
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { checkFolder } from './run_parts.mjs';

const [allot, makeModels, scratch] = process.argv.slice(2);
fs.rmSync(scratch, { recursive: true, force: true });
const models = path.join(scratch, 'models');
fs.mkdirSync(models, { recursive: true });
execFileSync(makeModels, [models]);

// Two equal devices, and rules that put neighbouring operators apart, so that every model is cut often.
const device = (name) => ({ name, kind: 'cpu', memory: '1GiB', flops: { default: '1T' }, memory_bandwidth: '100GB/s', part_cost_us: 1, op_cost_us: 0.1, runtime: { provider: 'cpu' } });
const scattered = path.join(scratch, 'scattered.target.json');
fs.writeFileSync(scattered, JSON.stringify({
  schema: 'allot.target/1', name: 'scattered', devices: [device('left'), device('right')],
  topology: { links: [{ from: 'left', to: 'right', bandwidth: '10GB/s', latency_us: 1 }] },
  rules: [
    ...['Conv', 'MatMul', 'Add', 'Sigmoid', 'If', 'SequenceAt', 'gate', 'NonZero'].map((op) => ({ pin: 'left', op })),
    ...['Relu', 'Mul', 'Tanh', 'Concat', 'Loop', 'twice', 'Gather', 'LayerNormalization'].map((op) => ({ pin: 'right', op })),
  ],
}, null, 1));

const digest = (folder) => Object.fromEntries(fs.readdirSync(folder).sort().map((file) =>
  [file, crypto.createHash('sha256').update(fs.readFileSync(path.join(folder, file))).digest('hex')]));

// What the manifest says of its files against the files: null if all is so, else what is not.
function checkManifest(manifest, folder) {
  const dims = JSON.stringify([manifest.dims, manifest.default_dim]);
  if (dims !== '[{"batch":2},1]') return `the manifest names the sizes ${dims}`;
  const found = digest(folder), expected = {};
  for (const name of Object.keys(found).filter((name) => name.endsWith('.onnx')).concat(manifest.external_data).sort()) {
    const bytes = fs.statSync(path.join(folder, name)).size;
    expected[name] = manifest.external_data.includes(name) ? { bytes } : { bytes, sha256: found[name] };
  }
  const [said, is] = [JSON.stringify(manifest.integrity), JSON.stringify(expected)];
  return said === is ? null : `the manifest lists ${said}, and the files are ${is}`;
}

let passed = 0, failed = 0;
const report = (what, why) => { if (why) { ++failed; console.log(`FAILED ${what}: ${why}`); } else { ++passed; console.log(`ok ${what}`); } };

for (const file of fs.readdirSync(models).filter((name) => name.endsWith('.onnx')).sort()) {
  const model = path.join(models, file);
  for (const target of ['cpu-2gpu', 'soc-npu', scattered]) {
    for (const objective of ['latency', 'throughput']) {
      const name = path.basename(target, '.target.json'), what = `${file} on ${name}, ${objective}`;
      const out = path.join(scratch, `${path.basename(file, '.onnx')}-${name}-${objective}`);
      const run = (folder, ...more) => execFileSync(allot, [model, `--target=${target}`, `--objective=${objective}`, '--dim', 'batch=2', '-o', folder, '--quiet', ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
      try {
        run(out);
        let why = await checkFolder(model, out);
        const manifest = JSON.parse(fs.readFileSync(path.join(out, 'manifest.json'), 'utf8'));
        if (!why && target === scattered && manifest.parts.length < 2) why = 'the rules did not cut the model';
        why ||= checkManifest(manifest, out);
        // What constants alone decide, or nothing but a view of an input does, is copied, not sent.
        const sent = manifest.edges.filter(({ tensor }) => file === 'constant_work.onnx' && ['positions', 'numbers', 'angles', 'weights', 'turned', 'three', 'shifts'].includes(tensor));
        if (sent.length > 0) why ||= `it sends ${sent.map(({ tensor }) => tensor)}`;
        if (!why) {
          const first = digest(out), again = `${out}-again`;
          run(again, '--threads=2');
          const second = digest(again);
          const changed = Object.keys({ ...first, ...second }).filter((key) => first[key] !== second[key]);
          if (changed.length > 0) why = `a second run on two threads wrote other bytes: ${changed}`;
          fs.rmSync(again, { recursive: true });
        }
        report(what, why);
      } catch (error) {
        report(what, error.stderr?.toString() || error.message);
      }
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
