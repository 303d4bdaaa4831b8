// Placement problems as `allot-opt --print-problem` writes them (docs/solve.md), as plain numbers: times in picoseconds, sizes in
// bytes. Both stay below 2^53, so sums of them are exact.

const TIME_UNITS = { ps: 1n, ns: 1000n, us: 10n ** 6n, ms: 10n ** 9n, s: 10n ** 12n };
const PREFIXES = { '': 0, k: 1, K: 1, M: 2, G: 3, T: 4, P: 5, E: 6 };

// "1.5" times `unit`, which must be whole.
function scaled(digits, unit, text) {
  const [whole, fraction = ''] = digits.split('.');
  const value = BigInt(whole + fraction) * unit;
  const divisor = 10n ** BigInt(fraction.length);
  if (value % divisor !== 0n) throw new Error(`'${text}' is no whole number`);
  return exact(value / divisor);
}

function exact(value) {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error(`${value} is too large to be counted exactly`);
  return Number(value);
}

// Picoseconds of an integer, or of a text such as "1.5us".
export function parseTime(value) {
  if (typeof value === 'number') return value;
  const match = /^(\d+(?:\.\d+)?)(ps|ns|us|ms|s)$/.exec(value);
  if (match === null) throw new Error(`'${value}' is no time`);
  return scaled(match[1], TIME_UNITS[match[2]], value);
}

// An integer, or a text such as "40GiB", "25GB/s".
export function parseQuantity(value) {
  if (typeof value === 'number') return value;
  const match = /^(\d+(?:\.\d+)?)([kKMGTPE]?)(i?)B?(?:\/s)?$/.exec(value);
  if (match === null) throw new Error(`'${value}' is no quantity`);
  return scaled(match[1], (match[3] ? 1024n : 1000n) ** BigInt(PREFIXES[match[2]]), value);
}

// A function from references (names, or numbers where names are not distinct) to numbers.
function indexOf(things, kind) {
  const byName = new Map(things.map((thing, index) => [thing.name, index]));
  return (reference) => {
    const index = typeof reference === 'number' ? reference : byName.get(reference);
    if (index === undefined || index >= things.length) throw new Error(`there is no ${kind} '${reference}'`);
    return index;
  };
}

// Reads a problem of schema allot.problem/1 whose items run one by one. The result:
//   objective, communication, channels: number
//   devices[d]: {name, memory, launch}              memory Infinity: no limit
//   items[i]:   {name, time[d], memory, workspace}   time Infinity: cannot run there
//   flows[f]:   {from, to[], bytes, staging[d]|null}
//   shared[]:   {bytes, items[]}, together[]: [items]
//   route[d][e]: {segments, channels}|null, transfer(f, d, e): ps, Infinity without a way
//   inputs[i], outputs[i]: flows, ascending
export function readProblem(json) {
  if (json.schema !== 'allot.problem/1') throw new Error(`the schema is '${json.schema}', not 'allot.problem/1'`);
  if ((json.execution ?? 'items') !== 'items') throw new Error('problems of calls are not for this program');
  if (json.contiguous) throw new Error('contiguous problems are not for this program');
  const device = indexOf(json.devices, 'device'), item = indexOf(json.items, 'item');
  const problem = {
    objective: json.objective ?? 'latency',
    communication: json.communication ?? 'link',
    channels: json.channels ?? 0,
    devices: json.devices.map((d) => ({
      name: d.name,
      memory: d.memory === undefined ? Infinity : parseQuantity(d.memory),
      launch: parseTime(d.part_cost ?? 0),
    })),
    items: json.items.map((i) => ({
      name: i.name ?? '',
      time: i.time.map((t) => (t === null ? Infinity : parseTime(t))),
      memory: parseQuantity(i.memory ?? 0),
      workspace: parseQuantity(i.workspace ?? 0),
    })),
    flows: (json.flows ?? []).map((f) => ({
      from: item(f.from),
      to: f.to.map(item),
      bytes: parseQuantity(f.bytes ?? 0),
      time: f.time?.map((row) => row.map(parseTime)) ?? null,
      staging: f.staging?.map(parseTime) ?? null,
    })),
    shared: (json.shared ?? []).map((s) => ({ bytes: parseQuantity(s.bytes), items: s.items.map(item) })),
    together: (json.together ?? []).map((group) => group.map(item)),
  };
  problem.route = problem.devices.map(() => problem.devices.map(() => null));
  for (const r of json.routes ?? []) {
    problem.route[device(r.from)][device(r.to)] = {
      segments: (r.segments ?? []).map((s) => ({ latency: parseTime(s.latency), bandwidth: parseQuantity(s.bandwidth) })),
      channels: r.channels ?? [],
    };
  }
  return complete(problem);
}

// Adds what follows from the rest.
export function complete(problem) {
  problem.inputs = problem.items.map(() => []);
  problem.outputs = problem.items.map(() => []);
  problem.flows.forEach((flow, f) => {
    problem.outputs[flow.from].push(f);
    for (const to of flow.to) problem.inputs[to].push(f);
  });
  const known = new Map();
  problem.transfer = (f, from, to) => {
    if (from === to) return 0;
    const key = (f * problem.devices.length + from) * problem.devices.length + to;
    let time = known.get(key);
    if (time === undefined) known.set(key, (time = transferTime(problem, problem.flows[f], from, to)));
    return time;
  };
  return problem;
}

function transferTime(problem, flow, from, to) {
  if (flow.staging !== null) return flow.staging[from] + flow.staging[to];
  if (flow.time !== null) return flow.time[from][to];
  const route = problem.route[from][to];
  if (route === null) return Infinity;
  let time = 0n;
  for (const { latency, bandwidth } of route.segments) {
    const rate = BigInt(bandwidth);
    time += BigInt(latency) + (BigInt(flow.bytes) * 10n ** 12n + rate - 1n) / rate;
  }
  return exact(time);
}

// The channels that a transfer holds.
export function channelsOf(problem, flow, from, to) {
  if (problem.communication === 'delay' || from === to || flow.staging !== null) return [];
  return problem.route[from][to]?.channels ?? [];
}

// Topological orders of the items, each once: the smallest item first among those that are ready; the one that became ready last
// first (depth first); all of a level before the next.
export function topologicalOrders(problem) {
  const waits = problem.items.map((_, i) => new Set(problem.inputs[i].map((f) => problem.flows[f].from)).size);
  const users = problem.items.map((_, i) => [...new Set(problem.outputs[i].flatMap((f) => problem.flows[f].to))].sort((a, b) => a - b));
  const walk = (take) => {
    const missing = [...waits], order = [];
    let ready = missing.flatMap((count, i) => (count === 0 ? [i] : []));
    while (ready.length > 0) {
      const next = take(ready);
      for (const item of next) {
        order.push(item);
        for (const user of users[item]) if (--missing[user] === 0) ready.push(user);
      }
    }
    if (order.length !== problem.items.length) throw new Error('the flows have a cycle');
    return order;
  };
  const remove = (ready, index) => ready.splice(index, 1);
  const orders = [
    walk((ready) => remove(ready, ready.indexOf(Math.min(...ready)))),
    walk((ready) => remove(ready, ready.length - 1)),
    walk((ready) => ready.splice(0).sort((a, b) => a - b)),
  ];
  return orders.filter((order, i) => orders.findIndex((other) => other.every((item, k) => item === order[k])) === i);
}
