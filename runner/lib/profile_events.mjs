// ONNX Runtime's profile of a session: how long each kernel of the optimised model took in each run.
import { UserError } from './errors.mjs';

// Durations are cut to whole microseconds, by half of one on the average.
const CUT_OFF_US = 0.5;

// How the runtime begins and ends an event's name. Each event is on a line of its own, and its arguments hold no such text.
const EVENT = /\n(?=\{"cat" : ")/, BEFORE_NAME = '"name" :"', BEHIND_NAME = '","args" : {';

const escaped = (text) => text.replace(/["\\\x00-\x1f]/g,
  (c) => (c === '"' || c === '\\' ? `\\${c}` : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`));

// The events of a profile, those of the runtime's own form with the name as it stands in the text as `raw`: releases
// up to 1.30 write names of nodes as they are, where a quote or a backslash makes other text of the name, or no JSON.
function parseEvents(text) {
  const pieces = text.split(EVENT);
  if (pieces.length < 2) return JSON.parse(text);
  const raws = [];
  const mended = pieces.map((piece, index) => {
    const from = piece.indexOf(BEFORE_NAME) + BEFORE_NAME.length, to = piece.lastIndexOf(BEHIND_NAME);
    if (index === 0 || from < BEFORE_NAME.length || to < from) return piece;
    raws[index - 1] = piece.slice(from, to);
    return piece.slice(0, from) + escaped(raws[index - 1]) + piece.slice(to);
  });
  let events;
  try {
    events = JSON.parse(mended.join('\n'));
  } catch {
    return JSON.parse(text);
  }
  return events.map((event, index) => (raws[index] === undefined ? event : { ...event, name: unescaped(raws[index]), raw: raws[index] }));
}

// What a name in the text means to a reader of JSON; the name itself where it means nothing.
function unescaped(raw) {
  try {
    return JSON.parse(`"${raw}"`);
  } catch {
    return raw;
  }
}

/**
 * Reads the text of a profile. Returns [[{name, raw?, opType, provider, events, time}, ...], ...]: for each run its
 * outermost kernels in the order in which they ran, times in microseconds. `raw`: what the name is if the runtime
 * has not escaped it, where that differs. What runs inside the bodies of a kernel is
 * part of its time and counts among its `events`. Throws a UserError if the text is no profile.
 */
export function readProfile(text, file) {
  let events;
  try {
    events = parseEvents(text);
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
      ...(event.raw !== undefined && event.raw !== event.name && { raw: event.raw.slice(0, -'_kernel_time'.length) }),
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
  for (const { name, raw, opType, time } of run) {
    const place = places.get(`${opType} ${name}`) ?? places.get(`${opType} ${raw}`) ?? places.get(`${opType} `);
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
