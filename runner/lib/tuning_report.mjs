// What came of a tuning, as JSON and as text.
import { NOISY } from './statistics.mjs';
import { duration, inTone, percent, table } from './text_output.mjs';
import { kindOf } from './tuning.mjs';

/** The result as plain JSON. */
export function tuningReport(tuning, { competitors, chosen }, manifest) {
  const measured = (kind) => competitors.find((competitor) => competitor.kind === kind)?.measured ?? null;
  const value = chosen.measured, predicted = manifest.predicted.value_us;
  const rest = competitors.filter((competitor) => competitor !== chosen).map((competitor) => competitor.measured);
  const unsplit = competitors.filter(({ kind }) => kind !== 'split').map((competitor) => competitor.measured);
  const split = measured('split');
  return {
    schema: 'allot.tune/1', objective: tuning.options.objective, target: tuning.options.target,
    rounds: tuning.rounds.map(({ round, parts, manifest: plan, predicted: p, measured: m, error, seen }) =>
      ({ round, parts, kind: kindOf(plan), predicted_us: p, measured_us: m, error, same_as_before: seen })),
    single: tuning.singles.map(({ device, measured: m }) => ({ device, measured_us: m })),
    compared: competitors.map(({ kind, name, measured: m, noise }) => ({ kind, name, measured_us: m, noise })),
    chosen: { kind: chosen.kind, ...(chosen.round ? { round: chosen.round.round, parts: chosen.round.parts } : { device: chosen.whole, parts: 1 }) },
    splitting_pays: split !== null && split < Math.min(...unsplit), measured_us: value, predicted_us: predicted, error: (predicted - value) / value,
    single_us: measured('single'), together_us: measured('together'), copies_us: measured('copies'), split_us: split,
    gain: measured('single') / value, gain_over_next: rest.length > 0 ? Math.min(...rest) / value : null,
  };
}

const fastestOf = (rows) => rows.reduce((a, b) => (b.measured_us < a.measured_us ? b : a));

// What is kept, what is next to it or better, and whether splitting is worth its while: a sentence each.
function conclusion(report) {
  const each = report.objective === 'throughput' ? ' per inference' : '';
  const kept = report.compared.find(({ kind }) => kind === report.chosen.kind), others = report.compared.filter((row) => row !== kept);
  const times = (other) => `${(other.measured_us / kept.measured_us).toFixed(2)} times as fast as ${other.name}`;
  let text = `kept: ${kept.name}, ${duration(kept.measured_us)}${each}`;
  const slower = others.filter((row) => row.measured_us >= kept.measured_us);
  const single = slower.find(({ kind }) => kind === 'single'), next = slower.length > 0 ? fastestOf(slower) : undefined;
  if (slower.length > 0) text += `: ${[next, single].filter((row, i, rows) => row && rows.indexOf(row) === i).map(times).join(', ')}`;
  text += '\n';
  for (const row of others.filter((other) => other.measured_us < kept.measured_us)) {
    const why = row.kind === 'together' ? 'a device of another target' : row.kind === 'copies' ? 'excluded by --replicas=no' : 'not kept';
    text += `faster, but ${why}: ${row.name}, ${duration(row.measured_us)}${each}\n`;
  }
  const whole = fastestOf(report.compared.filter(({ kind }) => kind !== 'split'));
  if (report.splitting_pays) return `${text}${inTone('good', 'splitting pays')}: nothing that leaves the model whole is as fast\n`;
  return `${text}${inTone('warning', 'splitting does not pay')}: ${report.split_us === null ? 'no split was predicted to be better' : `${duration(report.split_us)}${each} split, ${duration(whole.measured_us)} with ${whole.name}`}\n`;
}

// What the three turns say of each other: whether who is ahead may be so by chance.
function noiseOf({ compared, chosen }) {
  const noisiest = compared.reduce((a, b) => (b.noise > a.noise ? b : a)), kept = compared.find(({ kind }) => kind === chosen.kind);
  const others = compared.filter((row) => row !== kept).map((row) => Math.abs(row.measured_us / kept.measured_us - 1));
  const nearest = others.length > 0 ? Math.min(...others) : Infinity;
  let text = '';
  if (noisiest.noise > NOISY) text += `noisy: three measurements of ${noisiest.name} differ by ${percent(noisiest.noise)}; end other work on this machine, or measure for more --seconds\n`;
  if (nearest < noisiest.noise) text += `the next is ${percent(nearest)} away, which is less than measurements differ by (${percent(noisiest.noise)}): it may be as good\n`;
  return text === '' ? '' : inTone('warning', text);
}

/** The same for people. `folder`: where the plan was written, if anywhere. */
export function tuningText(report, folder) {
  let text = table([['round', 'kind', 'parts', 'predicted', 'measured', 'error'],
    ...report.rounds.map((row) => [row.round, row.kind, row.parts, duration(row.predicted_us), duration(row.measured_us), percent(row.error)])]) + '\n';
  if (report.single.length > 1) text += table([['alone on', 'measured'], ...report.single.map((row) => [row.device, duration(row.measured_us)])]) + '\n';
  text += table([['side by side', 'measured'], ...report.compared.map((row) => [row.name, duration(row.measured_us)])]) + '\n';
  text += `${conclusion(report)}${noiseOf(report)}predicted ${duration(report.predicted_us)}, ${percent(Math.abs(report.error))} off\n`;
  return folder ? `${text}files in ${folder}\n` : text;
}
