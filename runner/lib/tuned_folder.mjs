// The folder of `allot tune -o`: which of its files may be replaced.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { UserError } from './errors.mjs';
import { readInput } from './read_input.mjs';

export const COSTS = 'costs.csv', HISTORY = 'tuning.json';
// What `allot -o` writes whatever the plan is, and where it records what it wrote.
const PLANNED = ['manifest.json', 'plan.json', 'model.annotated.onnx', 'model.report.html', 'model.mlir', 'schedule.trace.json', 'model.dot'], RECORD = '.allot-files.json';

function readJsonIfAny(file) {
  try {
    return JSON.parse(readInput(file).toString('utf8'));
  } catch {
    return null;
  }
}

const digestOf = (file) => crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex');

// What the parts of a model are called, as `allot` names them: NAME.00000_DEVICE.onnx.
function isPartOf(model, name) {
  const bytes = Buffer.from(path.basename(model).replace(/\.(onnx|mlir)$/, '')).subarray(0, 100).toString('latin1');
  const stem = bytes.replace(/[^A-Za-z0-9._-]/g, '_').replace(/^[.-]/, '_') || 'model';
  return name.startsWith(`${stem}.`) && /^\d{5,}_.*\.onnx$/.test(name.slice(stem.length + 1));
}

/**
 * Throws UserError if `folder` cannot be one, or holds files of the names that a tuning of `model` writes which are not as an
 * earlier one left them: to be asked before long work.
 */
export function checkTunedFolder(folder, model) {
  const about = (file) => fs.lstatSync(file, { throwIfNoEntry: false });
  if (fs.existsSync(folder) && !fs.statSync(folder).isDirectory()) throw new UserError(`'${folder}' exists and is no folder; give another output folder`);
  const tuned = readJsonIfAny(path.join(folder, HISTORY))?.schema === 'allot.tune/1';
  const sources = readJsonIfAny(path.join(folder, 'plan.json'))?.made_from?.costs;
  const digest = Array.isArray(sources) ? sources.find((source) => source?.file === COSTS)?.sha256 : undefined;
  const recorded = readJsonIfAny(path.join(folder, RECORD))?.files;
  const parts = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => isPartOf(model, name)) : [];
  const planned = [...PLANNED, ...parts.sort()];
  const own = {
    [HISTORY]: () => tuned,
    [COSTS]: (file) => tuned && digestOf(file) === digest,
    ...Object.fromEntries(planned.map((name) => [name, (file) => digestOf(file) === recorded?.[name]?.sha256])),
  };
  for (const [name, isOwn] of Object.entries(own)) {
    const file = path.join(folder, name), there = about(file);
    if (there && !(there.isFile() && isOwn(file))) {
      throw new UserError(`'${file}' was not written by ${planned.includes(name) ? 'Allot' : 'allot tune'}, or changed since; move it away, or give another output folder`);
    }
  }
}

/** Puts a copy of `costs` into `folder`, for `body`; if that fails, what was there before comes back. */
export async function withCostsIn(folder, costs, body) {
  const kept = path.join(folder, COSTS);
  const before = fs.existsSync(kept) ? fs.readFileSync(kept) : null;
  const made = fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(costs, kept);
  try {
    return await body(kept);
  } catch (error) {
    if (before) fs.writeFileSync(kept, before);
    else fs.rmSync(kept);
    if (made) fs.rmdirSync(folder);
    throw error;
  }
}
