// The loop of measuring and planning: profile, place, run, correct the costs where the prediction was off, place again.
import fs from 'node:fs';
import path from 'node:path';
import { runAllot } from './allot_program.mjs';
import { calibrate, likeness } from './calibration.mjs';
import { printCosts, readCosts } from './costs_table.mjs';
import { UserError } from './errors.mjs';
import { lanesOf, readManifest } from './manifest.mjs';
import { runPlan } from './plan_run.mjs';
import { median } from './statistics.mjs';

/** A plan within this share of the best measured one is as good: noise decides among them, so the better predicted one wins. */
const EQUAL = 0.03;

// Who runs what: equal for equal plans, whatever they were predicted to take.
const planKey = (manifest) => JSON.stringify(lanesOf(manifest).map(({ share, parts }) => [share, parts.map(({ device, inputs, outputs }) => [device, inputs, outputs])]));
const nameOf = (round) => (typeof round === 'number' ? `round ${round}` : round);
const countParts = (manifest) => lanesOf(manifest).reduce((sum, { parts }) => sum + parts.length, 0);

/** Whole copies of the model in turn: the plan for throughput that any other has to beat. */
export const COPIES = 'infer-shapes,estimate-cost,coarsen,place-copies,schedule,explain';

/**
 * One tuning of a model. `options`: {model, objective, target (name), devices (of the target's JSON, those that are here),
 * costsFile (as profiled), folder (for what is written on the way), rounds, agree, seconds, placeArguments (further
 * arguments of allot), run (options of runPlan but samples), say(text)}.
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
    return [model, `--target=${target}`, `--objective=${objective}`, `--costs=${costs}`, '-o', folder, '--quiet', ...placeArguments, ...more];
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
    const costs = path.join(this.options.folder, `costs-${round}.csv`);
    fs.writeFileSync(costs, printCosts([], this.rows));
    await runAllot(this.arguments(costs, folder, more));
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

  /**
   * The best plan, measured again side by side with the best single device, turn by turn so that a change of the machine's
   * speed meets both. {round | device, measured, single, ratio}.
   */
  async choose() {
    const fastest = Math.min(...this.rounds.map((round) => round.measured));
    const good = this.rounds.filter((round) => round.measured <= fastest * (1 + EQUAL));
    const best = good.reduce((a, b) => (Math.abs(b.error) < Math.abs(a.error) ? b : a));
    const single = this.singles.reduce((a, b) => (b.measured < a.measured ? b : a));
    const split = [], alone = [];
    for (let turn = 1; turn <= 3; ++turn) {
      this.options.say(`plan against ${single.device} alone, turn ${turn} of 3`);
      split.push((await this.measure(best.manifest, undefined, best.measured)).report.measured_us);
      alone.push((await this.measure(best.manifest, single.device, single.measured)).report.measured_us);
    }
    const measured = median(split), singleMeasured = median(alone);
    return { best, single: { device: single.device, measured: singleMeasured }, measured, pays: measured < singleMeasured };
  }

  /**
   * Writes the chosen plan, or the model on its best single device, into `folder`, with the costs that it was made with. For
   * a model that stays whole those are the profile's, which is of the whole model.
   */
  async write(choice, folder) {
    const { costs } = choice.pays ? choice.best : this.rounds[0];
    const more = choice.pays ? choice.best.more : ['--pin', `.*=${choice.single.device}`];
    // Planned from the copy, so that plan.json names costs which stay.
    const kept = path.join(folder, 'costs.csv');
    fs.mkdirSync(folder, { recursive: true });
    fs.copyFileSync(costs, kept);
    await runAllot(this.arguments(kept, folder, more));
    return readManifest(path.join(folder, 'manifest.json'));
  }
}

/** The result as plain JSON. */
export function tuningReport(tuning, choice, manifest) {
  const { best, single, measured, pays } = choice;
  const value = pays ? measured : single.measured;
  const predicted = manifest.predicted.value_us;
  return {
    schema: 'allot.tune/1', objective: tuning.options.objective, target: tuning.options.target,
    rounds: tuning.rounds.map(({ round, parts, predicted: p, measured: m, error, seen }) => ({ round, parts, predicted_us: p, measured_us: m, error, same_as_before: seen })),
    single: tuning.singles.map(({ device, measured: m }) => ({ device, measured_us: m })),
    chosen: pays ? { round: best.round, parts: best.parts } : { device: single.device, parts: 1 },
    splitting_pays: pays, measured_us: value, predicted_us: predicted, error: (predicted - value) / value,
    split_us: measured, single_us: single.measured, gain: single.measured / value,
  };
}
