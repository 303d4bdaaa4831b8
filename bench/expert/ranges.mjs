// The best chain of ranges: an order of the items is cut into consecutive ranges, each on a device of its own, in any order of any
// of the devices. Dynamic programming over cuts: a label is a way to place the first items. Of two labels with the same cut that
// have left the same tensors with the same devices, the one that is better in everything that is still to count goes on.
import { channelsOf, topologicalOrders } from './problem.mjs';
import { PathBounds, SuffixBounds, choices, kindsOf } from './machine.mjs';
import { evaluateParts, peakOfPart } from './evaluate.mjs';

// As many labels as one cut keeps; beyond that the best by value.
const WIDTH = 16;
// As many ranges as a chain has when latency counts: few pay for more, and orders of many equal devices are many.
const MAX_LATENCY_RANGES = 3;

// The best chain on `devices` (all, unless given): {value, parts, exact} or null if none fits. `exact`: no label was given up, so
// for throughput nothing is better among the orders tried (of items: three; of devices: those of choices()). A latency is looked for
// by a bound of what contention adds, so it is exact as an evaluation only. `below`: only chains better than that.
export function bestRanges(problem, devices = problem.devices.map((_, d) => d), below = Infinity) {
  const searches = topologicalOrders(problem).map((order) => new ChainSearch(problem, order, devices));
  // Tight limits are soon searched, and once anything is found below one nothing better is above it.
  const least = problem.objective === 'throughput' ? searches[0].bounds.of(devices)[0] : 0;
  const limits = [1.02, 1.05, 1.1, 1.2, 1.4, 2, Infinity].map((factor) => Math.min(below, least > 0 ? least * factor : Infinity));
  for (const limit of [...new Set(limits)]) {
    let best = null, exact = true;
    for (const search of searches) {
      best = search.run(best?.value ?? limit) ?? best;
      exact = exact && search.exact;
    }
    if (best !== null) return { ...best, exact };
  }
  return null;
}

class ChainSearch {
  constructor(problem, order, devices) {
    this.problem = problem;
    this.order = order;
    this.devices = devices;
    this.kinds = kindsOf(problem);
    this.bounds = new SuffixBounds(problem, order, this.kinds);
    this.paths = new PathBounds(problem, order, this.kinds);
    this.latency = problem.objective === 'latency';
    this.blocking = problem.communication === 'blocking';
    const n = order.length;
    const position = new Array(n);
    order.forEach((item, i) => (position[item] = i));
    this.made = problem.flows.map((flow) => position[flow.from]);
    this.read = problem.flows.map((flow) => Math.max(-1, ...flow.to.map((item) => position[item])));
    // Cuts that tear no group apart.
    this.cuttable = new Array(n + 1).fill(true);
    for (const group of problem.together) {
      const places = group.map((item) => position[item]);
      for (let j = Math.min(...places) + 1; j <= Math.max(...places); ++j) this.cuttable[j] = false;
    }
    // By cut: the places of the producers of tensors that are still to be read.
    this.open = Array.from({ length: n + 1 }, () => []);
    const lastRead = new Array(n).fill(-1);
    problem.flows.forEach((_, f) => (lastRead[this.made[f]] = Math.max(lastRead[this.made[f]], this.read[f])));
    this.readers = order.map((item) => [...new Set(problem.outputs[item].flatMap((f) => problem.flows[f].to))].map((to) => position[to]));
    for (let i = 0; i < n; ++i) for (let j = i + 1; j <= lastRead[i]; ++j) this.open[j].push(i);
    this.stamp = new Int32Array(problem.flows.length).fill(-1);
    this.stamps = 0;
    this.mayBind = this.memoryMayBind();
    this.peaks = new Map();  // by begin and end of a range
  }

  // The best chain below the limit, or null.
  run(limit) {
    this.limit = limit;
    this.best = null;
    this.exact = true;
    const start = { cuts: [0], devices: [], ends: [], value: 0, loads: new Float64Array(this.problem.devices.length + this.problem.channels) };
    this.extend([], [[start]]);
    return this.best;
  }

  // Places ranges behind the labels, by cut, of the sequence `used`, and goes on with every further device.
  extend(used, labels) {
    for (const device of choices(this.problem, this.devices, this.kinds, used)) {
      const next = [...used, device];
      const last = this.latency && next.length === MAX_LATENCY_RANGES;
      const rest = last ? [] : this.devices.filter((d) => !next.includes(d));
      const still = this.stillToCount(rest);
      if (last && this.devices.length > next.length) this.exact = false;
      const bounds = rest.length === 0 ? null : (this.latency ? this.paths : this.bounds).of(rest);
      const kept = [];
      for (const list of labels) {
        for (const label of list ?? []) this.addRange(label, device, { rest, still, bounds, kept });
      }
      if (rest.length > 0 && kept.length > 0) this.extend(next, kept);
    }
  }

  // Resources that later ranges can still load.
  stillToCount(rest) {
    const { problem } = this, numDevices = problem.devices.length, still = new Set();
    for (const to of rest) {
      problem.devices.forEach((_, from) => {
        for (const c of problem.route[from][to]?.channels ?? []) still.add(numDevices + c);
        if (this.blocking) still.add(from);
      });
    }
    return [...still];
  }

  // All ranges on `device` that begin where the label ends.
  addRange(label, device, { rest, still, bounds, kept }) {
    const { problem, order } = this, n = order.length, numDevices = problem.devices.length;
    const loads = label.loads.slice(), begin = label.cuts.at(-1);
    const stamp = ++this.stamps;
    const arrivals = new Map();  // latency: by source range, what is to come from it
    let work = problem.devices[device].launch, value = label.value, start = 0, stores = 0;
    const charge = (resource, time) => (value = Math.max(value, (loads[resource] += time)));
    for (let j = begin; j < n; ++j) {
      const item = order[j];
      work += problem.items[item].time[device];
      if (work === Infinity) return;
      for (const f of problem.inputs[item]) {
        if (this.made[f] >= begin || this.stamp[f] === stamp) continue;
        this.stamp[f] = stamp;
        const flow = problem.flows[f], source = rangeOf(label, this.made[f]), from = label.devices[source];
        const time = problem.transfer(f, from, device);
        if (time === Infinity) return;
        const channels = channelsOf(problem, flow, from, device);
        if (this.latency) {
          const before = arrivals.get(source) ?? 0;
          arrivals.set(source, channels.length > 0 ? before + time : Math.max(before, time));
          start = Math.max(start, label.ends[source] + arrivals.get(source));
        } else {
          for (const c of channels) charge(numDevices + c, time);
          if (this.blocking) charge(device, flow.staging === null ? time : flow.staging[device]);
          if (this.blocking && flow.staging === null) charge(from, time);
        }
      }
      // Staged tensors are stored once, if anyone else reads them.
      if (this.blocking) {
        for (const f of problem.outputs[item]) if (problem.flows[f].to.length > 0) stores += problem.flows[f].staging?.[device] ?? 0;
        for (const f of problem.inputs[item]) {
          if (this.made[f] >= begin && this.read[f] === j) stores -= problem.flows[f].staging?.[device] ?? 0;
        }
      }
      const least = this.latency ? Math.max(value, start + work) : Math.max(value, loads[device] + work);
      if (least >= this.limit) return;
      if (!this.cuttable[j + 1]) continue;
      const total = this.latency ? least : Math.max(value, loads[device] + work + stores);
      if (total >= this.limit) continue;
      if (j + 1 < n && (bounds === null || (!this.latency && bounds[j + 1] >= this.limit))) continue;
      if (this.mayBind && !this.fits(begin, j + 1, device)) continue;
      const next = { cuts: [...label.cuts, j + 1], devices: [...label.devices, device], ends: label.ends, value: total, loads };
      if (this.latency) {
        next.ends = [...label.ends, start + work];
        if (j + 1 < n && this.endsAfter(next, bounds) >= this.limit) continue;
      } else {
        next.loads = loads.slice();
        next.loads[device] += work + stores;
      }
      if (j + 1 === n) {
        this.finish(next);
      } else {
        this.keep(next, still, kept);
      }
    }
  }

  // When the rest ends at the earliest, by the longest path from each tensor that it reads.
  endsAfter(label, paths) {
    const cut = label.cuts.at(-1);
    let end = label.value;
    for (const place of this.open[cut]) {
      const made = label.ends[rangeOf(label, place)];
      for (const reader of this.readers[place]) if (reader >= cut) end = Math.max(end, made + paths[reader]);
    }
    return end;
  }

  keep(label, still, kept) {
    const cut = label.cuts.at(-1), list = kept[cut] ?? [];
    const holders = this.open[cut].map((place) => rangeOf(label, place));
    const key = holders.join();
    const ranges = this.latency ? [...new Set(holders)] : [];
    const asGood = (a, b) => a.key === b.key && a.value <= b.value &&
      (this.latency ? ranges.every((r) => a.ends[r] <= b.ends[r]) : still.every((r) => a.loads[r] <= b.loads[r]));
    label.key = key;
    if (list.some((other) => asGood(other, label))) return;
    const rest = list.filter((other) => !asGood(label, other));
    rest.push(label);
    if (rest.length > WIDTH) {
      this.exact = false;
      rest.sort((a, b) => a.value - b.value);
      rest.pop();
    }
    kept[cut] = rest;
  }

  finish(label) {
    const parts = label.devices.map((device, r) => ({ device, items: this.order.slice(label.cuts[r], label.cuts[r + 1]) }));
    const score = evaluateParts(this.problem, parts);
    if (!score.fits) throw new Error(`a chain was thought to fit: ${score.why}`);
    if (!this.latency && score.value !== label.value) throw new Error(`a chain was thought to be worth ${label.value}, but is worth ${score.value}`);
    if (this.latency && score.value < label.value) throw new Error(`a chain was thought to take ${label.value} at least, but takes ${score.value}`);
    if (score.value >= this.limit) return;
    this.limit = score.value;
    this.best = { value: score.value, parts };
  }

  // Whether all items, tensors and workspaces at once are more than the smallest memory.
  memoryMayBind() {
    const { items, flows, shared, devices } = this.problem;
    const all = [...items.map((item) => item.memory), ...flows.map((flow) => flow.bytes), ...shared.map((s) => s.bytes)];
    const most = all.reduce((a, b) => a + b, 0) + Math.max(0, ...items.map((item) => item.workspace));
    return this.devices.some((d) => devices[d].memory < most);
  }

  fits(begin, end, device) {
    const key = begin * (this.order.length + 1) + end;
    if (!this.peaks.has(key)) this.peaks.set(key, peakOfPart(this.problem, this.order.slice(begin, end)));
    return this.peaks.get(key) <= this.problem.devices[device].memory;
  }
}

// Which range of a label holds the item at `place`.
function rangeOf(label, place) {
  let range = 0;
  while (label.cuts[range + 1] <= place) ++range;
  return range;
}
