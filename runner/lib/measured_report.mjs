// The measured schedule, put into the report page that allot has written beside the manifest (model.report.html).
import fs from 'node:fs';
import path from 'node:path';
import { UserError } from './errors.mjs';
import { readInput } from './read_input.mjs';
import { median } from './statistics.mjs';
import { checkWritable, writeWhole } from './text_output.mjs';

const BEGIN = '<script type="application/json" id="measured">', END = '</script>';
const MOST_SAMPLES = 20, MOST_RUNS = 4000;

/**
 * What the page shows of a run, from runPlan(): the numbers of its report, and when parts ran in `runs`: [part, sample,
 * start, read, computed, end], the part an index into `parts`. Those are successive samples: for latency half of them at
 * most, so that there is a choice, from a typical one on; for a stream its middle. Times are microseconds from when the
 * first of them began, in a stream from its first part.
 */
export function measuredSchedule({ report, samples, flow }) {
  const stream = report.mode === 'pipeline', most = stream ? samples.length : Math.ceil(samples.length / 2);
  const shown = Math.max(1, Math.min(most, MOST_SAMPLES, Math.floor(MOST_RUNS / Math.max(1, flow.parts.length))));
  const first = stream ? Math.floor((samples.length - shown) / 2) : mostTypical(samples, samples.length - shown);
  const some = samples.slice(first, first + shown);
  const origin = stream ? Math.min(...some[0].runs.map(({ times }) => times[0])) : some[0].begin;
  const round = (time) => Math.round((time - origin) * 100) / 100;
  const { mode, level, measured_us: measured, predicted_us: predicted, error, latency_us: latency, devices, moved } = report;
  return {
    schema: 'allot.measured/1', mode, level, samples: report.samples, in_flight: report.in_flight, measured_us: measured, predicted_us: predicted, error, moved,
    latency_us: latency,
    devices: devices.map(({ id, busy_us: busy, utilisation }) => ({ id, busy_us: busy, utilisation })),
    parts: report.parts.map(({ id, measured_us: all, read_us: read, compute_us: compute, write_us: write }) =>
      ({ id, measured_us: all, read_us: read, compute_us: compute, write_us: write })),
    runs: some.flatMap((sample) => sample.runs.map(({ part, times }) => [part, sample.index, ...times.map(round)])),
  };
}

// The index, at most `last`, of the sample whose latency is nearest to the median of all.
function mostTypical(samples, last) {
  const latencies = samples.map(({ begin, end }) => end - begin), middle = median(latencies);
  return latencies.slice(0, last + 1).reduce((best, latency, i) => (Math.abs(latency - middle) < Math.abs(latencies[best] - middle) ? i : best), 0);
}

// Where the page keeps what was measured: [from, to] in its bytes. The page writes no '<' within its data, so what looks
// like the beginning of the place is it.
function placeIn(page, file) {
  const begin = page.indexOf(BEGIN), from = begin + BEGIN.length, to = page.indexOf(END, from);
  if (begin < 0 || to < 0 || page.indexOf(BEGIN, from) >= 0) throw new UserError(`${file}: not a report as allot writes it; write it again with allot`);
  return [from, to];
}

function readPage(file) {
  try {
    return readInput(file);
  } catch (error) {
    const remedy = error.code === 'ENOENT' ? '; write it with allot (its output "report")' : '';
    throw new UserError(`cannot read ${file}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}${remedy}`);
  }
}

/** The report beside a manifest. Throws UserError, before long work, unless it can be changed. */
export function findReport(manifest) {
  const file = path.join(manifest.folder, 'model.report.html');
  placeIn(readPage(file), file);
  checkWritable(file);
  return file;
}

/** Puts `measured` into the page, in place of what was there. The file changes whole or not at all. Throws UserError. */
export function writeMeasured(file, measured) {
  const page = readPage(file), [from, to] = placeIn(page, file);
  const text = JSON.stringify(measured).replaceAll('<', '\\u003c');
  writeWhole(file, Buffer.concat([page.subarray(0, from), Buffer.from(text), page.subarray(to)]));
}
