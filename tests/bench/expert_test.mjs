// The comparisons of bench/expert.mjs: its searches against everything that can be tried on small problems, and its evaluation
// against allot-solve's verifier ($ALLOT_SOLVE, if it is set).
import assert from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

import { expert } from '../../bench/expert.mjs';
import { evaluateParts, evaluateTurns } from '../../bench/expert/evaluate.mjs';
import { copiesOfRanges, takeTurns, wholeCopies } from '../../bench/expert/copies.mjs';
import { choices, kindsOf } from '../../bench/expert/machine.mjs';
import { parseQuantity, parseTime, readProblem, topologicalOrders } from '../../bench/expert/problem.mjs';
import { bestRanges } from '../../bench/expert/ranges.mjs';

// Numbers in [0, 1), the same for a seed.
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

// A problem of a few items and devices, as JSON: odd seeds leave some items without a device, some seeds have little memory,
// groups, one channel for all, or devices that copy.
function randomProblem(seed, objective) {
  const next = random(seed), below = (n) => Math.floor(next() * n);
  const items = 4 + below(4), devices = 2 + below(2);
  const oneChannel = seed % 3 === 0, staged = objective === 'throughput' && seed % 4 === 0;
  const problem = {
    schema: 'allot.problem/1', objective, communication: staged ? 'blocking' : 'link',
    devices: Array.from({ length: devices }, (_, d) => ({ name: `d${d}`, memory: seed % 5 === 0 ? 600 : 1 << 20, part_cost: 10 + below(200) })),
    channels: oneChannel ? 1 : devices * devices, routes: [], flows: [], shared: [{ bytes: below(200), items: [0, items - 1] }],
    items: Array.from({ length: items }, () => ({
      time: Array.from({ length: devices }, (_, d) => (seed % 2 === 1 && d > 0 && below(5) === 0 ? null : 100 + below(900))),
      memory: below(100), workspace: below(50),
    })),
  };
  for (let a = 0; a < devices; ++a) {
    for (let b = 0; b < devices; ++b) {
      if (a === b || (seed % 7 === 0 && a === 0 && b === 1)) continue;
      problem.routes.push({ from: a, to: b, segments: [{ latency: below(100), bandwidth: 10 ** 12 + below(10 ** 6) }], channels: [oneChannel ? 0 : a * devices + b] });
    }
  }
  if (staged) problem.routes = problem.devices.flatMap((_, a) => problem.devices.flatMap((_, b) => (a === b ? [] : [{ from: a, to: b }])));
  for (let from = 0; from + 1 < items; ++from) {
    const to = Array.from({ length: items - from - 1 }, (_, k) => from + 1 + k).filter(() => below(3) === 0);
    if (to.length === 0) continue;
    problem.flows.push({ from, to, bytes: below(200), ...(staged ? { staging: problem.devices.map(() => below(80)) } : {}) });
  }
  if (seed % 6 === 1) problem.together = [[1, 2]];
  return problem;
}

// Every chain of ranges over every order that the search tries.
function* allChains(problem) {
  const n = problem.items.length, subsets = function* (used) {
    if (used.length > 0) yield used;
    for (let d = 0; d < problem.devices.length; ++d) if (!used.includes(d)) yield* subsets([...used, d]);
  };
  const cuts = function* (begin, left) {
    if (left === 1) yield [n];
    else for (let end = begin + 1; end < n; ++end) for (const rest of cuts(end, left - 1)) yield [end, ...rest];
  };
  for (const order of topologicalOrders(problem)) {
    for (const devices of subsets([])) {
      if (devices.length > n) continue;
      for (const ends of cuts(0, devices.length)) {
        yield devices.map((device, r) => ({ device, items: order.slice(r === 0 ? 0 : ends[r - 1], ends[r]) }));
      }
    }
  }
}

test('quantities are read exactly', () => {
  assert.strictEqual(parseTime('1.5us'), 1_500_000);
  assert.strictEqual(parseTime(7), 7);
  assert.strictEqual(parseQuantity('40GiB'), 40 * 2 ** 30);
  assert.strictEqual(parseQuantity('91566KiB'), 91566 * 1024);
  assert.strictEqual(parseQuantity('600kB'), 600_000);
  assert.strictEqual(parseQuantity('12.5GB/s'), 12_500_000_000);
  assert.throws(() => parseTime('1.5ps'), /no whole number/);
  assert.throws(() => parseTime('3 h'), /no time/);
  assert.throws(() => parseQuantity('3Gb/s'), /no quantity/);
});

for (const objective of ['throughput', 'latency']) {
  test(`ranges against every chain, ${objective}`, () => {
    let fitting = 0, several = 0;
    for (let seed = 1; seed <= 120; ++seed) {
      const problem = readProblem(randomProblem(seed, objective));
      let least = Infinity;
      for (const parts of allChains(problem)) least = Math.min(least, evaluateParts(problem, parts).value);
      const found = bestRanges(problem);
      if (least === Infinity) {
        assert.strictEqual(found, null, `seed ${seed}`);
        continue;
      }
      ++fitting;
      several += found.parts.length > 1 ? 1 : 0;
      assert.strictEqual(evaluateParts(problem, found.parts).value, found.value, `seed ${seed}`);
      // A latency is searched by a bound of it.
      if (objective === 'throughput' && found.exact) assert.strictEqual(found.value, least, `seed ${seed}`);
      assert.ok(found.value >= least && found.value <= least * 1.1, `seed ${seed}: ${found.value}, but ${least} can be had`);
    }
    assert.ok(fitting > 60 && several > 20, `${fitting} fit, ${several} have several ranges`);
  });
}

test('turns against every way to share them out', () => {
  const problem = readProblem(randomProblem(2, 'throughput'));
  const copies = wholeCopies(problem);
  assert.ok(copies.length >= 2);
  const found = takeTurns(problem, copies);
  let least = Infinity;
  for (let cycle = 1; cycle <= 64; ++cycle) {
    const share = function* (left, count) {
      if (count === 1) yield [left];
      else for (let s = 0; s <= left; ++s) for (const rest of share(left - s, count - 1)) yield [s, ...rest];
    };
    for (const shares of share(cycle, copies.length)) {
      least = Math.min(least, Math.ceil(Math.max(...shares.map((s, p) => s * copies[p].value)) / cycle));
    }
  }
  assert.strictEqual(found.value, least);
  // No cycle can beat speeds that add up.
  assert.ok(found.value >= Math.floor(1 / copies.reduce((sum, { value }) => sum + 1 / value, 0)));
});

// A chain of equal items on equal devices, and a slower one of another kind.
function pipeline(equal, items) {
  return readProblem({
    schema: 'allot.problem/1', objective: 'throughput', channels: 1,
    devices: [{ name: 'slow' }, ...Array.from({ length: equal }, (_, d) => ({ name: `fast${d}` }))],
    routes: [], flows: Array.from({ length: items - 1 }, (_, i) => ({ from: i, to: [i + 1], bytes: 1 })),
    items: Array.from({ length: items }, () => ({ time: [5000, ...new Array(equal).fill(1000)] })),
  });
}

test('copies of ranges where devices are equal', () => {
  const problem = pipeline(4, 8);
  problem.devices.forEach((_, a) => problem.devices.forEach((_, b) => (problem.route[a][b] = { segments: [], channels: [] })));
  assert.strictEqual(bestRanges(problem).value, 2000);
  const found = copiesOfRanges(problem);
  assert.strictEqual(found.groups, 2);
  assert.deepStrictEqual(found.turns.map(({ parts }) => parts.map(({ items }) => items.length)), [[4, 4], [4, 4], [8]]);
  // Two chains of 4000 and a copy of 40000: 20 turns of 21 in 40000.
  assert.strictEqual(found.value, Math.ceil(40000 / 21));
});

test('equal devices are tried once', () => {
  const problem = pipeline(3, 4);
  problem.devices.forEach((_, a) => problem.devices.forEach((_, b) => (problem.route[a][b] = { segments: [], channels: [] })));
  const devices = [0, 1, 2, 3], kinds = kindsOf(problem);
  assert.deepStrictEqual(kinds, [0, 1, 1, 1]);
  assert.deepStrictEqual(choices(problem, devices, kinds, []), [0, 1]);
  assert.deepStrictEqual(choices(problem, devices, kinds, [1]), [0, 2]);
  // One of them shares a channel with the slow device: it differs, and so do the others once one is used.
  problem.route[0][3] = { segments: [], channels: [0] };
  assert.deepStrictEqual(choices(problem, devices, kinds, []), [0, 1, 3]);
});

test('what does not fit is not worth anything', () => {
  const problem = readProblem(randomProblem(2, 'throughput'));
  const all = problem.items.map((_, i) => i);
  assert.match(evaluateParts(problem, [{ device: 0, items: all.slice(1) }]).why, /no part/);
  assert.match(evaluateParts(problem, [{ device: 0, items: all.slice(1) }, { device: 0, items: [0] }]).why, /two parts/);
  problem.devices[0].memory = 1;
  assert.match(evaluateParts(problem, [{ device: 0, items: all }]).why, /too small/);
  assert.strictEqual(evaluateTurns(problem, [{ share: 1, parts: [{ device: 0, items: all }] }]).fits, false);
});

// The parts as items of their own, each with its launch in its time, for allot-solve to judge.
function judged(json, problem, parts) {
  const contracted = { ...json, shared: [], together: [], flows: [], items: [] };
  contracted.devices = json.devices.map(({ name, memory }) => ({ name, memory: memory ?? 2 ** 40 }));
  const partOf = [];
  parts.forEach((part, p) => part.items.forEach((item) => (partOf[item] = p)));
  contracted.items = parts.map((part) => ({
    name: `p${part.device}`,
    time: problem.devices.map((device, d) => {
      const sum = part.items.reduce((total, item) => total + problem.items[item].time[d], device.launch);
      return sum === Infinity ? null : sum;
    }),
  }));
  for (const flow of json.flows) {
    const from = partOf[flow.from], to = [...new Set(flow.to.map((item) => partOf[item]))].filter((p) => p !== from).sort((a, b) => a - b);
    if (to.length > 0) contracted.flows.push({ ...flow, from, to });
  }
  return contracted;
}

test('values that allot-solve confirms', { skip: process.env.ALLOT_SOLVE === undefined }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'allot-expert-'));
  const problemFile = join(folder, 'p.json'), solutionFile = join(folder, 's.json');
  const verify = (solution) => {
    writeFileSync(solutionFile, JSON.stringify(solution));
    return execFileSync(process.env.ALLOT_SOLVE, [problemFile, '--verify', solutionFile], { stdio: 'pipe' });
  };
  try {
    let checked = 0;
    for (let seed = 1; seed <= 24; ++seed) {
      for (const objective of ['throughput', 'latency']) {
        const json = randomProblem(seed, objective), problem = readProblem(json);
        const { ranges } = expert(problem);
        if (ranges === null || ranges.parts.length < 2) continue;
        ++checked;
        writeFileSync(problemFile, JSON.stringify(judged(json, problem, ranges.parts)));
        const placement = ranges.parts.map(({ device }) => ({ item: `p${device}`, device: `d${device}` }));
        assert.match(String(verify({ objective: ranges.value / 1e9, placement })), /^OK: /);
        assert.throws(() => verify({ objective: (ranges.value + 100) / 1e9, placement }));
      }
    }
    assert.ok(checked > 10, `${checked} were checked`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
