// Streams samples through the parts of a plan on their workers.
//
// A part of a sample starts when its inputs are there and its device has nothing older to do: each device takes the
// oldest sample first, and of one sample the part that the plan launches first. Samples go to the lanes in turn, whatever
// these are busy with: so the same sample always takes the same way, and the shares are those of the plan. At most `inFlight` samples are on their
// way at once; a finished sample frees the memory of one. Each device is given its next part while it still works, so
// that it never waits for a message.
import { UserError } from './errors.mjs';

/** Parts that a worker knows of at a time: the one that it runs and the next. */
const AHEAD = 2;

class Sample {
  constructor(index, slot, flow) {
    this.index = index;
    this.slot = slot;
    this.lane = flow.turns[index % flow.turns.length];
    const { parts, tensors } = flow.lanes[this.lane];
    this.tensors = tensors;
    this.values = new Map();  // tensor -> {type, dims, bytes, region}
    this.missing = new Map(parts.map((part) => [part, flow.parts[part].inputs.length]));
    this.open = parts.length;
    this.begin = 0;
    this.end = 0;
    this.runs = [];
  }
}

export class Conductor {
  /**
   * `workers`: of withWorkers(), with the parts of `flow` (see dataflow.mjs) loaded. `inputs(index)` gives the inputs of a
   * sample as Map name -> {type, dims, bytes, region}. `onSample(sample)` is called as each ends, in any order; an error
   * that it throws ends the stream.
   */
  constructor(workers, flow, { inFlight, inputs, onSample = () => {} }) {
    this.workers = workers;
    this.flow = flow;
    this.inputsOf = inputs;
    this.onSample = onSample;
    this.devices = new Map([...new Set(flow.parts.map((part) => part.device))].map((id) => [id, { busy: 0, ready: [] }]));
    this.freeSlots = Array.from({ length: inFlight }, (_, i) => inFlight - 1 - i);
    // Where each slot keeps each tensor that travels.
    const travelling = new Set(flow.lanes.flatMap(({ tensors }) => [...tensors.values()])
      .filter((tensor) => tensor.producer >= 0 && tensor.travels).map(({ name }) => name));
    this.regions = Array.from({ length: inFlight }, () => new Map([...travelling].map((name) => [name, workers.newRegion()])));
    this.next = 0;
  }

  /** Streams `count` more samples; resolves to them, in the order in which they entered. */
  stream(count) {
    return new Promise((resolve, reject) => {
      this.samples = [];
      this.goal = this.next + count;
      this.open = count;
      this.resolve = resolve;
      this.reject = reject;
      this.failed = false;
      if (count === 0) resolve([]);
      this.admit();
    });
  }

  admit() {
    while (this.next < this.goal && this.freeSlots.length > 0) {
      const sample = new Sample(this.next++, this.freeSlots.pop(), this.flow);
      this.samples.push(sample);
      sample.begin = Number(process.hrtime.bigint() / 10n) / 100;
      for (const [name, value] of this.inputsOf(sample.index)) sample.values.set(name, value);
      for (const [index, missing] of sample.missing) if (missing === 0) this.makeReady(sample, index);
      for (const name of this.flow.inputs) this.arrive(sample, name);
      if (sample.open === 0) this.end(sample);
    }
    for (const id of this.devices.keys()) this.dispatch(id);
  }

  arrive(sample, name) {
    for (const index of sample.tensors.get(name).takers) {
      const missing = sample.missing.get(index) - 1;
      sample.missing.set(index, missing);
      if (missing === 0) this.makeReady(sample, index);
    }
  }

  makeReady(sample, index) {
    const { ready } = this.devices.get(this.flow.parts[index].device);
    // Kept in order; what arrives is nearly always the last or close to it.
    let at = ready.length;
    while (at > 0 && (ready[at - 1].sample.index - sample.index || ready[at - 1].index - index) > 0) --at;
    ready.splice(at, 0, { sample, index });
  }

  dispatch(id) {
    const device = this.devices.get(id);
    while (!this.failed && device.busy < AHEAD && device.ready.length > 0) {
      ++device.busy;
      this.run(device.ready.shift()).catch((error) => this.fail(error));
    }
  }

  fail(error) {
    this.failed = true;
    this.reject(error);
  }

  async run({ sample, index }) {
    const part = this.flow.parts[index], { tensors } = sample;
    const key = (name) => `${sample.slot} ${name}`;
    // Optional inputs of the model that the sample does not have are not given to the part either.
    const inputs = part.inputs.filter((name) => sample.values.has(name))
      .map((name) => ({ name, key: key(name), uses: tensors.get(name).usesOn.get(part.device), ...sample.values.get(name) }));
    const outputs = part.outputs.map((name) => {
      const { travels, usesOn } = tensors.get(name);
      return { name, key: key(name), region: travels ? this.regions[sample.slot].get(name) : undefined, uses: usesOn.get(part.device) ?? 0 };
    });
    const { outputs: made, times } = await this.workers.run(part.device, part.session, inputs, outputs, `run part ${part.id} of sample ${sample.index}`);
    if (this.failed) return;
    sample.runs.push({ part: index, times });
    part.outputs.forEach((name, i) => {
      sample.values.set(name, { ...made[i], region: outputs[i].region });
      this.arrive(sample, name);
    });
    --this.devices.get(part.device).busy;
    if (--sample.open === 0) this.end(sample);
    this.admit();
  }

  end(sample) {
    // When the last output was written, not when the message came.
    sample.end = Math.max(sample.begin, ...sample.runs.map(({ times }) => times[3]));
    for (const name of this.flow.outputs) {
      if (!sample.values.has(name)) throw new UserError(`sample ${sample.index} ended without output ${name}`);
    }
    this.onSample(sample);
    this.freeSlots.push(sample.slot);
    if (--this.open === 0) this.resolve(this.samples);
  }
}
