// The loop of measuring and planning: profile, place, run, correct the costs where the prediction was off, place again. At
// the end the best split stands beside all that one would do without splitting.
import fs from 'node:fs';
import path from 'node:path';
import { runAllot } from './allot_program.mjs';
import { calibrate, likeness } from './calibration.mjs';
import { printCosts, readCosts } from './costs_table.mjs';
import { UserError } from './errors.mjs';
import { lanesOf, readManifest } from './manifest.mjs';
import { coreList, runtimeOf } from './onnxruntime.mjs';
import { runPlan } from './plan_run.mjs';
import { median, range } from './statistics.mjs';
import { withCostsIn } from './tuned_folder.mjs';

/** A plan within this share of the best measured one is as good: noise decides among them, so the better predicted one wins. */
const EQUAL = 0.03;

// Who runs what: equal for equal plans, whatever they were predicted to take.
const planKey = (manifest) => JSON.stringify(lanesOf(manifest).map(({ share, parts }) => [share, parts.map(({ device, inputs, outputs }) => [device, inputs, outputs])]));
const nameOf = (round) => (typeof round === 'number' ? `round ${round}` : round);
const countParts = (manifest) => lanesOf(manifest).reduce((sum, { parts }) => sum + parts.length, 0);

/** What a plan is: 'whole' on one device, whole 'copies' in turn, or a 'split' of any kind. */
export function kindOf(manifest) {
  const lanes = lanesOf(manifest);
  if (lanes.some(({ parts }) => parts.length > 1)) return 'split';
  return lanes.length > 1 ? 'copies' : 'whole';
}

/**
 * `manifest` with one device more, {manifest, device}: one session that has the threads and cores of all CPUs, as ONNX Runtime
 * would use them by itself. Null where that cannot be said: fewer than two CPUs, or one of unknown threads.
 */
export function withTogether(manifest) {
  const cpus = manifest.devices.map((device) => ({ id: device.id, ...runtimeOf(device) })).filter(({ provider }) => provider === 'cpu');
  const threads = cpus.map((device) => device.threads || coreList(device.cores).length);
  if (cpus.length < 2 || threads.includes(0)) return null;
  const device = cpus.map(({ id }) => id).join('+');
  const cores = cpus.every((cpu) => cpu.cores) ? cpus.map((cpu) => cpu.cores).join(',') : undefined;
  const runtime = { provider: 'cpu', threads: threads.reduce((sum, count) => sum + count, 0), cores };
  return { manifest: { ...manifest, devices: [...manifest.devices, { id: device, type: 'cpu', runtime }] }, device };
}

/** Whole copies of the model in turn: the plan for throughput that any other has to beat. */
export const COPIES = 'infer-shapes,estimate-cost,coarsen,place-copies,schedule,explain';

/**
 * One tuning of a model. `options`: {model, objective, target (name), devices (of the target's JSON, those that are here),
 * costsFile (as profiled), folder (for what is written on the way), rounds, agree, seconds, replicas (whether placements may
 * take turns in what is chosen), placeArguments (further arguments of allot), run (options of runPlan but samples), say(text)}.
 */
export class Tuning {
  constructor(options) {
    this.options = options;
    this.rows = readCosts(options.costsFile);
    this.mode = options.objective === 'throughput' ? 'pipeline' : 'latency';
    this.rounds = [];
    this.singles = [];
  }

  arguments(costs, folder, more = []) {
    const { model, target, objective, placeArguments } = this.options;
    return [model, `--target=${target}`, `--objective=${objective}`, `--costs=${costs}`, '-o', folder, ...placeArguments, ...more];
  }

  // Enough samples for about `seconds`, by a first guess of how long one takes.
  samples(guessUs) {
    return Math.max(10, Math.min(1000, Math.round((this.options.seconds * 1e6) / guessUs)));
  }

  measure(manifest, whole, guessUs) {
    return runPlan(manifest, { ...this.options.run, mode: this.mode, whole, samples: this.samples(guessUs) });
  }

  async place(round, more = []) {
    const folder = path.join(this.options.folder, `round-${round}`);
    // What is odd about the model or the costs is said once, and of the file that was given.
    const isFirst = round === 1;
    const costs = isFirst ? this.options.costsFile : path.join(this.options.folder, `costs-${round}.csv`);
    if (!isFirst) fs.writeFileSync(costs, printCosts([], this.rows));
    await runAllot([...this.arguments(costs, folder, more), `--quiet=${!isFirst}`]);
    return { round, more, folder, costs, manifest: readManifest(path.join(folder, 'manifest.json')) };
  }

  // Runs a plan and keeps what came of it.
  async measureRound(plan) {
    const { say } = this.options, { round, manifest } = plan, parts = countParts(manifest);
    say(`${nameOf(round)}: running ${parts} parts`);
    const run = await this.measure(manifest, undefined, manifest.predicted.value_us);
    const { measured_us: measured, predicted_us: predicted, error } = run.report;
    const key = planKey(manifest), seen = this.rounds.some((other) => other.key === key);
    this.rounds.push({ ...plan, key, measured, predicted, error, parts, seen });
    say(`${nameOf(round)}: predicted ${(predicted / 1000).toFixed(2)} ms, measured ${(measured / 1000).toFixed(2)} ms\n`);
    return { run, error, seen };
  }

  /** Places and measures until prediction and measurement agree on a plan, or for the rounds allowed. */
  async improve() {
    const { rounds, agree, say, devices } = this.options;
    for (let round = 1; round <= rounds; ++round) {
      say(`round ${round}: placing`);
      const plan = await this.place(round);
      const { run, error, seen } = await this.measureRound(plan);
      if (Math.abs(error) <= agree && (seen || round > 1)) break;
      const planFile = path.join(plan.folder, 'plan.json');
      this.rows = calibrate(this.rows, JSON.parse(fs.readFileSync(planFile, 'utf8')), run, devices);
    }
  }

  /** Measures copies of the model, if two devices or more can hold it and no round had them. */
  async tryCopies() {
    if (this.mode !== 'pipeline') return;
    let plan;
    try {
      plan = await this.place('copies', [`--pass-pipeline=${COPIES}`]);
    } catch (error) {
      // No device can, or rules keep the model from being whole.
      if (error instanceof UserError && /can run and hold the whole model/.test(error.message)) return;
      throw error;
    }
    const key = planKey(plan.manifest);
    if (lanesOf(plan.manifest).length > 1 && !this.rounds.some((round) => round.key === key)) await this.measureRound(plan);
  }

  /** Measures the unsplit model on one device of each kind. */
  async measureSingles() {
    const { devices, say } = this.options;
    const seen = new Set();
    const { manifest, measured } = this.rounds[0];
    for (const device of devices) {
      const like = likeness(device);
      if (seen.has(like)) continue;
      seen.add(like);
      say(`the whole model on ${device.name}`);
      const { report } = await this.measure(manifest, device.name, measured);
      this.singles.push({ device: device.name, measured: report.measured_us });
    }
  }

  // Of the rounds that are a plan of this kind, the one to own.
  bestRound(kind) {
    const rounds = this.rounds.filter(({ manifest }) => kindOf(manifest) === kind);
    if (rounds.length === 0) return null;
    const fastest = Math.min(...rounds.map((round) => round.measured));
    return rounds.filter((round) => round.measured <= fastest * (1 + EQUAL)).reduce((a, b) => (Math.abs(b.error) < Math.abs(a.error) ? b : a));
  }

  /**
   * Who competes: the whole model on the best single device, in one session on all CPUs, copies of it, and the best split;
   * [{kind, name, manifest, whole (a device), guess, round, eligible}]. Whoever is not `eligible` is measured for comparison only.
   */
  competitors() {
    const { replicas } = this.options, { manifest } = this.rounds[0];
    const single = this.singles.reduce((a, b) => (b.measured < a.measured ? b : a));
    const result = [{ kind: 'single', name: `one worker, ${single.device}`, manifest, whole: single.device, guess: single.measured, eligible: true }];
    const together = withTogether(manifest);
    if (together !== null) {
      result.push({ kind: 'together', name: `one session on ${together.device}`, manifest: together.manifest, whole: together.device, guess: single.measured, eligible: false });
    }
    const copies = this.bestRound('copies'), split = this.bestRound('split');
    if (copies !== null) {
      const count = lanesOf(copies.manifest).length;
      result.push({ kind: 'copies', name: `${count === 2 ? 'two' : count} whole copies`, manifest: copies.manifest, guess: copies.measured, round: copies, eligible: replicas });
    }
    if (split !== null) {
      const lanes = lanesOf(split.manifest).length;
      const name = `split, ${split.parts} parts${lanes > 1 ? ` in ${lanes} lanes` : ''}`;
      result.push({ kind: 'split', name, manifest: split.manifest, guess: split.measured, round: split, eligible: true });
    }
    return result;
  }

  /**
   * Measures the competitors three times, turn by turn so that a change of the machine's speed meets all, and takes the
   * fastest that may be chosen. {competitors: competitors() with `measured` and `noise`, the range of the three over it; chosen}.
   */
  async choose() {
    const competitors = this.competitors();
    const times = competitors.map(() => []);
    for (let turn = 1; turn <= 3; ++turn) {
      for (const [index, { name, manifest, whole, guess }] of competitors.entries()) {
        this.options.say(`${name}, turn ${turn} of 3`);
        times[index].push((await this.measure(manifest, whole, guess)).report.measured_us);
      }
    }
    competitors.forEach((competitor, index) => Object.assign(competitor, { measured: median(times[index]), noise: range(times[index]) }));
    const chosen = competitors.filter(({ eligible }) => eligible).reduce((a, b) => (b.measured < a.measured ? b : a));
    return { competitors, chosen };
  }

  /**
   * Writes the chosen plan, or the model on its best single device, into `folder`, with the costs that it was made with. For
   * a model that stays whole those are the profile's, which is of the whole model.
   */
  async write({ chosen }, folder) {
    const { costs } = chosen.round ?? this.rounds[0];
    const more = chosen.round ? chosen.round.more : ['--pin', `.*=${chosen.whole}`];
    // Planned from the copy, so that plan.json names costs which stay.
    await withCostsIn(folder, costs, (kept) => runAllot([...this.arguments(kept, folder, more), '--quiet']));
    return readManifest(path.join(folder, 'manifest.json'));
  }
}
