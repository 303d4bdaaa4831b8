// Planning again as a plan.json says, with one more rule.
import fs from 'node:fs';
import path from 'node:path';
import { runAllot } from './allot_program.mjs';
import { UserError } from './errors.mjs';

const PATTERN_LIMIT = 1000;  // of characters in a pattern of names

/** A pattern that the names, and no others, match; those of a scope are one pattern. Throws UserError if it is too long. */
export function patternOf({ names = [], scope }) {
  const literal = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  let pattern = scope !== undefined ? `${literal(scope)}.*` : names.map(literal).join('|');
  // These words in front have a meaning of their own.
  pattern = pattern.replace(/^(before|after):/, (word) => `[${word[0]}]${word.slice(1)}`);
  if (pattern.length > PATTERN_LIMIT) throw new UserError('the names are too long for one rule; move fewer nodes');
  return pattern;
}

/** `text` as a word for a shell. */
export const shellWord = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** What a plan.json in `folder` was made from: {model, plan}. `model`: where it is, if known. Throws UserError. */
export function readPlan(folder, model) {
  const read = (name) => {
    try {
      return JSON.parse(folder.text(name));
    } catch {
      return null;
    }
  };
  const plan = read('plan.json'), manifest = read('manifest.json');
  if (plan?.schema !== 'allot.plan/1' || typeof plan.made_from !== 'object') throw new UserError(`${folder.name}: to plan again, plan.json must be there (allot's output "plan")`);
  const found = model ?? (typeof manifest?.model === 'string' ? path.resolve(folder.root, manifest.model) : undefined);
  if (found === undefined || !fs.existsSync(found)) throw new UserError(`the model ${found ?? plan.model} is not there; start with allot view --model=FILE`);
  return { model: found, plan };
}

// A file of the plan, by its path as seen from the plan's folder; what is no file there is a name.
const located = (folder, flag, text) => {
  if (typeof text !== 'string') throw new UserError(`${folder.name}: the plan was made with --${flag} from a pipe, which nobody can read once more; make it with --${flag}=FILE`);
  const file = path.resolve(folder.root, text);
  return fs.existsSync(file) ? file : text;
};

const defaults = new Map();  // the pipeline of each objective

async function defaultPipeline(objective) {
  if (!defaults.has(objective)) defaults.set(objective, (await runAllot(['--dump-pass-pipeline', `--objective=${objective}`])).trim());
  return defaults.get(objective);
}

/** The arguments of allot that make the plan again, without an output folder; `pin` comes before the others. */
export async function argumentsOf(folder, { model, plan }, pin) {
  const { made_from: from } = plan, list = (name, values) => values.map((value) => `--${name}=${value}`);
  const pins = [pin, ...(from.pins ?? []).filter((other) => other !== pin)];
  const pipeline = plan.pipeline === await defaultPipeline(from.objective) ? [] : [`--pass-pipeline=${plan.pipeline}`];
  return [
    model, `--target=${located(folder, 'target', from.target)}`, `--objective=${from.objective}`,
    ...list('pin', pins), ...list('forbid', from.forbids ?? []), ...list('together', from.together ?? []),
    ...(from.cost_model && from.cost_model !== 'roofline' ? [`--cost-model=${from.cost_model}`] : []),
    ...list('costs', (from.costs ?? []).map(({ file }) => located(folder, 'costs', file))),
    ...(from.start ? [`--start=${located(folder, 'start', from.start.file)}`] : []),
    ...list('dim', Object.entries(from.dims ?? {}).map(([name, size]) => `${name}=${size}`)),
    ...(from.default_dim && from.default_dim !== 1 ? [`--default-dim=${from.default_dim}`] : []),
    ...(from.seed && from.seed !== 1 ? [`--seed=${from.seed}`] : []),
    ...pipeline,
  ];
}

/** The command line that keeps such a plan, as one types it in the current folder. */
export function commandOf(args, out) {
  const near = (word) => {
    const [, flag, file] = /^(--(?:target|costs|start)=)?(.*)$/s.exec(word);
    if (!path.isAbsolute(file)) return word;
    const relative = path.relative(process.cwd(), file);
    return `${flag ?? ''}${relative.length < file.length ? relative : file}`;
  };
  return ['allot', ...args.map(near), '-o', near(out)].map(shellWord).join(' ');
}

/**
 * Plans again with the node or scope `moved` ({names} or {scope}) on `device`, and writes report and plan into `out`.
 * Resolves to {model, command}. Throws UserError with what allot says.
 */
export async function replan(folder, { model, device, moved, out, started }) {
  const before = readPlan(folder, model);
  if (!(before.plan.devices ?? []).some(({ id }) => id === device)) throw new UserError(`there is no device ${device}`);
  const args = await argumentsOf(folder, before, `${patternOf(moved)}=${device}`);
  await runAllot([...args, '--emit=report,plan', '--quiet', '-o', out], started);
  return { model: before.model, command: commandOf(args, `${folder.root}-replanned`) };
}
