// What parts are worth, from the definitions of docs/placement.md and from nothing else: loads, the schedule, and memory.
import { channelsOf } from './problem.mjs';

// Of parts [{device, items}], each item in one of them and at most one part on a device: {fits, why, value, makespan, device[],
// channel[], peak[]}. `value` is that of the problem's objective; it means nothing unless `fits`.
export function evaluateParts(problem, parts) {
  const result = { fits: false, why: '', value: Infinity, makespan: 0, device: [], channel: [], peak: [] };
  const partOf = new Array(problem.items.length).fill(-1);
  parts.forEach((part, p) => part.items.forEach((item) => (partOf[item] = p)));
  const fail = (why) => ({ ...result, why });
  if (partOf.includes(-1)) return fail('an item is in no part');
  if (parts.reduce((sum, part) => sum + part.items.length, 0) !== problem.items.length) return fail('an item is in two parts');
  if (new Set(parts.map((part) => part.device)).size !== parts.length) return fail('two parts are on one device');
  for (const group of problem.together) {
    if (new Set(group.map((item) => parts[partOf[item]].device)).size > 1) return fail('a group is torn apart');
  }
  const lasts = parts.map(({ device, items }) =>
    items.reduce((sum, item) => sum + problem.items[item].time[device], problem.devices[device].launch));
  if (lasts.includes(Infinity)) return fail('an item cannot run where it is');

  // What crosses, once per receiving part; parts that read, by device.
  const sends = parts.map(() => []);
  const needs = parts.map(() => new Set());
  for (const [f, flow] of problem.flows.entries()) {
    const from = partOf[flow.from];
    const to = [...new Set(flow.to.map((item) => partOf[item]))].filter((p) => p !== from);
    if (to.length === 0) continue;
    to.sort((a, b) => parts[a].device - parts[b].device);
    sends[from].push({ f, flow, to });
    for (const p of to) {
      needs[p].add(from);
      if (problem.transfer(f, parts[from].device, parts[p].device) === Infinity) return fail('there is no way for a tensor');
    }
  }
  result.device = problem.devices.map(() => 0);
  result.channel = new Array(problem.channels).fill(0);
  addLoads(problem, parts, lasts, sends, result);
  result.peak = problem.devices.map(() => 0);
  for (const { device, items } of parts) result.peak[device] = peakOfPart(problem, items);
  const full = problem.devices.findIndex((device, d) => result.peak[d] > device.memory);
  if (full >= 0) return fail(`${problem.devices[full].name} is too small`);
  if (problem.communication !== 'blocking') {
    result.makespan = makespan(problem, parts, lasts, sends, needs);
    if (result.makespan === Infinity) return fail('parts wait for each other');
  } else if (problem.objective === 'latency' || hasCycle(needs)) {
    return fail(problem.objective === 'latency' ? 'latency of devices that copy is not for this program' : 'parts wait for each other');
  }
  result.value = problem.objective === 'latency' ? result.makespan : Math.max(...result.device, ...result.channel);
  result.fits = true;
  return result;
}

function addLoads(problem, parts, lasts, sends, { device, channel }) {
  const blocking = problem.communication === 'blocking';
  parts.forEach((part, p) => {
    device[part.device] += lasts[p];
    for (const { f, flow, to } of sends[p]) {
      if (blocking && flow.staging !== null) device[part.device] += flow.staging[part.device];
      for (const reader of to) {
        const receiver = parts[reader].device, time = problem.transfer(f, part.device, receiver);
        for (const c of channelsOf(problem, flow, part.device, receiver)) channel[c] += time;
        if (!blocking) continue;
        device[receiver] += flow.staging === null ? time : flow.staging[receiver];
        if (flow.staging === null) device[part.device] += time;
      }
    }
  });
}

function hasCycle(needs) {
  const left = needs.map((set) => new Set(set));
  for (let done = 0; done < left.length; ++done) {
    const next = left.findIndex((set) => set !== null && set.size === 0);
    if (next < 0) return true;
    left[next] = null;
    for (const set of left) set?.delete(next);
  }
  return false;
}

// When the last part ends. A part starts when all its inputs are there (its device has no other); when it ends, its transfers are
// requested by flow and receiver, and each starts when its channels are free. Of parts that end at once the one with the smaller
// first flow goes first.
function makespan(problem, parts, lasts, sends, needs) {
  const waiting = needs.map((set) => new Set(set)), arrived = parts.map(() => 0), end = parts.map(() => null);
  const running = new Set(), free = new Array(problem.channels).fill(0);
  const firstFlow = parts.map((part) => Math.min(...part.items.flatMap((i) => problem.outputs[i].filter((f) => problem.flows[f].to.length > 0))));
  const start = (p) => {
    end[p] = arrived[p] + lasts[p];
    running.add(p);
  };
  waiting.forEach((set, p) => set.size === 0 && start(p));
  let last = 0, done = 0;
  while (running.size > 0) {
    const p = [...running].sort((a, b) => end[a] - end[b] || firstFlow[a] - firstFlow[b])[0];
    running.delete(p);
    ++done;
    last = Math.max(last, end[p]);
    const readers = new Set();
    for (const { f, flow, to } of sends[p]) {
      for (const reader of to) {
        const from = parts[p].device, receiver = parts[reader].device;
        const channels = channelsOf(problem, flow, from, receiver);
        const there = Math.max(end[p], ...channels.map((c) => free[c])) + problem.transfer(f, from, receiver);
        for (const c of channels) free[c] = there;
        arrived[reader] = Math.max(arrived[reader], there);
        readers.add(reader);
      }
    }
    for (const reader of readers) {
      waiting[reader].delete(p);
      if (waiting[reader].size === 0) start(reader);
    }
  }
  return done === parts.length ? last : Infinity;
}

// What a device holds while it runs a part of these items, its only one, which is when it holds most: weights, what it has received,
// what it makes for others or as a result, and what is live inside along the smallest-first topological order of all items.
export function peakOfPart(problem, items) {
  const inside = new Set(items);
  let bytes = items.reduce((sum, item) => sum + problem.items[item].memory, 0);
  for (const shared of problem.shared) if (shared.items.some((item) => inside.has(item))) bytes += shared.bytes;
  const uses = new Map();  // of tensors that stay inside: readers to come
  for (const [f, flow] of problem.flows.entries()) {
    const readers = flow.to.filter((item) => inside.has(item)).length;
    if (!inside.has(flow.from)) {
      if (readers > 0) bytes += flow.bytes;
    } else if (readers > 0 && readers === flow.to.length) {
      uses.set(f, readers);
    } else {
      bytes += flow.bytes;
    }
  }
  let live = 0, most = 0;
  for (const item of smallestFirst(problem)) {
    if (!inside.has(item)) continue;
    for (const f of problem.outputs[item]) if (uses.has(f)) live += problem.flows[f].bytes;
    most = Math.max(most, live + problem.items[item].workspace);
    for (const f of problem.inputs[item]) {
      if (!uses.has(f)) continue;
      uses.set(f, uses.get(f) - 1);
      if (uses.get(f) === 0) live -= problem.flows[f].bytes;
    }
  }
  return bytes + most;
}

function smallestFirst(problem) {
  if (problem.smallestFirst === undefined) {
    const missing = problem.items.map((_, i) => problem.inputs[i].length), order = [];
    const ready = new Set(missing.flatMap((count, i) => (count === 0 ? [i] : [])));
    while (ready.size > 0) {
      const item = Math.min(...ready);
      ready.delete(item);
      order.push(item);
      for (const f of problem.outputs[item]) for (const to of problem.flows[f].to) if (--missing[to] === 0) ready.add(to);
    }
    problem.smallestFirst = order;
  }
  return problem.smallestFirst;
}

// What placements are worth that take turns, `turns`: [{parts, share}], for throughput: {fits, period} with the largest load of a
// resource over a cycle, per inference and rounded up. A device keeps the weights of all that any turn puts there, and on top the
// most that one of them needs while it runs; here no two turns may use one device, so that each turn's own peak is all.
export function evaluateTurns(problem, turns) {
  const cycle = turns.reduce((sum, turn) => sum + turn.share, 0);
  const used = turns.flatMap((turn) => turn.parts.map((part) => part.device));
  if (new Set(used).size !== used.length) return { fits: false, period: Infinity, cycle };
  const sum = new Array(problem.devices.length + problem.channels).fill(0);
  for (const { parts, share } of turns) {
    const score = evaluateParts(problem, parts);
    if (!score.fits) return { fits: false, period: Infinity, cycle };
    [...score.device, ...score.channel].forEach((load, r) => (sum[r] += share * load));
  }
  return { fits: true, period: Math.ceil(Math.max(...sum) / cycle), cycle };
}
