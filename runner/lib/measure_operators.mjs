// Measures on one device what the operators of a model take.
//
// The model runs whole, at the level that parts will run at, in a worker as parts will. First with ONNX Runtime's
// profile, which tells how the time divides among kernels, then in the same session without it, because profiling
// slows a model down. What profiling adds to a kernel is measured on a chain of operators that do next to nothing, and
// taken off; then the kernels' times are scaled to what the run without a profile takes, less the fixed cost of a run.
import fs from 'node:fs';
import path from 'node:path';
import { UserError } from './errors.mjs';
import { attributeTimes, clueShares, mapFusion } from './fusion_map.mjs';
import { makeInputs, readInputs, warnOfUnknown } from './inputs.mjs';
import { readOnnxFile } from './onnx_file.mjs';
import { sessionOptions } from './onnxruntime.mjs';
import { readProfile, timesOfRun, withoutOverhead } from './profile_events.mjs';
import { shareInputs } from './shared_inputs.mjs';
import { median, spread } from './statistics.mjs';
import { canTravel } from './tensors.mjs';
import { chainModel } from './tiny_model.mjs';
import { withWorkers } from './workers.mjs';

// Operators in the chain, and how often it runs.
const CHAIN = 100, BASE_WARMUP = 20, BASE_REPEATS = 100;

const WARMUP = 3;
const FEWEST = 10, MOST = 500;
// What the runs with a profile take, and again those without.
const SECONDS = 1;
// The runtime drops events beyond a million; a text of this many is some tens of megabytes.
const MOST_EVENTS = 100000;
// A tensor that stays in the worker for good.
const FOR_EVER = Number.MAX_SAFE_INTEGER;

/**
 * What to measure: {model (path), original (its graph), level, repeats?, seed, dims, defaultDim, spec, feeds?, folder
 * (for temporary files), say}. `repeats` undefined: about two seconds, at least ten runs
 * with the profile and as many without.
 * @typedef {Object} Job
 */

/**
 * Measures `job` on `device` ({id, runtime}). Resolves to
 *   rows: [{node, label, time, status, into}], one for each node of the original, microseconds;
 *   runs, whole: the number of runs and the median time of one without the profile; fixed: of it, what any run costs;
 *   kernels, profiled: the number of kernels and the sum of their times as profiled, less `overhead` for each of them
 *   (but `least` remains); scale: what they were then multiplied by;
 *   spread: {whole, median, worst, worstNode}, interquartile ranges over medians: of the whole and of single nodes;
 *   clues: the shares of time by how kernels were attributed; providers: the providers that ran kernels.
 * Throws UserError, for one if the device's provider does not work here.
 */
export function measureOperators(device, job) {
  return withWorkers([device], async (workers) => {
    const folder = fs.mkdtempSync(path.join(job.folder, 'operators-'));
    const optimised = path.join(folder, 'optimised.onnx');
    job.say(`${device.id}: the cost of almost nothing`);
    const base = await measureBase(workers, device, job, folder);
    job.say(`${device.id}: loading`);
    const options = sessionOptions(device.runtime, job.level, {
      enableProfiling: true, profileFilePrefix: path.join(folder, 'profile'),
      optimizedModelFilePath: optimised, extra: { session: withoutWeights(folder) },
    });
    const { inputs, outputs } = await workers.load(device.id, 'model', path.resolve(job.model), options);
    if (!job.feeds) warnOfUnknown(job.spec, job.dims, inputs.map(({ name }) => name), symbolsOf([...inputs, ...outputs]));
    const runner = new Runner(workers, device.id, 'model', giveInputs(workers, inputs, job), outputs);
    const graph = readOnnxFile(optimised);
    const first = await runner.times(WARMUP);
    const count = job.repeats ?? repeatsFor(median(first), graph.nodes.length);
    job.say(`${device.id}: ${count} runs with a profile`);
    const slow = median(await runner.times(count));
    await workers.endProfiling(device.id, 'model');
    job.say(`${device.id}: ${count} runs without`);
    await runner.times(1);
    const wholes = await runner.times(count);

    const runs = profileIn(folder, 'profile').slice(WARMUP);
    return { runs: count, ...base, ...evaluate(job.original, graph, runs, slow, wholes, base) };
  });
}

function profileIn(folder, prefix) {
  const file = fs.readdirSync(folder).find((name) => name.startsWith(prefix) && name.endsWith('.json'));
  if (file === undefined) throw new UserError('ONNX Runtime wrote no profile');
  let text;
  try {
    text = fs.readFileSync(path.join(folder, file), 'utf8');
  } catch (error) {
    throw new UserError(`the profile of ONNX Runtime cannot be read: ${error.message}; give fewer --repeats`);
  }
  return readProfile(text, file);
}

/**
 * Rows and figures of measureOperators() from the graphs, the profile's runs and what such a run takes, times of runs
 * without a profile, and what measureBase() found. If the whole takes no longer than the fixed cost, nothing is scaled
 * (scale 1).
 */
export function evaluate(original, optimised, runs, slow, wholes, base) {
  if (runs.length === 0) throw new UserError('the profile of ONNX Runtime holds no run');
  const whole = median(wholes);
  // What profiling adds to a run for each event shows where kernels have bodies, in whose time events are written.
  const between = Math.max(0, slow - whole) / Math.max(1, runs[0].reduce((sum, { events }) => sum + events, 0));
  const byRun = runs.map((run) => timesOfRun(withoutOverhead(run, { ...base, between }), optimised.nodes));
  const kernels = optimised.nodes.map((_, k) => byRun.map((times) => times[k]));
  const times = kernels.map(typical);
  const map = mapFusion(original, optimised);
  const profiled = times.reduce((sum, time) => sum + time, 0);
  const scale = profiled > 0 && whole > base.fixed ? (whole - base.fixed) / profiled : 1;
  const rows = attributeTimes(original, map, times.map((time) => time * scale));
  // How far single nodes vary matters where they take time: weigh those that make up nine tenths of it.
  const busy = kernels.map((values, k) => ({ k, time: times[k], spread: spread(values) }))
    .sort((a, b) => b.time - a.time || a.k - b.k);
  let seen = 0;
  const heavy = busy.filter(({ time }) => { const before = seen; seen += time; return before < 0.9 * profiled; });
  const worst = heavy.reduce((a, b) => (b.spread > (a?.spread ?? -1) ? b : a), undefined);
  return {
    rows, whole, profiled, scale, kernels: optimised.nodes.length,
    spread: {
      whole: spread(wholes), median: median(heavy.map((node) => node.spread)) ?? 0, worst: worst?.spread ?? 0,
      worstNode: worst === undefined || map.anchors[worst.k] < 0 ? '' : rows[map.anchors[worst.k]].label,
    },
    clues: clueShares(map, times),
    providers: [...new Set(runs[0].map((kernel) => kernel.provider))].sort(),
  };
}

// The mean of the faster half: interruptions only ever make a kernel slower, and a mean is finer than the whole
// microseconds of the profile. What the whole takes at the median is restored by scaling.
function typical(values) {
  const sorted = Float64Array.from(values).sort();
  const fast = sorted.subarray(0, Math.ceil(sorted.length / 2));
  return fast.reduce((sum, value) => sum + value, 0) / fast.length;
}

const repeatsFor = (time, kernels) => {
  const most = Math.max(FEWEST, Math.min(MOST, Math.floor(MOST_EVENTS / Math.max(1, kernels))));
  return Math.max(FEWEST, Math.min(most, Math.ceil(SECONDS * 1e6 / time)));
};

// Settings that keep weights out of the optimised model: they go to a file that is a way to nowhere where there is one.
function withoutWeights(folder) {
  const weights = 'weights.bin';
  if (fs.existsSync('/dev/null')) fs.symlinkSync('/dev/null', path.join(folder, weights));
  return {
    optimized_model_external_initializers_file_name: weights,
    optimized_model_external_initializers_min_size_in_bytes: '1',
  };
}

/**
 * What next to nothing costs on a device, microseconds: {fixed: of a run, least: of one more kernel, overhead: what
 * profiling adds to a kernel}.
 */
async function measureBase(workers, device, job, folder) {
  const load = async (name, bytes, more) => {
    const file = path.join(folder, `${name}.onnx`);
    fs.writeFileSync(file, bytes);
    const options = sessionOptions(device.runtime, job.level, more);
    const { inputs, outputs } = await workers.load(device.id, name, file, options);
    const values = giveInputs(workers, inputs, { spec: { dims: {}, inputs: {} }, dims: {}, defaultDim: 1, seed: 1 });
    return new Runner(workers, device.id, name, values, outputs);
  };
  const single = await load('single', chainModel(1));
  const profile = { enableProfiling: true, profileFilePrefix: path.join(folder, 'chain') };
  const chain = await load('chain', chainModel(CHAIN), profile);
  await chain.times(BASE_WARMUP + BASE_REPEATS);
  await workers.endProfiling(device.id, 'chain');
  for (const runner of [single, chain]) await runner.times(BASE_WARMUP);
  const one = median(await single.times(BASE_REPEATS)), many = median(await chain.times(BASE_REPEATS));
  const least = Math.max(0, many - one) / (CHAIN - 1);
  const meanTime = (run) => run.reduce((sum, { time }) => sum + time, 0) / run.length;
  const profiled = profileIn(folder, 'chain').slice(BASE_WARMUP).map(meanTime);
  return { fixed: Math.max(0, one - least), least, overhead: Math.max(0, (median(profiled) ?? 0) - least) };
}

const symbolsOf = (values) => [...new Set(values.flatMap(({ shape }) => shape ?? []))].filter((dim) => typeof dim === 'string' && dim !== '');

function giveInputs(workers, metadata, job) {
  const spec = { ...job.spec, dims: { ...job.spec.dims, ...job.dims } };
  const tensors = job.feeds ? readInputs(job.feeds, metadata) : makeInputs(metadata, spec, job.defaultDim, job.seed);
  const [shared] = shareInputs(workers, [tensors]);
  return [...shared].map(([name, value]) => ({ name, ...value }));
}

// Runs a loaded part again and again on inputs that stay in the worker.
class Runner {
  constructor(workers, device, part, inputs, outputs) {
    Object.assign(this, { workers, device, part });
    this.inputs = inputs.map((input) => ({ ...input, key: `${part} ${input.name}`, uses: FOR_EVER }));
    this.outputs = outputs.filter(({ isTensor, type }) => isTensor && canTravel(type))
      .map(({ name }) => ({ name, key: name, uses: 0 }));
    if (this.outputs.length === 0) {
      throw new UserError('the model has no output that is a tensor; ONNX Runtime for Node.js passes tensors only');
    }
  }

  /** The times of `count` runs, microseconds. */
  async times(count) {
    const times = [];
    for (let i = 0; i < count; ++i) {
      const { times: [, fed, ran] } = await this.workers.run(this.device, this.part, this.inputs, this.outputs);
      times.push(ran - fed);
    }
    return times;
  }
}
