// Placements that take turns: whole copies of the model, and chains of ranges on groups of equal devices.
import { evaluateParts, evaluateTurns } from './evaluate.mjs';
import { kindsOf } from './machine.mjs';
import { bestRanges } from './ranges.mjs';

// The most turns in a cycle, as `allot-solve --replicate` allows.
const MAX_CYCLE = 64;

const everything = (problem) => problem.items.map((_, item) => item);

// One part with the whole model for each device that can run it, with its value: [{parts, value}], the best first.
export function wholeCopies(problem) {
  return problem.devices
    .map((_, device) => [{ device, items: everything(problem) }])
    .map((parts) => ({ parts, score: evaluateParts(problem, parts) }))
    .filter(({ score }) => score.fits)
    .map(({ parts, score }) => ({ parts, value: score.value }))
    .sort((a, b) => a.value - b.value);
}

// The best shares of placements that share no device, for every cycle up to MAX_CYCLE: {value, cycle, turns} or null. Each further
// turn goes to who ends it first. `value` is per inference, as evaluated from the definitions.
export function takeTurns(problem, placements) {
  let best = null;
  const shares = placements.map(() => 0);
  for (let cycle = 1; cycle <= MAX_CYCLE && placements.length > 0; ++cycle) {
    let next = 0;
    placements.forEach(({ value }, p) => {
      if ((shares[p] + 1) * value < (shares[next] + 1) * placements[next].value) next = p;
    });
    ++shares[next];
    const most = Math.max(...placements.map(({ value }, p) => shares[p] * value)) / cycle;
    if (best === null || most < best.most) best = { most, shares: [...shares], cycle };
  }
  if (best === null) return null;
  const turns = placements.flatMap(({ parts }, p) => (best.shares[p] > 0 ? [{ parts, share: best.shares[p] }] : []));
  const { fits, period } = evaluateTurns(problem, turns);
  return fits ? { value: period, cycle: best.cycle, turns } : null;
}

// The best chain on a group of devices, once for each of as many equal groups as there are, and whole copies on the devices that
// are left: {value, cycle, turns, groups} or null where devices allow no two groups.
export function copiesOfRanges(problem) {
  const kinds = kindsOf(problem);
  const members = [...new Set(kinds)].map((kind) => kinds.flatMap((k, d) => (k === kind ? [d] : [])));
  const most = Math.max(...members.map((devices) => devices.length));
  let best = null;
  for (let groups = 2; 2 * groups <= problem.devices.length && groups <= most; ++groups) {
    // The g-th group has the g-th of `groups` runs of equal length of every kind.
    const group = (g) => members.flatMap((devices) => {
      const size = Math.floor(devices.length / groups);
      return devices.slice(g * size, (g + 1) * size);
    });
    const first = group(0);
    const chain = first.length > 1 ? bestRanges(problem, first) : null;
    if (chain === null || chain.parts.length < 2) continue;
    const placements = [];
    for (let g = 0; g < groups; ++g) {
      const devices = group(g);
      const parts = chain.parts.map(({ device, items }) => ({ device: devices[first.indexOf(device)], items }));
      const score = evaluateParts(problem, parts);
      if (score.fits) placements.push({ parts, value: score.value });
    }
    const used = new Set(placements.flatMap(({ parts }) => parts.map((part) => part.device)));
    placements.push(...wholeCopies(problem).filter(({ parts }) => !used.has(parts[0].device)));
    const found = takeTurns(problem, placements);
    if (found !== null && (best === null || found.value < best.value)) best = { ...found, groups };
  }
  return best;
}
