#!/usr/bin/env node
// Runs the parts of a manifest in ONNX Runtime, a worker process per device, and measures.
import { helpText, parseArguments, parseDims } from './lib/arguments.mjs';
import { runAnnotated } from './lib/annotated_run.mjs';
import { main, UserError } from './lib/errors.mjs';
import { readManifest } from './lib/manifest.mjs';
import { findReport, measuredSchedule, writeMeasured } from './lib/measured_report.mjs';
import { measuredTrace } from './lib/measured_trace.mjs';
import { suggestion } from './lib/nearest_name.mjs';
import { LEVELS } from './lib/onnxruntime.mjs';
import { runPlan } from './lib/plan_run.mjs';
import { NOISY } from './lib/statistics.mjs';
import { canTravel } from './lib/tensors.mjs';
import { checkWritable, duration, inTone, percent, progress, table, writeWhole } from './lib/text_output.mjs';

const TRACED = 100;

const FLAGS = {
  mode: { kind: 'choice', choices: ['latency', 'pipeline'], help: 'latency: one sample at a time; pipeline: a steady stream\n(default: as the plan\'s objective)' },
  samples: { kind: 'integer', value: 'N', initial: 50, help: 'samples that are measured' },
  warmup: { kind: 'integer', value: 'N', least: 0, initial: 3, help: 'samples before them that are not' },
  'in-flight': { kind: 'integer', value: 'N', help: 'samples on their way at once in a pipeline (default: parts + 1)' },
  opt: { kind: 'choice', choices: LEVELS, initial: 'all', help: 'graph optimisations of ONNX Runtime' },
  on: { kind: 'choice', choices: ['target', 'cpu'], initial: 'target', help: 'cpu: run every part on the CPU, whatever its device asks for' },
  check: { kind: 'flag', help: 'compare every sample with the whole model on the CPU, within the\ntolerance' },
  tolerance: { kind: 'number', value: 'X', help: 'of --check: |difference| <= X (1 + |value|) (default: 0 with\n--opt=disabled, else 1e-4; 1e-2 in float16 and on devices that are no CPU)' },
  whole: { kind: 'text', value: 'DEVICE', help: 'run the unsplit model on this device instead of the parts' },
  annotated: { kind: 'flag', help: 'run model.annotated.onnx in one session and say where its nodes ran' },
  inputs: { kind: 'text', value: 'FILE|DIR', help: 'what is valid input (NAME.inputs.json), or a folder with tensors and an\nindex.json (default: the model\'s side file, else random values)' },
  dim: { kind: 'list', value: 'NAME=SIZE', help: 'size of a symbolic dimension (default: that of the plan)' },
  'default-dim': { kind: 'integer', value: 'SIZE', help: 'size of every other open dimension (default: that of the plan)' },
  distinct: { kind: 'integer', value: 'N', initial: 4, help: 'different inputs, taken in turn' },
  seed: { kind: 'integer', value: 'N', least: 0, initial: 1, help: 'of the inputs' },
  trace: { kind: 'text', value: 'FILE', help: 'write the measured schedule for Perfetto (the first 100 samples)' },
  report: { kind: 'flag', help: 'put the measured schedule into model.report.html beside the manifest' },
  'stall-timeout': { kind: 'number', value: 'SECONDS', initial: 120, help: 'give up if a device works at one part, or at loading one, for so long' },
  json: { kind: 'flag', help: 'print the result as JSON' },
};

function textReport(report) {
  const pipeline = report.mode === 'pipeline', times = report.latency_us;
  let text = report.whole ? `the whole model on ${report.whole}, ` : '';
  text += `${report.mode}, ${report.samples} samples: ${duration(report.measured_us)} ${pipeline ? 'per sample' : ''}`.trimEnd();
  if (report.predicted_us !== null) text += `, predicted ${duration(report.predicted_us)} (${report.error > 0 ? '+' : ''}${percent(report.error)})`;
  text += `\n\n  latency: median ${duration(times.median)}, 90 % ${duration(times.p90)}, 99 % ${duration(times.p99)}, longest ${duration(times.max)}\n`;
  if (report.noise > NOISY) {
    text += inTone('warning', `  noisy: ${pipeline ? 'stretches of the stream' : 'half of the samples'} differ by ${percent(report.noise)}, so differences below that say little; ` +
      'end other work on this machine, or take more --samples\n');
  }
  if (pipeline) text += `  throughput: ${report.throughput_per_s?.toFixed(2) ?? '-'} per second, ${report.in_flight} samples in flight\n`;
  // Without anything that was predicted for what ran, there is no column for it.
  const predicted = (rows, cell) => (rows.some((row) => row !== undefined) ? [cell] : []);
  const busy = report.devices.map((device) => device.predicted_busy_us), partTimes = report.parts.map((part) => part.predicted_us);
  text += '\n' + table([['device', 'provider', 'busy', ...predicted(busy, 'predicted'), 'utilisation'],
    ...report.devices.map((device) => [device.id, device.provider, duration(device.busy_us), ...predicted(busy, duration(device.predicted_busy_us)), percent(device.utilisation)])]);
  text += '\n' + table([['part', 'device', 'measured', ...predicted(partTimes, 'predicted'), 'computing', 'reading', 'writing', 'spread'],
    ...report.parts.map((part) => [part.id, part.device, duration(part.measured_us), ...predicted(partTimes, duration(part.predicted_us)), duration(part.compute_us), duration(part.read_us), duration(part.write_us), percent(part.spread)])]);
  if (report.moved) text += `\n  parts of ${report.moved.join(', ')} ran on the CPU: measured, and not compared with what was predicted for other devices\n`;
  if (report.lanes) {
    text += '\n' + table([['lane', 'share', 'samples', 'parts', 'latency'],
      ...report.lanes.map((lane, index) => [index, lane.share, lane.samples, lane.parts.join(' '), duration(lane.latency_us.median)])]);
  }
  if (report.check) text += `\n  all outputs of ${report.check.compared} samples equal the whole model's (${report.check.tolerance === 0 ? 'bit for bit' : `largest difference ${report.check.worst.toExponential(1)}`})\n`;
  return text;
}

// A misspelt dimension would be measured at its default size.
function checkDims(manifest, texts) {
  const known = new Set(manifest.inputs.flatMap((name) => manifest.signature?.[name]?.shape ?? []).filter((dim) => typeof dim === 'string'));
  for (const [name, size] of Object.entries(parseDims(texts))) {
    if (!known.has(name)) throw new UserError(`--dim=${name}=${size}: no input has a dimension ${name}${suggestion(name, [...known])}`);
  }
}

// What JavaScript has no numbers for would end inside a worker, without a name. In one session nothing passes between parts.
function checkTypes(manifest, oneSession) {
  const outer = new Set([...manifest.inputs, ...manifest.outputs]);
  for (const [name, { dtype, kind }] of Object.entries(manifest.signature ?? {})) {
    if (typeof dtype !== 'string' || (kind ?? 'tensor') !== 'tensor' || canTravel(dtype)) continue;
    if (outer.has(name)) {
      const role = manifest.inputs.includes(name) ? 'input' : 'output';
      throw new UserError(`${manifest.file}: ${role} ${name} of the model is ${dtype}, which allot run has no numbers for (the parts themselves are right); give the model a Cast there, or run the parts in a runtime of yours`);
    }
    if (oneSession) continue;
    throw new UserError(`${manifest.file}: tensor ${name} is ${dtype}, which allot run cannot pass between parts (the parts themselves are right); cut where the tensor has another type, by --pin or --together, or run the parts in a runtime of yours`);
  }
}

await main(async (argv) => {
  const flags = parseArguments(argv, FLAGS);
  if (flags.help) {
    process.stdout.write(helpText('allot-run MANIFEST [options]', 'Runs the parts of a plan in ONNX Runtime, a worker per device, and compares with the prediction.', FLAGS));
    return 0;
  }
  if (flags.positional.length !== 1) throw new UserError(`${flags.positional.length === 0 ? 'no manifest given' : 'more than one manifest given'}; usage: allot-run MANIFEST [options]`);
  const manifest = readManifest(flags.positional[0]);
  checkTypes(manifest, flags.annotated || flags.whole !== undefined);
  checkDims(manifest, flags.dim);
  if (flags.trace) checkWritable(flags.trace);
  if (flags.report && (flags.annotated || flags.whole)) throw new UserError('--report shows when parts ran; leave out --annotated and --whole');
  const page = flags.report ? findReport(manifest) : null;
  const options = {
    mode: flags.mode ?? (manifest.objective === 'throughput' ? 'pipeline' : 'latency'),
    level: flags.opt, samples: flags.samples, warmup: flags.warmup, inFlight: flags['in-flight'], onCpu: flags.on === 'cpu',
    check: flags.check, tolerance: flags.tolerance, whole: flags.whole, dims: parseDims(flags.dim), defaultDim: flags['default-dim'],
    distinct: flags.distinct, seed: flags.seed, stallTimeoutS: flags['stall-timeout'], progress,
    ...(flags.inputs?.endsWith('.json') ? { spec: flags.inputs } : { feeds: flags.inputs }),
  };
  if (flags.annotated) {
    const { report, text } = await runAnnotated(manifest, options);
    process.stdout.write(flags.json ? JSON.stringify(report, null, 1) + '\n' : text);
    return 0;
  }
  const run = await runPlan(manifest, options), { report, samples, flow } = run;
  progress('');
  if (page) writeMeasured(page, measuredSchedule(run));
  if (flags.trace) writeWhole(flags.trace, measuredTrace(manifest, flow, samples.slice(0, TRACED)));
  process.stdout.write(flags.json ? JSON.stringify(report, null, 1) + '\n' : textReport(report));
  return 0;
});
