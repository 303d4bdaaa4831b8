// Running a manifest: load its parts on workers, stream samples, measure, and compare with the whole model.
import fs from 'node:fs';
import path from 'node:path';
import { Conductor } from './conductor.mjs';
import { makeDataflow } from './dataflow.mjs';
import { UserError } from './errors.mjs';
import { makeInput as makeInputTensor, makeInputs, readInputs, readInputSpec, warnOfUnknown } from './inputs.mjs';
import { checkIntegrity, lanesOf, partFiles } from './manifest.mjs';
import { availableProviders, loadRuntime, runtimeOf, sessionOptions } from './onnxruntime.mjs';
import { shareInputs } from './shared_inputs.mjs';
import { readRegion } from './shared_memory.mjs';
import { mean, median, spread, summarise } from './statistics.mjs';
import { difference, fromBytes } from './tensors.mjs';
import { withWorkers } from './workers.mjs';

const MAX_IN_FLIGHT = 16;

/**
 * How to run: {level, mode: 'latency' | 'pipeline', samples, warmup, inFlight?, distinct, seed, dims, defaultDim?, spec?,
 * feeds?, onCpu, check, tolerance?, whole?, stallTimeoutS?, progress?}. `whole` names a device that runs the unsplit model alone.
 * @typedef {Object} RunOptions
 */

// A device as its worker needs it. `onCpu` runs the parts of every device on the CPU: right results, times of a CPU. Then
// `moved` says that this is not what the plan was made for.
function workerDevice(device, ort, onCpu) {
  const runtime = runtimeOf(device), { provider } = runtime;
  if (onCpu && provider !== 'cpu') return { id: device.id, runtime: { provider: 'cpu', threads: 1 }, moved: true };
  if (!provider) throw new UserError(`device ${device.id} has no runtime.provider in the target; --on=cpu runs every part on the CPU`);
  if (!availableProviders(ort).includes(provider)) {
    throw new UserError(`device ${device.id} runs on provider ${provider}, which is not installed here (there is ` +
      `${availableProviders(ort).join(', ')}); --on=cpu runs every part on the CPU`);
  }
  return { id: device.id, runtime };
}

// The manifest's model as one part, on one device.
function wholeModel(manifest, deviceId) {
  if (!manifest.modelPath) throw new UserError(`${manifest.file} names no model; make the parts from a file, not from standard input`);
  if (fs.existsSync(manifest.modelPath) && !fs.statSync(manifest.modelPath).isFile()) {
    throw new UserError(`${manifest.file}: the model ${manifest.modelPath} is no file; make the parts from a file`);
  }
  const device = manifest.devices.find((candidate) => candidate.id === deviceId);
  if (!device) throw new UserError(`--whole=${deviceId}: there is no such device (there are ${manifest.devices.map(({ id }) => id).join(', ')})`);
  const computed = manifest.outputs.filter((name) => !manifest.inputs.includes(name));
  if (computed.length === 0) return [];
  const file = path.relative(manifest.folder, manifest.modelPath);
  return [{ id: 'whole', device: deviceId, file, inputs: manifest.inputs, outputs: computed }];
}

// Types of the model's inputs as session metadata has them; dimensions of which nothing is known are ''.
function inputMetadata(manifest) {
  return manifest.inputs.map((name) => {
    const { dtype, shape, kind } = manifest.signature?.[name] ?? {};
    return { name, isTensor: !kind && dtype !== undefined, optional: kind === 'optional', type: dtype, shape: (shape ?? []).map((dim) => dim ?? '') };
  });
}

/** The sets of inputs that samples take in turn: [[{name, type, dims, data}]]. */
export function makeInputSets(manifest, options) {
  const metadata = inputMetadata(manifest);
  const fixed = [...fixedInputs(manifest).keys()];
  if (options.feeds) return [readInputs(options.feeds, metadata, fixed)];
  const spec = readInputSpec(manifest.modelPath ?? manifest.file, options.spec);
  // A fixed input may have been the only one of its dimensions.
  const symbols = fixed.length > 0 ? Object.keys(spec.dims) : Object.values(manifest.signature ?? {}).flatMap(({ shape }) => shape ?? []);
  warnOfUnknown(spec, {}, [...manifest.inputs, ...fixed], [...new Set(symbols)].filter((dim) => typeof dim === 'string'));
  // What the plan was made for beats the model's side file; the command line beats both.
  spec.dims = { ...spec.dims, ...manifest.dims, ...options.dims };
  const defaultDim = options.defaultDim ?? manifest.default_dim ?? 1;
  const count = Math.max(1, Math.min(options.distinct, options.samples));
  return Array.from({ length: count }, (_, i) => makeInputs(metadata, spec, defaultDim, options.seed + i));
}

function checkMetadata(manifest, part, { inputs, outputs }) {
  const at = `${path.join(manifest.folder, part.file)}: `;
  for (const name of part.inputs) if (!inputs.some((input) => input.name === name)) throw new UserError(`${at}the file takes no ${name}, which ${manifest.file} lists`);
  for (const name of part.outputs) if (!outputs.some((output) => output.name === name)) throw new UserError(`${at}the file does not make ${name}, which ${manifest.file} lists`);
}

const valueOf = (workers, { type, dims, bytes, region }) => ({ type, dims, data: fromBytes(type, readRegion(workers.memory, region, bytes)) });

// One session a device for what is the same file.
async function loadParts(workers, manifest, flow, devices, level) {
  const runtimes = new Map(devices.map((device) => [device.id, device.runtime]));
  await Promise.all(flow.parts.filter(({ id, session }) => id === session).map(async (part) => {
    const file = path.join(manifest.folder, part.file);
    checkMetadata(manifest, part, await workers.load(part.device, part.session, file, sessionOptions(runtimes.get(part.device), level)));
  }));
}

/** The inputs of the model that the plan fixed (--set), which its parts do not take: name -> value. */
export function fixedInputs(manifest) {
  const [, quoted, plain] = /\bfix-inputs\{values=(?:"([^"]*)"|([^ }]*))/.exec(manifest.pipeline ?? '') ?? [];
  const entries = (quoted ?? plain ?? '').split(';').filter((text) => text !== '').map((text) => {
    const value = text.slice(text.lastIndexOf('=') + 1);
    return [text.slice(0, text.lastIndexOf('=')), value === 'true' || value === 'false' ? value === 'true' : Number(value)];
  });
  return new Map(entries);
}

/** What the whole model makes of each input set, on one CPU worker: [Map output -> {type, dims, data}]. */
async function expectedOutputs(manifest, sets, { level, stallTimeoutS }, device) {
  const parts = wholeModel(manifest, device.id), fixed = fixedInputs(manifest);
  return withWorkers([device], async (workers) => {
    let extra = [];
    if (fixed.size > 0 && parts.length > 0) {
      const { inputs } = await workers.load(device.id, 'signature', path.join(manifest.folder, parts[0].file), sessionOptions(device.runtime, level));
      extra = inputs.filter(({ name }) => fixed.has(name)).map((meta) => makeInputTensor(meta, { value: fixed.get(meta.name) }, {}, 1, 1));
    }
    const names = [...manifest.inputs, ...extra.map(({ name }) => name)];
    const flow = makeDataflow({ ...manifest, inputs: names }, [{ share: 1, parts: parts.map((part) => ({ ...part, inputs: names })) }]);
    await loadParts(workers, manifest, flow, [device], level);
    const shared = shareInputs(workers, sets.map((set) => [...set, ...extra]));
    const results = [];
    const conductor = new Conductor(workers, flow, {
      inFlight: 1,
      inputs: (index) => shared[index],
      onSample: (sample) => results.push(new Map(manifest.outputs.map((name) => [name, valueOf(workers, sample.values.get(name))]))),
    });
    await conductor.stream(sets.length);
    return results;
  }, { stallTimeoutS });
}

/**
 * What --check allows if nobody says. Parts on CPUs with optimisations off compute what the whole model does, bit for bit;
 * fusions, which end where parts do, round elsewhere. Other providers may multiply in fewer bits than float32 has, and
 * between two operators in float16 the CPU provider keeps float32, which cannot cross from part to part.
 */
export function defaultTolerance(manifest, devices, level) {
  const coarse = devices.some(({ runtime }) => runtime.provider !== 'cpu') || Object.values(manifest.signature ?? {}).some(({ dtype }) => dtype === 'float16');
  if (coarse) return 1e-2;
  return level === 'disabled' ? 0 : 1e-4;
}

// The mean time between completions after the warm-up, and its median over ten stretches, which an interruption of the
// machine does not move, with how much these differ; `from` and `to`: the first and the last of these completions. A stretch is as long as a cycle of
// the lanes at least: within one, they are of different speeds.
function periods(samples, warmup, count, cycle) {
  const ends = samples.map((sample) => sample.end).sort((a, b) => a - b).slice(Math.max(0, warmup - 1), warmup + count);
  const stretches = Math.max(1, Math.min(10, ends.length - 1, Math.floor(count / cycle)));
  const at = (i) => Math.round((i * (ends.length - 1)) / stretches);
  const means = Array.from({ length: stretches }, (_, i) => (ends[at(i + 1)] - ends[at(i)]) / (at(i + 1) - at(i)));
  const from = ends[0], to = ends[ends.length - 1];
  return { mean: (to - from) / (ends.length - 1), median: median(means), spread: spread(means), from, to };
}

// Samples on their way: a lane can have one in each of its parts, and the next one ready.
function enoughInFlight({ lanes, parts }) {
  return Math.min(Math.max(MAX_IN_FLIGHT, 2 * lanes.length), Math.max(2, parts.length + lanes.length));
}

// Runs of a sample's parts on a device.
const runsOn = (flow, device, sample) => sample.runs.filter(({ part }) => flow.parts[part].device === device);

// How much of the time between two instants a device runs parts: in a stream those of samples, too, that began before or
// end behind those that count.
function shareOf(flow, samples, device, { from, to }) {
  const within = ({ times }) => Math.max(0, Math.min(times[3], to) - Math.max(times[0], from));
  return samples.reduce((sum, sample) => sum + runsOn(flow, device, sample).reduce((busy, run) => busy + within(run), 0), 0) / (to - from);
}

// `share(id, busy)`: of the time, in which a device runs parts; `busy` is how long it does for a sample.
function deviceUse(flow, samples, devices, share, predictedBusyUs) {
  return devices.map(({ id, runtime }) => {
    const busy = mean(samples.map((sample) => runsOn(flow, id, sample).reduce((sum, { times }) => sum + times[3] - times[0], 0)));
    return { id, provider: runtime.provider, cores: runtime.cores, busy_us: busy, utilisation: share(id, busy), predicted_busy_us: predictedBusyUs(id) };
  });
}

function partTimes(flow, samples, moved) {
  return flow.parts.map((part, index) => {
    const times = samples.flatMap((sample) => sample.runs.filter((run) => run.part === index).map((run) => run.times));
    const phase = (from, to) => median(times.map((at) => at[to] - at[from]));
    const predicted = !moved && part.end_us !== undefined ? part.end_us - part.start_us : undefined;
    return { id: part.id, device: part.device, ...(flow.lanes.length > 1 && { lane: part.lane }), predicted_us: predicted, measured_us: phase(0, 3), read_us: phase(0, 1), compute_us: phase(1, 2), write_us: phase(2, 3), spread: spread(times.map((at) => at[3] - at[0])) };
  });
}

// What each lane did; undefined if there is one only.
function laneUse(flow, samples) {
  if (flow.lanes.length < 2) return undefined;
  return flow.lanes.map(({ share, parts }, lane) => {
    const own = samples.filter((sample) => sample.lane === lane);
    return { share, samples: own.length, parts: parts.map((index) => flow.parts[index].id), latency_us: summarise(own.map((sample) => sample.end - sample.begin)) };
  });
}

/**
 * Runs a manifest and measures: in a pipeline all lanes in turn and whole cycles of them, for latency the first. Returns {report, samples, flow}, `report` being plain JSON with times in microseconds.
 * Throws UserError for parts that cannot be loaded or run, for a dead worker, an interrupt, and outputs that differ from
 * the whole model's.
 */
export async function runPlan(manifest, options) {
  const ort = loadRuntime();
  const pipeline = options.mode === 'pipeline';
  const planned = lanesOf(manifest);
  const lanes = options.whole ? [{ share: 1, parts: wholeModel(manifest, options.whole) }] : pipeline ? planned : [{ ...planned[0], share: 1 }];
  const flow = makeDataflow(manifest, lanes), cycle = flow.turns.length;
  const used = manifest.devices.filter((device) => flow.parts.some((part) => part.device === device.id));
  const devices = used.map((device) => workerDevice(device, ort, options.onCpu));
  if (!options.whole) await checkIntegrity(manifest, partFiles(manifest, lanes));
  const sets = makeInputSets(manifest, options);
  const say = options.progress ?? (() => {});

  let expected = null;
  const tolerance = options.tolerance ?? defaultTolerance(manifest, devices, options.level);
  if (options.check) {
    say('running the whole model for comparison');
    // Sums depend on how many threads share them: as many as the parts have.
    const runtime = devices.find((device) => device.runtime.provider === 'cpu')?.runtime ?? { provider: 'cpu', threads: 1 };
    expected = await expectedOutputs(manifest, sets, options, { id: manifest.devices[0].id, runtime });
  }

  return withWorkers(devices, async (workers) => {
    say(`loading ${flow.parts.length} parts`);
    await loadParts(workers, manifest, flow, devices, options.level);
    const shared = shareInputs(workers, sets);
    const inFlight = pipeline ? options.inFlight ?? enoughInFlight(flow) : 1;
    const count = Math.ceil(options.samples / cycle) * cycle;
    const worst = { value: 0 };
    // Above all quantised models change: a rounding that moves makes a whole step.
    const remedy = options.level === 'disabled' ? '' : '; fusions end where parts do: compare with --opt=disabled, or set --tolerance';
    let done = 0, compared = 0;
    const onSample = (sample) => {
      if (++done % 16 === 0) say(`${done} samples`);
      if (!expected) return;
      for (const [name, want] of expected[sample.index % sets.length]) {
        const why = difference(valueOf(workers, sample.values.get(name)), want, tolerance, worst);
        if (why) throw new UserError(`sample ${sample.index}: output ${name}: ${why}, which the whole model gives (tolerance ${tolerance})${remedy}`);
      }
      ++compared;
    };
    const conductor = new Conductor(workers, flow, { inFlight, inputs: (index) => shared[index % sets.length], onSample });
    const warmup = Math.max(options.warmup, pipeline ? inFlight : 1);
    // A stream that ends is no longer steady: the samples behind those that count keep the devices busy.
    const all = await conductor.stream(warmup + count + (pipeline ? inFlight : 0));
    say('');
    const samples = all.slice(warmup, warmup + count);
    const period = periods(all, warmup, count, cycle);
    const latencies = samples.map((sample) => sample.end - sample.begin);
    // A plan is a prediction for its own devices: what runs elsewhere is measured, and compared with nothing.
    const moved = devices.filter((device) => device.moved).map(({ id }) => id);
    const predicted = options.whole || moved.length > 0 ? undefined : manifest.predicted?.value_us;
    const measured = pipeline ? period.median : median(latencies);
    const comparable = predicted !== undefined && manifest.objective === (pipeline ? 'throughput' : 'latency');
    const report = {
      schema: 'allot.run/1', manifest: path.basename(manifest.file), mode: options.mode, level: options.level, whole: options.whole,
      samples: samples.length, warmup, in_flight: inFlight,
      predicted_us: comparable ? predicted : null, measured_us: measured,
      error: comparable ? (predicted - measured) / measured : null, noise: pipeline ? period.spread : spread(latencies),
      period_us: period.mean, period_median_us: period.median, throughput_per_s: period.mean > 0 ? 1e6 / period.mean : null,
      latency_us: summarise(latencies),
      devices: deviceUse(flow, samples, devices, (id, busy) => (pipeline ? shareOf(flow, all, id, period) : busy / mean(latencies)),
        // Of all lanes together.
        (id) => (options.whole || moved.length > 0 || lanes.length < planned.length ? undefined : manifest.devices.find((device) => device.id === id).busy_us)),
      moved: moved.length > 0 ? moved : undefined,
      parts: partTimes(flow, samples, moved.length > 0),
      lanes: laneUse(flow, samples),
      check: expected ? { compared, tolerance, worst: worst.value } : null,
    };
    return { report, samples, flow };
  }, { stallTimeoutS: options.stallTimeoutS });
}
