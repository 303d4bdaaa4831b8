// The conductor on workers that compute with numbers: its order, its limits, and that every tensor holds what it should.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Conductor } from '../../runner/lib/conductor.mjs';
import { makeDataflow } from '../../runner/lib/dataflow.mjs';
import { randomNumbers } from '../../runner/lib/inputs.mjs';

const MOD = 1000003;

// What a part makes of its inputs: some number that depends on all of them, their order, the part and the output.
const compute = (part, output, inputs) => inputs.reduce((sum, value) => (sum * 31 + value + 7) % MOD, [...`${part}/${output}`].reduce((sum, c) => (sum * 131 + c.codePointAt(0)) % MOD, 1));

// Keeps the contract of workers.mjs: parts of a device run one at a time in the order given, regions hold what was last
// written, and what a part leaves to later ones of its device is held as often as they take it.
class FakeWorkers {
  constructor(flow, { delay = () => 0, failAt = () => null } = {}) {
    this.parts = new Map(flow.parts.map((part) => [part.id, part]));
    this.regions = [];
    this.held = new Map();
    this.turns = new Map();
    this.given = new Map();
    this.mostGiven = 0;
    this.log = [];
    this.delay = delay;
    this.failAt = failAt;
    this.clock = 0;
    this.compared = 0;
  }

  newRegion() { return this.regions.push(undefined) - 1; }

  run(device, part, inputs, outputs, what) {
    this.log.push(what);
    this.checkOrder(device, part, Number(what.split(' ').pop()));
    const given = (this.given.get(device) ?? 0) + 1;
    this.given.set(device, given);
    this.mostGiven = Math.max(this.mostGiven, given);
    const turn = (this.turns.get(device) ?? Promise.resolve()).then(async () => {
      const start = ++this.clock, values = inputs.map((input) => this.fetch(device, input));
      const wait = this.delay();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const why = this.failAt(what);
      if (why) throw new Error(why);
      const made = outputs.map(({ name, key, region, uses }) => {
        const value = compute(part, name, values);
        if (region !== undefined) this.regions[region] = value;
        if (uses > 0) this.held.set(`${device} ${key}`, { value, uses });
        return { type: 'number', dims: [], bytes: 8 };
      });
      this.given.set(device, this.given.get(device) - 1);
      return { outputs: made, times: [start, start, this.clock, ++this.clock] };
    });
    this.turns.set(device, turn.catch(() => {}));
    return turn;
  }

  // Of what could be given to the device, this is the oldest sample's, and of that the first in launch order.
  checkOrder(device, part, sample) {
    const index = [...this.parts.keys()].indexOf(part);
    for (const other of this.conductor?.devices.get(device).ready ?? []) {
      ++this.compared;
      assert.ok(other.sample.index > sample || (other.sample.index === sample && other.index > index), `${part} of sample ${sample} before ${other.index} of ${other.sample.index}`);
    }
  }

  fetch(device, { key, region, uses, type }) {
    const at = `${device} ${key}`, kept = this.held.get(at);
    if (kept) {
      if (--kept.uses === 0) this.held.delete(at);
      return kept.value;
    }
    assert.equal(type, 'number');
    assert.notEqual(region, undefined, `${key} is neither held on ${device} nor anywhere else`);
    if (uses > 1) this.held.set(at, { value: this.regions[region], uses: uses - 1 });
    return this.regions[region];
  }
}

// Streams `count` samples with checked outputs; `given` names the inputs that samples have.
async function stream(manifest, count, { inFlight = 2, delay, failAt, given = manifest.inputs } = {}) {
  const flow = makeDataflow(manifest), workers = new FakeWorkers(flow, { delay, failAt });
  const input = (index, name) => (index * 1009 + [...name].reduce((sum, c) => sum * 31 + c.codePointAt(0), 0)) % MOD;
  const shared = new Map();
  const inputs = (index) => {
    if (!shared.has(index)) {
      shared.set(index, new Map(given.map((name) => {
        const region = workers.newRegion();
        workers.regions[region] = input(index, name);
        return [name, { type: 'number', dims: [], bytes: 8, region }];
      })));
    }
    return shared.get(index);
  };
  let most = 0, ended = 0;
  const admitted = new Set();
  const onSample = (sample) => {
    const values = new Map(given.map((name) => [name, input(sample.index, name)]));
    const own = flow.lanes[sample.lane].parts.map((index) => flow.parts[index]);
    for (let left = [...own]; left.length > 0;) {
      const part = left.find((candidate) => candidate.inputs.every((name) => values.has(name) || (manifest.inputs.includes(name) && !given.includes(name))));
      const taken = part.inputs.filter((name) => values.has(name)).map((name) => values.get(name));
      for (const name of part.outputs) values.set(name, compute(part.id, name, taken));
      left = left.filter((other) => other !== part);
    }
    for (const name of manifest.outputs) assert.equal(workers.regions[sample.values.get(name).region], values.get(name), `${name} of sample ${sample.index}`);
    assert.deepEqual(new Set(sample.runs.map((run) => flow.parts[run.part])), new Set(own));
    ++ended;
  };
  const conductor = new Conductor(workers, flow, { inFlight, inputs: (index) => { admitted.add(index); most = Math.max(most, admitted.size - ended); return inputs(index); }, onSample });
  workers.conductor = conductor;
  const samples = await conductor.stream(count);
  return { workers, conductor, samples, most, ended };
}

const part = (id, device, inputs, outputs) => ({ id, device, inputs, outputs });
const chain = { inputs: ['x'], outputs: ['y'], parts: [part('p0', 'a', ['x'], ['t']), part('p1', 'b', ['t'], ['u']), part('p2', 'a', ['u'], ['y'])] };

test('a chain over two devices', async () => {
  const { workers, samples, most, ended, conductor } = await stream(chain, 25, { inFlight: 3 });
  assert.deepEqual(samples.map((sample) => sample.index), Array.from({ length: 25 }, (_, i) => i));
  assert.equal(ended, 25);
  assert.equal(most, 3);
  assert.ok(workers.mostGiven <= 2);
  assert.equal(workers.held.size, 0);
  // Memory of three samples for the three tensors that travel, and the inputs' own.
  assert.equal(conductor.regions.length, 3);
  assert.equal(workers.regions.length, 3 * 3 + 25);
  samples.forEach((sample) => assert.ok(sample.end >= sample.begin));
});

test('a second stream goes on where the first ended', async () => {
  const { conductor } = await stream(chain, 4);
  assert.deepEqual((await conductor.stream(3)).map((sample) => sample.index), [4, 5, 6]);
  assert.deepEqual(await conductor.stream(0), []);
});

test('each device takes the oldest sample first, then the part that is launched first', async () => {
  const { workers } = await stream(chain, 60, { inFlight: 6, delay: () => 0.2 });
  assert.ok(workers.compared > 60, `${workers.compared}`);
  const wide = { inputs: ['x'], outputs: ['a', 'b', 'c', 'd'], parts: ['a', 'b', 'c', 'd'].map((name, i) => part(`p${i}`, 'one', ['x'], [name])) };
  const { workers: one } = await stream(wide, 3, { inFlight: 3 });
  assert.deepEqual(one.log, [0, 1, 2].flatMap((sample) => [0, 1, 2, 3].map((i) => `run part p${i} of sample ${sample}`)));
});

test('one sample at a time', async () => {
  const { workers, most } = await stream(chain, 5, { inFlight: 1 });
  assert.equal(most, 1);
  assert.deepEqual(workers.log, [0, 1, 2, 3, 4].flatMap((sample) => [0, 1, 2].map((i) => `run part p${i} of sample ${sample}`)));
});

test('parts without inputs, outputs that are inputs, several takers here and there', async () => {
  await stream({ inputs: ['x'], outputs: ['c', 'x', 'y'], parts: [
    part('p0', 'a', [], ['c']), part('p1', 'b', ['x', 'c'], ['t']), part('p2', 'b', ['t', 'c', 'x'], ['u', 'unused']),
    part('p3', 'a', ['t', 'c'], ['v']), part('p4', 'a', ['t', 'v', 'x', 'x'], ['w']), part('p5', 'b', ['u', 'w', 't'], ['y'])] }, 40, { inFlight: 5, delay: () => 0.5 });
  // Without parts there is nothing to wait for.
  const { samples } = await stream({ inputs: ['x'], outputs: ['x'], parts: [] }, 1000, { inFlight: 2 });
  assert.equal(samples.length, 1000);
});

test('optional inputs that a sample does not have', async () => {
  const { samples } = await stream({ ...chain, inputs: ['x', 'state'], parts: [part('p0', 'a', ['x', 'state'], ['t']), ...chain.parts.slice(1)] }, 3, { given: ['x'] });
  assert.equal(samples.length, 3);
});

test('an error ends the stream and nothing more is given to anybody', async () => {
  let workers;
  const flow = makeDataflow(chain), value = { type: 'number', dims: [], bytes: 8, region: 0 };
  workers = new FakeWorkers(flow, { failAt: (what) => (what === 'run part p1 of sample 2' ? 'out of range' : null), delay: () => 0.1 });
  workers.newRegion();
  const conductor = new Conductor(workers, flow, { inFlight: 2, inputs: () => new Map([['x', value]]) });
  await assert.rejects(conductor.stream(100), { message: 'out of range' });
  const given = workers.log.length;
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(workers.log.length, given);
  assert.ok(given < 15);
});

test('an error of whoever looks at samples ends the stream', async () => {
  for (const manifest of [chain, { inputs: ['x'], outputs: ['x'], parts: [] }]) {
    const flow = makeDataflow(manifest), workers = new FakeWorkers(flow);
    const region = workers.newRegion();
    const conductor = new Conductor(workers, flow, {
      inFlight: 1, inputs: () => new Map([['x', { type: 'number', dims: [], bytes: 8, region }]]), onSample: () => { throw new Error('differs'); },
    });
    await assert.rejects(conductor.stream(5), { message: 'differs' });
  }
});

// A random graph: each part takes some of what is there, on a random device.
function randomManifest(next) {
  const pick = (n) => Math.floor(next() * n);
  const inputs = Array.from({ length: 1 + pick(3) }, (_, i) => `x${i}`), tensors = [...inputs], parts = [];
  const devices = 1 + pick(4);
  for (let i = 0, count = 1 + pick(12); i < count; ++i) {
    const taken = [...new Set(Array.from({ length: pick(4) }, () => tensors[pick(tensors.length)]))];
    const made = Array.from({ length: 1 + pick(3) }, (_, j) => `t${i}.${j}`);
    parts.push(part(`p${i}`, `d${pick(devices)}`, taken, made));
    tensors.push(...made);
  }
  const outputs = tensors.filter((_, i) => i === tensors.length - 1 || next() < 0.3);
  return { inputs, outputs, parts };
}

// The same graph on other devices and in parts of other names, `count` times more.
function withLanes(manifest, count, next) {
  const share = () => 1 + Math.floor(next() * 4);
  const lanes = Array.from({ length: count }, (_, lane) => ({
    share: share(),
    parts: manifest.parts.map((one) => ({ ...one, id: `lane${lane + 1}.${one.id}`, device: `d${Math.floor(next() * 4)}` })),
  }));
  return { ...manifest, share: share(), lanes };
}

test('samples go to the lanes in turn', async () => {
  const copy = { ...chain, share: 3, lanes: [{ share: 1, parts: chain.parts.map((one) => ({ ...one, id: `${one.id}'`, device: 'c' })) }] };
  const { samples, workers } = await stream(copy, 13, { inFlight: 4 });
  assert.deepEqual(samples.map(({ lane }) => lane), [0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]);
  assert.deepEqual(workers.log.filter((what) => what.startsWith("run part p0' ")), [2, 6, 10].map((sample) => `run part p0' of sample ${sample}`));
});

test('random lanes with random delays', async () => {
  const next = randomNumbers(11, 'lanes');
  await Promise.all(Array.from({ length: 60 }, async () => {
    const manifest = withLanes(randomManifest(next), 1 + Math.floor(next() * 3), next), inFlight = 1 + Math.floor(next() * 6);
    const delays = randomNumbers(Math.floor(next() * 1e9), 'delays');
    const { workers, most } = await stream(manifest, 30, { inFlight, delay: () => (delays() < 0.5 ? 0 : delays() * 4) });
    assert.ok(most <= inFlight);
    assert.equal(workers.held.size, 0, JSON.stringify(manifest));
  }));
});

test('random graphs with random delays', async () => {
  const next = randomNumbers(7, 'graphs');
  await Promise.all(Array.from({ length: 150 }, async () => {
    const manifest = randomManifest(next), inFlight = 1 + Math.floor(next() * 6);
    const delays = randomNumbers(Math.floor(next() * 1e9), 'delays');
    const { workers, most, samples } = await stream(manifest, 20, { inFlight, delay: () => (delays() < 0.5 ? 0 : delays() * 4) });
    assert.equal(samples.length, 20);
    assert.ok(most <= inFlight);
    assert.ok(workers.mostGiven <= 2);
    assert.equal(workers.held.size, 0, JSON.stringify(manifest));
  }));
});
