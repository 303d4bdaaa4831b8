// Worker processes as their parent sees them: one per device, pinned to the device's cores, with memory in common.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UserError } from './errors.mjs';
import { createSharedMemory } from './shared_memory.mjs';

const WORKER = fileURLToPath(new URL('./worker_main.mjs', import.meta.url));
const TICK_MS = 250;
const STALL_TIMEOUT_S = 120;

const found = new Map();
const have = (program) => {
  if (!found.has(program)) found.set(program, process.platform === 'linux' && spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0);
  return found.get(program);
};

// A worker ends with its parent because its channel closes, which it sees between two parts only; where the system can
// see to it, it ends at once.
function command(cores) {
  const bound = have('setpriv') ? ['setpriv', '--pdeathsig', 'KILL', '--'] : [];
  const pinned = cores && have('taskset') ? ['taskset', '-c', cores] : [];
  return [...bound, ...pinned, process.execPath, WORKER];
}

// What a dying process said: Node puts its version last, and the error before the stack.
function lastWords(complaints) {
  const lines = complaints.split('\n').map((line) => line.trim()).filter(Boolean);
  return lines.findLast((line) => /^\w*(Error|error)\b/.test(line)) ?? lines.findLast((line) => !/^Node\.js v/.test(line));
}

class Worker {
  constructor(device, memory, onDeath) {
    this.device = device.id;
    this.waiting = new Map();
    this.nextId = 1;
    this.dead = null;
    this.silentMs = 0;
    const [program, ...words] = command(device.runtime?.cores);
    this.child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe', memory, 'ipc'] });
    let complaints = '';
    this.child.stderr.on('data', (data) => { complaints = (complaints + data).slice(-2000); });
    this.child.on('message', ({ id, result, error }) => {
      const request = this.waiting.get(id);
      if (!request) return;
      const { resolve, reject, what } = request;
      this.waiting.delete(id);
      this.silentMs = 0;
      if (error !== undefined) reject(new UserError(`device ${this.device}: ${what}: ${error}`)); else resolve(result);
    });
    this.child.on('error', (error) => this.die(`cannot be started: ${error.message}`, onDeath));
    this.child.on('close', (status, signal) => {
      const last = lastWords(complaints);
      this.die(`${signal ? `was killed by ${signal}` : `ended with status ${status}`}${last ? ` (${last})` : ''}`, onDeath);
    });
    this.ended = new Promise((resolve) => this.child.on('close', resolve).on('error', resolve));
  }

  die(why, onDeath) {
    if (this.dead) return;
    const doing = [...this.waiting.values()][0]?.what;
    this.dead = new UserError(`the worker of device ${this.device} (process ${this.child.pid}) ${why}${doing ? ` at: ${doing}` : ''}`);
    for (const { reject } of this.waiting.values()) reject(this.dead);
    this.waiting.clear();
    onDeath(this.dead);
  }

  ask(operation, request, what) {
    return new Promise((resolve, reject) => {
      if (this.dead) { reject(this.dead); return; }
      const id = this.nextId++;
      if (this.waiting.size === 0) this.silentMs = 0;
      this.waiting.set(id, { resolve, reject, what });
      // A worker that cannot be reached has ended or is about to; that event says why.
      this.child.send({ id, operation, ...request }, () => {});
    });
  }

  // Counts time in ticks of ours, so that none passes for a run that is suspended as a whole.
  tick(timeoutS, onDeath) {
    if (this.waiting.size === 0 || (this.silentMs += TICK_MS) < timeoutS * 1000) return;
    this.die(`has not answered for ${timeoutS} s (--stall-timeout)`, onDeath);
  }
}

/**
 * The workers of a run. Use `withWorkers`, which sees to it that none outlives it.
 */
class Workers {
  constructor(devices, stallTimeoutS) {
    this.memory = createSharedMemory();
    this.failure = new Promise((_, reject) => { this.fail = reject; });
    this.failure.catch(() => {});
    this.stopping = false;
    const onDeath = (error) => { if (!this.stopping) this.fail(error); };
    this.byDevice = new Map(devices.map((device) => [device.id, new Worker(device, this.memory, onDeath)]));
    this.ticker = setInterval(() => { for (const worker of this.byDevice.values()) worker.tick(stallTimeoutS, onDeath); }, TICK_MS);
    this.regions = 0;
  }

  /** A region of the shared memory that nobody has. */
  newRegion() { return this.regions++; }

  /** Loads a model file as `part` with session options; returns its {inputs, outputs} metadata. */
  load(device, part, file, options) {
    return this.byDevice.get(device).ask('load', { part, file, options }, `load ${file}`);
  }

  /**
   * Runs a part. `inputs`: [{name, key, type, dims, bytes, region, uses}], `outputs`: [{name, key, region?, uses}], where
   * `uses` is how often parts of this device take the tensor called `key`. Resolves to {outputs: [{type, dims, bytes}],
   * times: [start, inputs read, computed, outputs written]} in microseconds of the machine's clock.
   */
  run(device, part, inputs, outputs, what = `run ${part}`) {
    return this.byDevice.get(device).ask('run', { part, inputs, outputs }, what);
  }

  /** Ends the profile of a part that was loaded with profiling on; its file is then complete. */
  endProfiling(device, part) {
    return this.byDevice.get(device).ask('endProfiling', { part }, `end the profile of ${part}`);
  }

  async stop() {
    this.stopping = true;
    clearInterval(this.ticker);
    for (const worker of this.byDevice.values()) worker.child.kill('SIGKILL');
    await Promise.all([...this.byDevice.values()].map((worker) => worker.ended));
    fs.closeSync(this.memory);
  }
}

/**
 * Starts a worker for each of `devices` ({id, runtime: {cores}}), gives them to `body`, and returns what it returns. The
 * workers are gone when this settles, whether `body` ended, threw, a worker died, was silent for `stallTimeoutS` seconds with
 * something to do, or a signal came; the latter three throw UserError.
 */
export async function withWorkers(devices, body, { stallTimeoutS = STALL_TIMEOUT_S } = {}) {
  // Signals are heard before there is anything that they must end.
  let interrupt;
  const interruption = new Promise((_, reject) => { interrupt = (signal) => reject(new UserError(`interrupted by ${signal}`)); });
  interruption.catch(() => {});
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, interrupt);
  let workers;
  try {
    workers = new Workers(devices, stallTimeoutS);
    return await Promise.race([body(workers), workers.failure, interruption]);
  } finally {
    await workers?.stop();
    for (const signal of signals) process.off(signal, interrupt);
  }
}
