// Reading a manifest, and checking that what it says can be run and that its files are those that were written.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { UserError } from './errors.mjs';
import { distance } from './nearest_name.mjs';
import { checkCores } from './onnxruntime.mjs';
import { readInput } from './read_input.mjs';

const isNames = (value) => Array.isArray(value) && value.every((name) => typeof name === 'string');

// Whether a name stays in the folder of the manifest, also where it is a link.
function staysInside(folder, name) {
  if (typeof name !== 'string' || name === '' || name.includes('\0') || path.isAbsolute(name) || name.split('/').includes('..')) return false;
  let real;
  try {
    real = fs.realpathSync(path.join(folder, name));
  } catch {
    return true;  // it is missing, which is said where it is needed
  }
  return real.startsWith(path.join(fs.realpathSync(folder), path.sep));
}

// A manifest says what is to be read and run: nothing but the files beside it.
function checkFiles(manifest, folder, wrong) {
  if (manifest.external_data !== undefined && !isNames(manifest.external_data)) wrong('external_data: expected a list of names');
  if (manifest.model !== undefined && manifest.model !== null && typeof manifest.model !== 'string') wrong('model: expected a path');
  for (const name of partFiles(manifest)) {
    if (!staysInside(folder, name)) wrong(`the file ${JSON.stringify(name)} is not in the folder of the manifest; put it there and change its name`);
  }
}

// The parts of one lane; `ids` are those of parts that came before.
function checkParts(manifest, parts, ids, wrong) {
  const deviceIds = manifest.devices.map((device) => device?.id);
  if (!isNames(deviceIds)) wrong('devices: each needs an id');
  const producers = new Map();
  for (const part of parts) {
    if (typeof part?.id !== 'string' || typeof part.file !== 'string' || !isNames(part.inputs) || !isNames(part.outputs)) {
      wrong(`parts: each needs id, device, file, inputs and outputs; ${JSON.stringify(part).slice(0, 80)} lacks some`);
    }
    if (ids.has(part.id)) wrong(`part ${part.id} is there twice`);
    ids.add(part.id);
    if (!deviceIds.includes(part.device)) wrong(`part ${part.id}: there is no device ${part.device}`);
    for (const tensor of part.outputs) {
      if (producers.has(tensor)) wrong(`tensor ${tensor} comes from parts ${producers.get(tensor)} and ${part.id}`);
      if (manifest.inputs.includes(tensor)) wrong(`tensor ${tensor} is an input of the model and comes from part ${part.id}`);
      producers.set(tensor, part.id);
    }
  }
  const known = (tensor) => producers.has(tensor) || manifest.inputs.includes(tensor);
  for (const part of parts) {
    for (const tensor of part.inputs) if (!known(tensor)) wrong(`part ${part.id}: no part makes its input ${tensor}`);
  }
  for (const tensor of manifest.outputs) if (!known(tensor)) wrong(`no part makes the output ${tensor}`);
  const ready = new Set(manifest.inputs);
  let waiting = [...parts];
  while (waiting.length > 0) {
    const next = waiting.filter((part) => part.inputs.every((tensor) => ready.has(tensor)));
    if (next.length === 0) wrong(`parts wait for each other: ${waiting.map((part) => part.id).join(', ')}`);
    for (const part of next) part.outputs.forEach((tensor) => ready.add(tensor));
    waiting = waiting.filter((part) => !next.includes(part));
  }
}

// In bytes.
const LARGEST = 1 << 28;

// The longest cycle that is run: the samples of one are measured together.
const LONGEST_CYCLE = 10000;

function checkLanes(manifest, wrong) {
  const further = manifest.lanes ?? [];
  if (!Array.isArray(further) || !further.every((lane) => Array.isArray(lane?.parts))) wrong('lanes: expected a list, each with parts');
  const lanes = lanesOf(manifest), ids = new Set();
  lanes.forEach(({ share, parts }, index) => {
    if (!Number.isInteger(share) || share < 1) wrong(`lane ${index}: expected a share of at least 1, not ${JSON.stringify(share)}`);
    checkParts(manifest, parts, ids, index === 0 ? wrong : (what) => wrong(`lane ${index}: ${what}`));
  });
  if (lanes.reduce((sum, { share }) => sum + share, 0) > LONGEST_CYCLE) wrong(`the shares of the lanes add up to more than ${LONGEST_CYCLE}`);
}

/** The placements that take turns, [{share, parts}]: one, unless the manifest lists more. */
export const lanesOf = (manifest) => [{ share: manifest.share ?? 1, parts: manifest.parts }, ...(manifest.lanes ?? [])];

// "did you mean FILE?" for a manifest that lies where `file` is looked for: beside it, or in a folder of nearly that name; null: there is none.
function nearestFile(file) {
  const folder = path.dirname(file);
  if (fs.existsSync(folder)) {
    const there = fs.readdirSync(folder).filter((name) => name.endsWith('.json'));
    const name = there.includes('manifest.json') ? 'manifest.json' : there.find((other) => near(other, path.basename(file)));
    return name === undefined ? null : `did you mean ${path.join(folder, name)}?`;
  }
  const around = path.dirname(folder);
  if (!fs.existsSync(around)) return null;
  const folders = fs.readdirSync(around).filter((name) => near(name, path.basename(folder)) && fs.existsSync(path.join(around, name, path.basename(file))));
  return folders.length === 0 ? null : `did you mean ${path.join(around, folders.sort()[0], path.basename(file))}?`;
}

// Whether two names differ in at most a third of their characters.
const near = (a, b) => distance(a, b) <= Math.max(1, Math.floor(b.length / 3));

/**
 * The manifest in `file`, with `folder` (where its files are) and, if it names one, `modelPath`. Throws UserError for a
 * manifest that cannot be run: unknown version, parts that do not fit together, a cycle.
 */
export function readManifest(file) {
  let manifest;
  try {
    const about = fs.statSync(file);
    if (!about.isFile() && !about.isDirectory()) throw new Error('is no file, and parts lie beside their manifest; give DIR/manifest.json');
    if (about.size > LARGEST) throw new Error(`has ${about.size} bytes, more than any manifest`);
    manifest = JSON.parse(readInput(file).toString('utf8'));
  } catch (error) {
    if (error.code === 'EISDIR') throw new UserError(`${file}: is a folder; did you mean ${path.join(file, 'manifest.json')}?`);
    if (error.code === 'ENOENT') throw new UserError(`${file}: there is no such file; ${nearestFile(file) ?? '"allot MODEL -o DIR" writes DIR/manifest.json'}`);
    const remedy = error instanceof SyntaxError ? '; expected the manifest.json that "allot MODEL -o DIR" writes' : '';
    throw new UserError(`${file}: ${error.message}${remedy}`);
  }
  const wrong = (what) => { throw new UserError(`${file}: ${what}`); };
  if (manifest?.version !== 1) wrong(`expected a manifest of version 1, as "allot -o" writes`);
  for (const key of ['inputs', 'outputs']) if (!isNames(manifest[key])) wrong(`${key}: expected a list of names`);
  for (const key of ['parts', 'devices']) if (!Array.isArray(manifest[key])) wrong(`${key}: expected a list`);
  checkLanes(manifest, wrong);
  const folder = path.dirname(file);
  checkFiles(manifest, folder, wrong);
  for (const { id, runtime } of manifest.devices) checkCores(runtime?.cores, (what) => wrong(`device ${id}: ${what}`));
  return { ...manifest, file, folder, modelPath: manifest.model ? path.join(folder, manifest.model) : null };
}

async function sha256(file) {
  const hash = crypto.createHash('sha256');
  for await (const chunk of fs.createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

/** Checks files of a manifest against the sizes and hashes that it lists. Throws UserError for the first that differs. */
export async function checkIntegrity(manifest, files) {
  for (const name of files) {
    const file = path.join(manifest.folder, name);
    let size;
    try {
      size = fs.statSync(file).size;
    } catch {
      throw new UserError(`${file}: the file is missing; write the parts again with allot`);
    }
    const written = manifest.integrity?.[name];
    if (!written) continue;
    const same = size === written.bytes && (!written.sha256 || (await sha256(file)) === written.sha256);
    if (!same) throw new UserError(`${file}: the file is not the one that ${manifest.file} describes (its bytes changed); write the parts again with allot`);
  }
}

/** The files that running lanes needs, all unless some are given: their parts, and the weights that these refer to. */
export const partFiles = (manifest, lanes = lanesOf(manifest)) =>
  [...new Set([...lanes.flatMap(({ parts }) => parts.map(({ file }) => file)), ...(manifest.external_data ?? [])])];
