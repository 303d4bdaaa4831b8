// ONNX Runtime's profile of a session: how long each kernel of the optimised model took in each run.
import { UserError } from './errors.mjs';

// Durations are cut to whole microseconds, by half of one on the average.
const CUT_OFF_US = 0.5;

/**
 * Reads the text of a profile. Returns [[{name, opType, provider, events, time}, ...], ...]: for each run its
 * outermost kernels in the order in which they ran, times in microseconds. What runs inside the bodies of a kernel is
 * part of its time and counts among its `events`. Throws a UserError if the text is no profile.
 */
export function readProfile(text, file) {
  let events;
  try {
    events = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${file}: not a complete profile of ONNX Runtime: ${error.message}`);
  }
  if (!Array.isArray(events)) throw new UserError(`${file}: not a profile of ONNX Runtime: expected a list of events`);
  const spans = [], nodes = [];
  for (const event of events) {
    if (event?.ph !== 'X') continue;
    if (event.cat === 'Session' && event.name === 'model_run') spans.push(event);
    else if (event.cat === 'Node' && event.name.endsWith('_kernel_time')) nodes.push(event);
  }
  const byStart = (a, b) => a.ts - b.ts || b.dur - a.dur;
  spans.sort(byStart);
  nodes.sort(byStart);
  const runs = spans.map(() => []);
  let run = 0, end = -1;
  for (const event of nodes) {
    while (run + 1 < spans.length && event.ts >= spans[run + 1].ts) ++run;
    if (run >= spans.length || event.ts < spans[run].ts) continue;
    // Kernels run one after the other, so what starts before the last one ended runs inside it.
    if (runs[run].length > 0 && event.ts < end) { ++runs[run].at(-1).events; continue; }
    end = event.ts + event.dur;
    runs[run].push({
      name: event.name.slice(0, -'_kernel_time'.length), opType: event.args?.op_name ?? '',
      provider: event.args?.provider ?? '', events: 1, time: event.dur + CUT_OFF_US,
    });
  }
  return runs;
}

/**
 * A run less what profiling adds to it: `overhead` to the time of each kernel, and `between` for each event inside it,
 * which is more because writing the event down counts too. At least `least` for each event remains, or what there was.
 */
export function withoutOverhead(run, { overhead, between, least }) {
  return run.map((kernel) => {
    const { time, events } = kernel;
    const rest = time - overhead - between * (events - 1);
    return { ...kernel, time: Math.max(Math.min(time, least * events), rest) };
  });
}

/**
 * Sums a run's kernels by the nodes of the optimised model: an array of times, one for each node. Kernels are found by
 * name and operator, in order where several are called alike. What the model does not know (the runtime added it after
 * the model was saved) counts for the kernel before it. The sum is that of the run.
 */
export function timesOfRun(run, nodes) {
  const times = new Array(nodes.length).fill(0);
  const places = placesOf(nodes);
  let last = 0;
  for (const { name, opType, time } of run) {
    const place = places.get(`${opType} ${name}`) ?? places.get(`${opType} `);
    if (place !== undefined) {
      last = place.nodes[Math.min(place.next, place.nodes.length - 1)];
      ++place.next;
    }
    if (nodes.length > 0) times[last] += time;
  }
  return times;
}

function placesOf(nodes) {
  const places = new Map();
  nodes.forEach(({ name, opType }, index) => {
    const key = `${opType} ${name}`;
    if (!places.has(key)) places.set(key, { nodes: [], next: 0 });
    places.get(key).nodes.push(index);
  });
  return places;
}
