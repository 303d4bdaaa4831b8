// Worker processes as their parent sees them: one per device, pinned to the device's cores, with memory in common.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UserError } from './errors.mjs';
import { createSharedMemory } from './shared_memory.mjs';

const WORKER = fileURLToPath(new URL('./worker_main.mjs', import.meta.url));

let pinning;
const canPin = () => (pinning ??= process.platform === 'linux' && spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0);

class Worker {
  constructor(device, memory, onDeath) {
    this.device = device.id;
    this.waiting = new Map();
    this.nextId = 1;
    this.dead = null;
    const cores = device.runtime?.cores;
    const command = cores && canPin() ? ['taskset', '-c', cores, process.execPath, WORKER] : [process.execPath, WORKER];
    this.child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'pipe', memory, 'ipc'] });
    let complaints = '';
    this.child.stderr.on('data', (data) => { complaints = (complaints + data).slice(-2000); });
    this.child.on('message', ({ id, result, error }) => {
      const { resolve, reject, what } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error !== undefined) reject(new UserError(`device ${this.device}: ${what}: ${error}`)); else resolve(result);
    });
    this.child.on('error', (error) => this.die(`cannot be started: ${error.message}`, onDeath));
    this.child.on('close', (status, signal) => {
      const last = complaints.trim().split('\n').pop();
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
      this.waiting.set(id, { resolve, reject, what });
      this.child.send({ id, operation, ...request }, (error) => { if (error) this.die(`cannot be reached: ${error.message}`, () => {}); });
    });
  }
}

/**
 * The workers of a run. Use `withWorkers`, which sees to it that none outlives it.
 */
class Workers {
  constructor(devices) {
    this.memory = createSharedMemory();
    this.failure = new Promise((_, reject) => { this.fail = reject; });
    this.failure.catch(() => {});
    this.stopping = false;
    const onDeath = (error) => { if (!this.stopping) this.fail(error); };
    this.byDevice = new Map(devices.map((device) => [device.id, new Worker(device, this.memory, onDeath)]));
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
    for (const worker of this.byDevice.values()) worker.child.kill('SIGKILL');
    await Promise.all([...this.byDevice.values()].map((worker) => worker.ended));
    fs.closeSync(this.memory);
  }
}

/**
 * Starts a worker for each of `devices` ({id, runtime: {cores}}), gives them to `body`, and returns what it returns. The
 * workers are gone when this settles, whether `body` ended, threw, a worker died or a signal came; the latter two throw
 * UserError.
 */
export async function withWorkers(devices, body) {
  const workers = new Workers(devices);
  const interrupt = (signal) => workers.fail(new UserError(`interrupted by ${signal}`));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await Promise.race([body(workers), workers.failure]);
  } finally {
    await workers.stop();
    for (const signal of signals) process.off(signal, interrupt);
  }
}
