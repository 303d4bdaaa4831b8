// ONNX Runtime: finding it, and the options of a session on a device.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from './errors.mjs';

/** The optimisation levels of a session; parts must be measured at the level that they run at. */
export const LEVELS = ['disabled', 'basic', 'extended', 'all'];

// Where a loaded runtime keeps its libraries.
const librariesOf = new WeakMap();

/** Loads onnxruntime-node from $ORT_NODE_MODULES, else from beside the tools. Throws UserError if it is not there. */
export function loadRuntime() {
  // Since 1.29 builds for Linux send usage data, of models too, and leave files in the folder for temporaries, unless told
  // not to before they are loaded.
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
  const here = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
  const folders = process.env.ORT_NODE_MODULES ? [process.env.ORT_NODE_MODULES, here] : [here];
  for (const folder of folders) {
    try {
      const require = createRequire(path.join(folder, 'package.json')), ort = require('onnxruntime-node');
      librariesOf.set(ort, path.join(path.dirname(require.resolve('onnxruntime-node')), '../bin'));
      return ort;
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw new UserError(`onnxruntime-node does not load: ${error.message}`);
    }
  }
  throw new UserError(`onnxruntime-node is not installed: run ${path.join(here, 'install.sh')}`);
}

// More cores than any machine has.
const MOST_CORES = 65536;

/** Calls `wrong` with a message if `text` is no list of cores that coreList() reads; undefined is none. */
export function checkCores(text, wrong) {
  if (text === undefined || text === null || text === '') return;
  const pieces = typeof text === 'string' ? text.split(',').map((piece) => /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(piece)) : [null];
  const cores = pieces.reduce((sum, piece) => sum + (piece ? Number(piece[2] ?? piece[1]) - Number(piece[1]) + 1 : 0), 0);
  if (pieces.some((piece) => !piece || Number(piece[2] ?? piece[1]) < Number(piece[1]))) wrong(`cores: expected a list such as "0-3,8", not ${JSON.stringify(text).slice(0, 80)}`);
  else if (cores > MOST_CORES) wrong(`cores: ${cores} cores are more than any machine has`);
}

/** "0-2,5" as [0, 1, 2, 5]. */
export function coreList(text) {
  if (!text) return [];
  return text.split(',').flatMap((piece) => {
    const [first, last = first] = piece.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

// Whether the library of a provider that is installed apart, as CUDA's is, is there.
function isInstalled(ort, provider) {
  const folder = librariesOf.get(ort), here = path.join(process.platform, process.arch);
  if (!folder || !fs.existsSync(folder)) return true;
  return fs.readdirSync(folder).map((version) => path.join(folder, version, here)).filter((libraries) => fs.existsSync(libraries))
    .some((libraries) => fs.readdirSync(libraries).some((file) => file.includes(`onnxruntime_providers_${provider}.`)));
}

/** The providers that this installation of ONNX Runtime has: ['cpu', ...]. `ort` is what loadRuntime() returned. */
export function availableProviders(ort) {
  const others = ort.listSupportedBackends().filter(({ name, bundled }) => name !== 'cpu' && (bundled || isInstalled(ort, name)));
  return ['cpu', ...others.map(({ name }) => name)];
}

/**
 * The runtime hint of a device of a target or a manifest, with the provider that runs it: the one that it names, for a CPU
 * that names none 'cpu', otherwise ''.
 */
export function runtimeOf({ kind, type, runtime }) {
  return { ...runtime, provider: runtime?.provider || ((kind ?? type) === 'cpu' ? 'cpu' : '') };
}

/**
 * Session options for a device's runtime hint {provider, ordinal, threads, cores}. Threads that are not given follow from
 * the cores that the worker is pinned to. What a provider lacks is run by the CPU provider behind it.
 */
export function sessionOptions(runtime, level, more = {}) {
  const { extra, ...rest } = more;
  const provider = runtime.provider || 'cpu';
  const threads = runtime.threads || coreList(runtime.cores).length;
  return {
    executionProviders: provider === 'cpu' ? ['cpu'] : [{ name: provider, deviceId: runtime.ordinal ?? 0 }, 'cpu'],
    graphOptimizationLevel: level,
    executionMode: 'sequential',
    interOpNumThreads: 1,
    ...(threads > 0 ? { intraOpNumThreads: threads } : {}),
    logSeverityLevel: 4,
    ...(extra ? { extra } : {}),
    ...rest,
  };
}
