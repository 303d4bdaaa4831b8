// Plans models on targets and compares each plan with what a person would do by hand (expert.mjs), with other seeds and with other
// amounts of work. Run by plans.sh, which says how.
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expert } from './expert.mjs';
import { readProblem } from './expert/problem.mjs';

const execute = promisify(execFile);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const TARGETS = 'cpu-2gpu,dual-socket-4gpu,homogeneous-8gpu,soc-npu,cpu-gpu';
// What is as good as equal.
const TOLERANCE = 0.01;
// Room for the weights of any model; a file without content takes none on the disk.
const STAND_IN_BYTES = 2 ** 36;

function parseArguments(args) {
  const options = {
    folder: join(root, '../shared/models/shape'), build: join(root, 'build'), targets: TARGETS, objectives: 'latency,throughput',
    models: '\\.ext\\.onnx$', seeds: '1', works: '', 'work-flag': '--work', jobs: '2', csv: '',
  };
  for (const arg of args) {
    const match = /^--([a-z-]+)=(.*)$/s.exec(arg);
    if (match === null && !arg.startsWith('-')) options.folder = arg;
    else if (match !== null && match[1] in options) options[match[1]] = match[2];
    else throw new Error(`there is no flag '${arg}'; there are ${Object.keys(options).slice(1).map((name) => `--${name}=`).join(' ')}`);
  }
  const count = (name) => {
    if (!/^[1-9]\d*$/.test(options[name])) throw new Error(`--${name}=${options[name]} is no positive number`);
    return Number(options[name]);
  };
  return {
    ...options, seeds: count('seeds'), jobs: count('jobs'), works: options.works.split(',').filter((work) => work !== ''),
    targets: options.targets.split(','), objectives: options.objectives.split(','), models: new RegExp(options.models),
  };
}

// A copy of the model with stand-ins for files of weights that are not there: what things cost depends on sizes alone.
function withData(path, build, scratch) {
  const copy = join(scratch, basename(path));
  let file = path;
  for (;;) {
    try {
      execFileSync(join(build, 'allot-opt'), [file, '-o', '/dev/null'], { stdio: 'pipe' });
      return file;
    } catch (error) {
      const missing = /its data is in '([^'/]+)', but there is no file/.exec(String(error.stderr));
      if (missing === null || existsSync(join(scratch, missing[1]))) throw new Error(String(error.stderr).trim());
      if (file === path) copyFileSync(path, copy);
      file = copy;
      writeFileSync(join(scratch, missing[1]), '');
      truncateSync(join(scratch, missing[1]), STAND_IN_BYTES);
    }
  }
}

// {report, cpu}: what `allot --json` says, and its seconds of processor time.
async function plan(build, model, flags) {
  const timed = 'TIMEFORMAT="%U %S"; time "$0" "$@"';
  const { stdout, stderr } = await execute('bash', ['-c', timed, join(build, 'allot'), model, ...flags, '--json', '--quiet'], { maxBuffer: 2 ** 28 });
  const [user, system] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return { report: JSON.parse(stdout), cpu: user + system };
}

async function examine({ model, name, target, objective }, options, scratch) {
  const asked = [`--target=${target}`, `--objective=${objective}`];
  const file = join(scratch, `${name}.${target.replaceAll('/', '_')}.${objective}.json`);
  await execute(join(options.build, 'allot-opt'), [model, ...asked, '--infer-shapes', '--estimate-cost', '--coarsen', '--print-problem', '-o', file]);
  const problem = readProblem(JSON.parse(readFileSync(file, 'utf8')));
  const byHand = expert(problem);
  const { report, cpu } = await plan(options.build, model, asked);
  const row = {
    model: name, target, objective, items: problem.items.length, value_us: report.value_us, single_us: micros(byHand.single),
    copies_us: micros(byHand.copies), ranges_us: micros(byHand.ranges), copies_of_ranges_us: micros(byHand.copies_of_ranges),
    bound_us: report.lower_bound_us, gap: report.gap, parts: report.parts, transfers: report.transfers, cpu_s: cpu.toFixed(2),
  };
  if (options.seeds > 1) {
    const values = [report.value_us];
    for (let seed = 2; seed <= options.seeds; ++seed) values.push((await plan(options.build, model, [...asked, `--seed=${seed}`])).report.value_us);
    row.best_seed_us = Math.min(...values);
  }
  const values = [];
  for (const work of options.works) {
    const made = await plan(options.build, model, [...asked, `${options['work-flag']}=${work}`]);
    values.push(made.report.value_us);
    row[`work_${work}_us`] = made.report.value_us;
    row[`work_${work}_cpu_s`] = made.cpu.toFixed(2);
  }
  // By how much the value after more work exceeds the least value after less.
  if (values.length > 1) row.more_work_worse = Math.max(0, ...values.slice(1).map((value, i) => value / Math.min(...values.slice(0, i + 1)) - 1));
  return row;
}

const micros = (answer) => (answer === null ? null : answer.value / 1e6);
const percent = (fraction) => `${(100 * fraction).toFixed(1)}`;
const millis = (us) => (us === null || us === undefined ? '-' : (us / 1000).toFixed(4));

function columns(options) {
  const shown = [
    ['model', (r) => r.model], ['target', (r) => r.target], ['objective', (r) => r.objective], ['value ms', (r) => millis(r.value_us)],
    ['single', (r) => millis(r.single_us)], ['copies', (r) => millis(r.copies_us)], ['ranges', (r) => millis(r.ranges_us)],
    ['copies of ranges', (r) => millis(r.copies_of_ranges_us)], ['bound', (r) => millis(r.bound_us)], ['gap %', (r) => percent(r.gap)],
    ['parts', (r) => r.parts], ['transfers', (r) => r.transfers], ['CPU s', (r) => r.cpu_s],
  ];
  if (options.seeds > 1) shown.push(['over best seed %', (r) => percent(r.value_us / r.best_seed_us - 1)]);
  if (options.works.length > 1) shown.push(['more work worse %', (r) => percent(r.more_work_worse)]);
  return shown;
}

const line = (cells) => `| ${cells.join(' | ')} |`;

function summary(rows, options) {
  const lines = ['', `${rows.length} plans; worse by more than ${100 * TOLERANCE} % than`, '', line(['', 'plans', 'worst %']), line(['---', '---:', '---:'])];
  const rivals = ['single_us', 'copies_us', 'ranges_us', 'copies_of_ranges_us', ...(options.seeds > 1 ? ['best_seed_us'] : [])];
  const compare = (name, values) => {
    const excess = rows.map((row) => [row, values(row)]).filter(([, other]) => other !== null).map(([row, other]) => row.value_us / other - 1);
    lines.push(line([name, excess.filter((x) => x > TOLERANCE).length, percent(Math.max(0, ...excess))]));
  };
  const label = (rival) => rival.replace(/_us$/, '').replaceAll('_', ' ');
  for (const rival of rivals) compare(label(rival), (row) => row[rival]);
  const best = (row) => Math.min(...rivals.map((rival) => row[rival]).filter((value) => value !== null));
  compare('the best of these', best);
  if (options.works.length > 1) {
    const worse = rows.map((row) => row.more_work_worse);
    lines.push(line(['itself with less work', worse.filter((x) => x > TOLERANCE).length, percent(Math.max(0, ...worse))]));
  }
  lines.push('', line(['target', 'objective', 'plans', 'mean gap %', 'worst gap %', 'mean over best by hand %', 'median CPU s']), line(['---', '---', ...new Array(5).fill('---:')]));
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const group = (target, objective, chosen) => {
    if (chosen.length === 0) return;
    const cpu = chosen.map((row) => Number(row.cpu_s)).sort((a, b) => a - b)[Math.floor(chosen.length / 2)];
    lines.push(line([target, objective, chosen.length, percent(mean(chosen.map((row) => row.gap))), percent(Math.max(...chosen.map((row) => row.gap))),
      percent(mean(chosen.map((row) => Math.max(0, row.value_us / best(row) - 1)))), cpu.toFixed(2)]));
  };
  for (const target of options.targets) {
    for (const objective of options.objectives) group(target, objective, rows.filter((row) => row.target === target && row.objective === objective));
  }
  for (const objective of options.objectives) group('all', objective, rows.filter((row) => row.objective === objective));
  const worst = rows.map((row) => [row.value_us / best(row) - 1, row]).filter(([excess]) => excess > TOLERANCE).sort((a, b) => b[0] - a[0]).slice(0, 15);
  if (worst.length > 0) lines.push('', 'The worst:', '', line(['model', 'target', 'objective', 'over %', 'than']), line(['---', '---', '---', '---:', '---']));
  for (const [excess, row] of worst) lines.push(line([row.model, row.target, row.objective, percent(excess), label(rivals.find((rival) => row[rival] === best(row)))]));
  return lines;
}

const csvCell = (value) => (value === null || value === undefined ? '' : /[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value));

async function main(args) {
  const options = parseArguments(args);
  const scratch = mkdtempSync(join(tmpdir(), 'allot-plans-'));
  try {
    const models = readdirSync(options.folder).filter((name) => name.endsWith('.onnx') && options.models.test(name)).sort();
    const tasks = models.flatMap((name) => {
      const model = withData(join(options.folder, name), options.build, scratch);
      return options.targets.flatMap((target) => options.objectives.map((objective) => ({ model, name: basename(name, '.onnx'), target, objective })));
    });
    if (tasks.length === 0) throw new Error(`${options.folder}: no model matches ${options.models}`);
    const shown = columns(options);
    console.log(line(shown.map(([name]) => name)));
    console.log(line(shown.map((_, i) => (i < 3 ? '---' : '---:'))));
    // Several at once; rows are printed in order.
    const rows = [];
    let next = 0, printed = 0;
    const work = async () => {
      while (next < tasks.length) {
        const t = next++;
        rows[t] = await examine(tasks[t], options, scratch).catch((error) => ({ ...tasks[t], model: tasks[t].name, error: String(error.stderr || error.message).trim().split('\n')[0] }));
        console.error(`${rows.filter(Boolean).length}/${tasks.length} ${tasks[t].name} ${tasks[t].target} ${tasks[t].objective}`);
        for (; rows[printed] !== undefined; ++printed) {
          const row = rows[printed];
          console.log(row.error === undefined ? line(shown.map(([, cell]) => cell(row))) : line([row.model, row.target, row.objective, row.error.replaceAll('|', '/'), ...shown.slice(4).map(() => '')]));
        }
      }
    };
    await Promise.all(Array.from({ length: options.jobs }, work));
    const good = rows.filter((row) => row.error === undefined);
    if (options.csv !== '') {
      const keys = [...new Set(good.flatMap(Object.keys))];
      writeFileSync(options.csv, [keys, ...good.map((row) => keys.map((key) => row[key]))].map((cells) => cells.map(csvCell).join(',')).join('\n') + '\n');
    }
    console.log(summary(good, options).join('\n'));
    if (good.length < rows.length) throw new Error(`${rows.length - good.length} of ${rows.length} were not planned`);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
