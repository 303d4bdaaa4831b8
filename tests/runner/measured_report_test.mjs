// The measured schedule in the report page beside a manifest.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { measuredSchedule, writeMeasured } from '../../runner/lib/measured_report.mjs';
import { makeModels, place, Runner } from './runner.mjs';

const { scratch, models } = makeModels('report');
const branches = place(scratch, models.find((file) => path.basename(file) === 'branches.onnx'), { objective: 'throughput' });
const page = path.join(path.dirname(branches), 'model.report.html');
const run = (...more) => new Runner(scratch, [branches, '--samples=30', '--dim=batch=1', ...more]);

function measuredIn(file) {
  const [, text] = /<script type="application\/json" id="measured">(.*?)<\/script>/s.exec(fs.readFileSync(file, 'utf8'));
  return JSON.parse(text);
}

for (const mode of ['latency', 'pipeline']) {
  test(`${mode}: the page holds what was measured, and else is what it was`, async () => {
    const before = fs.readFileSync(page, 'latin1'), manifest = JSON.parse(fs.readFileSync(branches, 'utf8'));
    const report = JSON.parse(await run(`--mode=${mode}`, '--report', '--json').succeeds());
    const measured = measuredIn(page);
    const without = (text) => text.replace(/id="measured">.*?<\/script>/s, '');
    assert.equal(without(fs.readFileSync(page, 'latin1')), without(before));
    assert.deepEqual([measured.schema, measured.mode, measured.measured_us, measured.samples], ['allot.measured/1', mode, report.measured_us, 30]);
    assert.deepEqual(measured.parts.map(({ id }) => id), manifest.parts.map(({ id }) => id));
    // Successive ones, as many on every machine.
    const shown = [...new Set(measured.runs.map(([, sample]) => sample))], count = mode === 'latency' ? 15 : 20;
    assert.deepEqual(shown, Array.from({ length: count }, (_, i) => shown[0] + i));
    assert.equal(measured.runs.length, count * manifest.parts.length);
    for (const [part, , start, read, computed, end] of measured.runs) {
      assert.ok(part < manifest.parts.length && start <= read && read <= computed && computed <= end, `${[start, read, computed, end]}`);
    }
    assert.ok(Math.min(...measured.runs.map((times) => times[2])) < report.latency_us.max);
    // Leaves nothing else behind.
    assert.deepEqual(fs.readdirSync(path.dirname(page)).filter((name) => name.includes('tmp')), []);
  });
}

// Successive samples of one part, with these latencies: [sample, start] of what is shown of them.
function shownOf(latencies, mode = 'latency') {
  const samples = latencies.map((latency, index) => ({ index, begin: 1000 * index, end: 1000 * index + latency, runs: [{ part: 0, times: [1000 * index, 0, 0, 0] }] }));
  return measuredSchedule({ report: { mode, devices: [], parts: [] }, samples, flow: { parts: [{}] } }).runs.map(([, sample, start]) => [sample, start]);
}

test('latency is shown from a typical sample on', () => {
  assert.deepEqual(shownOf([90, 60, 50, 10, 70]), [[1, 0], [2, 1000], [3, 2000]]);
  assert.deepEqual(shownOf([7]), [[0, 0]]);
});

test('however late the typical samples come, as many are shown', () => {
  const late = Array.from({ length: 30 }, (_, i) => (i < 14 ? 900 : 100));
  assert.deepEqual(shownOf(late).map(([sample]) => sample), Array.from({ length: 15 }, (_, i) => 14 + i));
  const last = Array.from({ length: 60 }, (_, i) => (i === 59 ? 58.5 : i < 30 ? 900 : i));
  assert.deepEqual(shownOf(last).map(([sample]) => sample), Array.from({ length: 20 }, (_, i) => 40 + i));
  assert.deepEqual(shownOf(last, 'pipeline').map(([sample]) => sample), Array.from({ length: 20 }, (_, i) => 20 + i));
});

test('names in it are no markup', () => {
  const file = path.join(scratch, 'evil.html'), id = '</script><b>';
  fs.copyFileSync(page, file);
  writeMeasured(file, { parts: [{ id }] });
  assert.equal(measuredIn(file).parts[0].id, id);
});

test('without a report there is an error, before anything runs', async () => {
  await run('--report', '--whole=left').fails(/^error: --report shows when parts ran; leave out --annotated and --whole\n$/);
  fs.writeFileSync(page, '<html></html>');
  await run('--report').fails(/model\.report\.html: not a report as allot writes it; write it again with allot\n$/);
  fs.rmSync(page);
  await run('--report').fails(/model\.report\.html: there is no such file; write it with allot \(its output "report"\)\n$/);
});
