// Models placed on two CPU devices, and allot-run as a process that tests watch and hurt.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeScratch } from './scratch.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ALLOT = process.env.ALLOT ?? path.join(ROOT, 'build/allot');
const MAKE_MODELS = process.env.ALLOT_MAKE_E2E_MODELS ?? path.join(ROOT, 'build/make-e2e-models');
export const RUN = path.join(ROOT, 'runner/allot-run.mjs');

const LEFT = ['Conv', 'MatMul', 'Add', 'Sigmoid', 'If', 'SequenceAt', 'gate', 'NonZero'];
const RIGHT = ['Relu', 'Mul', 'Tanh', 'Concat', 'Loop', 'twice', 'Gather', 'LayerNormalization'];

/** Writes all models of the end-to-end tests into a scratch folder; returns {scratch, models: [files]}. */
export function makeModels(name) {
  const scratch = makeScratch(name), folder = path.join(scratch, 'models');
  fs.mkdirSync(folder);
  execFileSync(MAKE_MODELS, [folder]);
  return { scratch, models: fs.readdirSync(folder).filter((file) => file.endsWith('.onnx')).sort().map((file) => path.join(folder, file)) };
}

/** Places `model` on two CPU devices, neighbouring operators apart unless without `rules`; returns the manifest's path. */
export function place(scratch, model, { objective = 'latency', rules = true, provider = () => 'cpu', pipeline } = {}) {
  const device = (name) => ({
    name, kind: 'cpu', memory: '1GiB', flops: { default: '1T' }, memory_bandwidth: '100GB/s', part_cost_us: 1, op_cost_us: 0.1, runtime: { provider: provider(name), threads: 1 },
  });
  const out = fs.mkdtempSync(path.join(scratch, `${path.basename(model, '.onnx')}-`)), target = path.join(scratch, `${path.basename(out)}.target.json`);
  fs.writeFileSync(target, JSON.stringify({
    schema: 'allot.target/1', name: 'scattered', devices: ['left', 'right'].map(device),
    topology: { links: [{ from: 'left', to: 'right', bandwidth: '10GB/s', latency_us: 1 }] },
    rules: rules ? [...LEFT.map((op) => ({ pin: 'left', op })), ...RIGHT.map((op) => ({ pin: 'right', op }))] : [],
  }));
  execFileSync(ALLOT, [model, `--target=${target}`, `--objective=${objective}`, '--dim', 'batch=2', '-o', out, '--quiet', ...(pipeline ? [`--pass-pipeline=${pipeline}`] : [])]);
  return path.join(out, 'manifest.json');
}

/** Changes a manifest: `change(manifest)` in place. */
export function edit(manifest, change) {
  const content = JSON.parse(fs.readFileSync(manifest, 'utf8'));
  change(content);
  fs.writeFileSync(manifest, JSON.stringify(content));
}

const statOf = (pid) => {
  try {
    const [, state, parent] = /^.*\) (\S) (\d+) /s.exec(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
};

const isAlive = (pid) => ![undefined, 'Z', 'X'].includes(statOf(pid)?.state);

async function until(condition, what, limitMs = 300000) {
  for (const end = Date.now() + limitMs; Date.now() < end;) {
    const result = condition();
    if (result) return result;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return assert.fail(`${what} did not come about in ${limitMs / 1000} s`);
}

/** allot-run as a process of its own, with a folder for temporaries of its own; `under`: a command that runs it. */
export class Runner {
  constructor(scratch, args, { program = RUN, env = {}, group = false, under = [] } = {}) {
    this.temporary = fs.mkdtempSync(path.join(scratch, 'tmp-'));
    this.seen = new Set();
    const [command, ...words] = [...under, process.execPath, program, ...args];
    this.child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'], detached: group, env: { ...process.env, TMPDIR: this.temporary, ...env } });
    this.stdout = '';
    this.stderr = '';
    this.child.stdout.on('data', (data) => { this.stdout += data; });
    this.child.stderr.on('data', (data) => { this.stderr += data; });
    this.over = false;
    this.ended = new Promise((resolve) => this.child.on('close', (status, signal) => { this.over = true; resolve({ status, signal }); }));
  }

  /** Process ids of the workers that there are now. */
  workers() {
    const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => statOf(pid)?.parent === this.child.pid);
    for (const pid of pids) this.seen.add(pid);
    return pids;
  }

  /** Resolves to the workers as soon as there are `count`. */
  started(count = 2) {
    return until(() => { const pids = this.watch(); return pids.length === count && pids; }, 'the workers');
  }

  /** Resolves to the workers once samples are under way: the inputs are in shared memory when all parts are loaded. */
  async streaming(count = 2) {
    await this.started(count);
    return until(() => {
      const pids = this.watch();
      const written = (pid) => { try { return fs.statSync(`/proc/${pid}/fd/3`).blocks > 0; } catch { return false; } };
      return pids.length === count && pids.every(written) && pids;
    }, 'the stream');
  }

  watch() {
    assert.ok(!this.over, `ended too soon: ${this.stderr}`);
    return this.workers();
  }

  /** Waits for the end, which must come and leave nothing behind; the limit tells a run that hangs from a slow machine. */
  async end(limitMs = 300000) {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), limitMs), begin = Date.now();
    const { status, signal } = await this.ended;
    clearTimeout(timer);
    assert.ok(Date.now() - begin < limitMs, `no end in ${limitMs / 1000} s; stderr: ${this.stderr}`);
    await until(() => ![...this.seen].some(isAlive), 'the end of all workers');
    assert.deepEqual(fs.readdirSync(this.temporary), [], 'left in the folder for temporaries');
    if (fs.existsSync('/dev/shm')) assert.deepEqual(fs.readdirSync('/dev/shm').filter((name) => name.includes(`-${this.child.pid}-`)), [], 'left in /dev/shm');
    return { status, signal, stdout: this.stdout, stderr: this.stderr };
  }

  /** Ends with one line `error: ...` that matches, status 1 and no output. */
  async fails(message) {
    const { status, signal, stdout, stderr } = await this.end();
    assert.match(stderr, /^error: [^\n]+\n$/);
    assert.match(stderr, message);
    assert.deepEqual({ status, signal, stdout }, { status: 1, signal: null, stdout: '' });
  }

  /** Ends well; returns its output. */
  async succeeds() {
    const { status, stdout, stderr } = await this.end();
    assert.equal(stderr, '');
    assert.equal(status, 0);
    return stdout;
  }
}
