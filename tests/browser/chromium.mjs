// Chromium without a window, driven over a pipe by its DevTools protocol (chromedevtools.github.io/devtools-protocol):
// messages are JSON, each ended by a zero byte, to file descriptor 3 and from 4.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const FLAGS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--disable-default-apps', '--disable-extensions', '--disable-dev-shm-usage', '--mute-audio', '--hide-scrollbars', '--remote-debugging-pipe',
];

// Tells what hangs from a slow machine.
const LIMIT_MS = 300000;

export class Chromium {
  constructor(program) {
    this.profile = fs.mkdtempSync(path.join(os.tmpdir(), 'allot-browser-'));
    this.child = spawn(program, [...FLAGS, `--user-data-dir=${this.profile}`, 'about:blank'],
      { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] });
    this.stderr = '';
    this.child.stderr.on('data', (data) => { this.stderr = (this.stderr + data).slice(-4000); });
    this.waiting = new Map();
    this.listeners = [];
    this.next = 0;
    this.ended = new Promise((resolve) => this.child.on('close', resolve));
    this.child.on('error', (error) => this.fail(error));
    this.child.on('close', (status) => this.fail(new Error(`${program} ended with status ${status}: ${this.stderr}`)));
    this.child.stdio[3].on('error', (error) => this.fail(error));
    const pieces = [];
    this.child.stdio[4].on('data', (data) => {
      for (let begin = 0; begin < data.length;) {
        const end = data.indexOf(0, begin);
        pieces.push(data.subarray(begin, end < 0 ? data.length : end));
        if (end < 0) return;
        this.receive(JSON.parse(Buffer.concat(pieces.splice(0)).toString('utf8')));
        begin = end + 1;
      }
    });
  }

  fail(error) {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  receive(message) {
    if (message.id === undefined) {
      for (const listener of this.listeners) listener(message);
      return;
    }
    const { resolve, reject, method, timer } = this.waiting.get(message.id) ?? {};
    clearTimeout(timer);
    this.waiting.delete(message.id);
    if (message.error) reject?.(new Error(`${method}: ${message.error.message}`)); else resolve?.(message.result);
  }

  send(method, params = {}, sessionId = undefined) {
    const id = ++this.next;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail(new Error(`${method}: no answer in ${LIMIT_MS / 1000} s: ${this.stderr}`)), LIMIT_MS);
      this.waiting.set(id, { resolve, reject, method, timer });
      this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  async close() {
    await this.send('Browser.close').catch(() => {});
    await this.ended;
    fs.rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A tab that notes all that the page asks of the network, and all that it complains of. */
export class Tab {
  static async open(browser, { width = 1440, height = 1000, dark = false, mobile = false } = {}) {
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
    const tab = new Tab(browser, targetId, sessionId);
    await tab.send('Performance.enable', { timeDomain: 'threadTicks' });
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await tab.send(`${domain}.enable`);
    await tab.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile });
    if (mobile) await tab.send('Emulation.setTouchEmulationEnabled', { enabled: true });
    await tab.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] });
    return tab;
  }

  constructor(browser, targetId, sessionId) {
    Object.assign(this, { browser, targetId, sessionId, requests: [], complaints: [] });
    this.listener = ({ sessionId: from, method, params }) => {
      if (from !== sessionId) return;
      if (method === 'Network.requestWillBeSent') this.requests.push(params.request.url);
      if (method === 'Runtime.exceptionThrown') this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
      if (method === 'Runtime.consoleAPICalled') this.complaints.push(params.args.map((arg) => arg.value ?? arg.description).join(' '));
      if (method === 'Log.entryAdded') this.complaints.push(params.entry.text);
      if (method === 'Page.javascriptDialogOpening') {
        this.complaints.push(`dialog: ${params.message}`);
        this.send('Page.handleJavaScriptDialog', { accept: true }).catch(() => {});
      }
    };
    browser.listeners.push(this.listener);
  }

  send(method, params = {}) {
    return this.browser.send(method, params, this.sessionId);
  }

  /** The value of an expression in the page, which may be a promise. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until the expression is true. */
  async until(expression, limitMs = LIMIT_MS) {
    for (const end = Date.now() + limitMs; Date.now() < end;) {
      if (await this.evaluate(expression).catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`not true in ${limitMs / 1000} s: ${expression}; complaints: ${this.complaints.join('; ')}`);
  }

  async go(url) {
    const { errorText } = await this.send('Page.navigate', { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
  }

  /** How long the page's main thread has been running, in milliseconds of processor time. */
  async workedMs() {
    const { metrics } = await this.send('Performance.getMetrics');
    return 1000 * metrics.find(({ name }) => name === 'TaskDuration').value;
  }

  /** Two frames, so that what was asked for is drawn. */
  frames() {
    return this.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))');
  }

  async mouse(type, x, y, more = {}) {
    await this.send('Input.dispatchMouseEvent', { type, x, y, button: 'none', ...more });
  }

  async click(x, y) {
    await this.mouse('mouseMoved', x, y);
    await this.mouse('mousePressed', x, y, { button: 'left', buttons: 1, clickCount: 1 });
    await this.mouse('mouseReleased', x, y, { button: 'left', clickCount: 1 });
    await this.frames();
  }

  async drag(x, y, dx, dy) {
    await this.mouse('mouseMoved', x, y);
    await this.mouse('mousePressed', x, y, { button: 'left', buttons: 1, clickCount: 1 });
    for (let i = 1; i <= 4; ++i) await this.mouse('mouseMoved', x + (dx * i) / 4, y + (dy * i) / 4, { buttons: 1 });
    await this.mouse('mouseReleased', x + dx, y + dy, { button: 'left', clickCount: 1 });
    await this.frames();
  }

  /** `ctrl`: with that key held. */
  async wheel(x, y, deltaY, ctrl = false) {
    await this.mouse('mouseWheel', x, y, { deltaX: 0, deltaY, modifiers: ctrl ? 2 : 0 });
    await this.frames();
  }

  /** Drags one finger, or two from `apart` to `apartAfter`. */
  async touch(x, y, dx, dy, apart = 0, apartAfter = apart) {
    const points = (share) => {
      const wide = apart + (apartAfter - apart) * share, [px, py] = [x + dx * share, y + dy * share];
      return apart === 0 ? [{ x: px, y: py, id: 1 }] : [{ x: px - wide / 2, y: py, id: 1 }, { x: px + wide / 2, y: py, id: 2 }];
    };
    await this.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: points(0) });
    for (let i = 1; i <= 8; ++i) {
      await this.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: points(i / 8) });
      await this.frames();
    }
    await this.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await this.frames();
  }

  async press(key, text = undefined) {
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', key, text });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', key });
    await this.frames();
  }

  async type(text) {
    await this.send('Input.insertText', { text });
    await this.frames();
  }

  async screenshot(file, clip) {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', clip: clip && { ...clip, scale: 1 }, captureBeyondViewport: clip !== undefined });
    fs.writeFileSync(file, Buffer.from(data, 'base64'));
  }

  async close() {
    this.browser.listeners.splice(this.browser.listeners.indexOf(this.listener), 1);
    await this.browser.send('Target.closeTarget', { targetId: this.targetId });
  }
}
