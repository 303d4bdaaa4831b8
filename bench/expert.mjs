// What a person would do by hand, worked out by code that shares nothing with Allot's: the best single device, a whole copy on each
// device, the best chain of ranges, and such chains on groups of equal devices. Run by expert.sh.
// usage: node bench/expert.mjs PROBLEM.json [--json]
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readProblem } from './expert/problem.mjs';
import { bestRanges } from './expert/ranges.mjs';
import { copiesOfRanges, takeTurns, wholeCopies } from './expert/copies.mjs';

// {single, copies, ranges, copies_of_ranges}, each {value, ...} in picoseconds or null where there is none.
export function expert(problem) {
  const whole = wholeCopies(problem);
  const single = whole.length > 0 ? whole[0] : null;
  const throughput = problem.objective === 'throughput';
  return {
    single,
    copies: throughput ? takeTurns(problem, whole) : null,
    ranges: bestRanges(problem, undefined, single === null ? Infinity : single.value + 1),
    copies_of_ranges: throughput ? copiesOfRanges(problem) : null,
  };
}

const micros = (picos) => picos / 1e6;

// How it is printed and written: times in microseconds, devices by name, items by how many.
function described(problem, answer) {
  if (answer === null) return null;
  const chain = (parts) => parts.map(({ device, items }) => ({ device: problem.devices[device].name, items: items.length }));
  const result = { value_us: micros(answer.value) };
  if (answer.turns !== undefined) {
    result.cycle = answer.cycle;
    result.turns = answer.turns.map(({ parts, share }) => ({ share, parts: chain(parts) }));
  } else {
    result.parts = chain(answer.parts);
  }
  if (answer.exact !== undefined) result.exact = answer.exact;
  if (answer.groups !== undefined) result.groups = answer.groups;
  return result;
}

const ofChain = (parts) => parts.map(({ device, items }) => `${device}:${items}`).join(' > ');

function row(name, answer) {
  if (answer === null) return `${name.padEnd(17)} -`;
  const how = answer.turns === undefined ? ofChain(answer.parts) : answer.turns.map(({ share, parts }) => `${share}x ${ofChain(parts)}`).join(', ');
  return `${name.padEnd(17)} ${(answer.value_us / 1000).toFixed(4).padStart(12)} ms  ${how}`;
}

function main(args) {
  const json = args.includes('--json'), [file] = args.filter((arg) => !arg.startsWith('--'));
  const problem = readProblem(JSON.parse(readFileSync(file, 'utf8')));
  const answers = expert(problem);
  const result = { objective: problem.objective, communication: problem.communication, items: problem.items.length, devices: problem.devices.length };
  for (const [name, answer] of Object.entries(answers)) result[name] = described(problem, answer);
  if (json) {
    console.log(JSON.stringify(result));
    return;
  }
  console.log(`${result.items} items on ${result.devices} devices, ${result.objective}, ${result.communication}\n`);
  for (const name of Object.keys(answers)) console.log(row(name.replaceAll('_', ' '), result[name]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
