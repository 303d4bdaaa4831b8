// `allot view`: what it serves and what it refuses, and plans that are made again.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { patternOf, shellWord } from '../../runner/lib/replan.mjs';
import { movedNodes } from '../../runner/lib/view_page.mjs';
import { onnxModel } from './onnx_bytes.mjs';
import { makeScratch } from './scratch.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url)), ALLOT = path.resolve(process.env.ALLOT ?? path.join(ROOT, 'build/allot'));
const VIEW = path.join(ROOT, 'runner/allot-view.mjs'), REPORT = 'model.report.html';
const scratch = makeScratch('view');

// A chain whose names mean something to a shell and to patterns.
const NAMES = ["a/it's(1)", 'a/x.y', 'b[0]/c', 'b[0]/d', 'before:e', 'f|g'];
const model = path.join(scratch, 'chain.onnx');
fs.writeFileSync(model, onnxModel({
  nodes: NAMES.map((name, i) => ({ op: ['Relu', 'Tanh'][i % 2], name, inputs: [`t${i}`], outputs: [`t${i + 1}`] })),
  inputs: [['t0', 256, 256]], outputs: [[`t${NAMES.length}`, 256, 256]],
}));

const planInto = (folder, ...options) => execFileSync(ALLOT, [model, '--quiet', '-o', path.join(scratch, folder), ...options], { cwd: scratch });
planInto('first', '--target=cpu-2gpu', '--pin=b.*=gpu1');
planInto('second', '--target=cpu-2gpu');

const started = new Set();
after(() => { for (const child of started) child.kill('SIGKILL'); });

/** Starts `allot view`; resolves to {child, port, address, text(): what it said, ended}. */
async function serve(args, { cwd = scratch } = {}) {
  const temporary = fs.mkdtempSync(path.join(scratch, 'tmp-'));
  const child = spawn(process.execPath, [VIEW, ...args], { cwd, env: { ...process.env, ALLOT: ALLOT, TMPDIR: temporary }, stdio: ['ignore', 'pipe', 'pipe'] });
  started.add(child);
  let stdout = '', stderr = '';
  child.stderr.on('data', (data) => { stderr += data; });
  const ended = new Promise((resolve) => child.on('close', (status, signal) => { started.delete(child); resolve({ status, signal, stdout, stderr }); }));
  const address = await new Promise((resolve) => {
    child.stdout.on('data', (data) => {
      stdout += data;
      const found = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(stdout);
      if (found) resolve(found);
    });
    ended.then(() => resolve(null));
  });
  return { child, port: Number(address?.[1]), address: address?.[0], ended, temporary };
}

/** Sends bytes as they are; resolves to {status, headers, body}. */
function raw(port, text, host = '127.0.0.1') {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, host, () => socket.write(text)), pieces = [];
    socket.setTimeout(60000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (data) => pieces.push(data));
    socket.on('error', reject);
    socket.on('close', () => {
      const [head, ...body] = Buffer.concat(pieces).toString('utf8').split('\r\n\r\n');
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), headers: head, body: body.join('\r\n\r\n') });
    });
  });
}
const get = (port, url, host = `127.0.0.1:${port}`) => raw(port, `GET ${url} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

const ask = (server, id, body, headers = {}) => fetch(`${server.address}replan/${id}`, {
  method: 'POST', headers: { 'Content-Type': 'application/json', Origin: server.address.slice(0, -1), ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body),
});

const digests = (folder) => fs.readdirSync(folder).sort().map((name) => [name, crypto.createHash('sha256').update(fs.readFileSync(path.join(folder, name))).digest('hex')]);
const predicted = (folder) => JSON.parse(fs.readFileSync(path.join(folder, 'plan.json'), 'utf8')).predicted.value_us;

test('a report is served as it is, and may ask this server only', async () => {
  const server = await serve(['first']), file = fs.readFileSync(path.join(scratch, 'first', REPORT), 'utf8');
  const home = await get(server.port, '/');
  assert.equal(home.status, 302);
  assert.match(home.headers, new RegExp(`Location: /a/${REPORT}`));
  const page = await get(server.port, `/a/${REPORT}`);
  assert.equal(page.status, 200);
  // All of the file but its policy and its end is there.
  const [, policy] = /content="(default-src [^"]*)"/.exec(page.body);
  assert.ok(page.body.startsWith(file.slice(0, file.indexOf('<meta http-equiv'))));
  assert.ok(page.body.includes(file.slice(file.indexOf('<style>'), file.lastIndexOf('</body>'))));
  // Both policies let the page's script and the client run, and nothing load.
  const scripts = [...page.body.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text]) => `'sha256-${crypto.createHash('sha256').update(text).digest('base64')}'`);
  assert.equal(scripts.length, 2);
  for (const one of [policy, /^Content-Security-Policy: (.*)$/mi.exec(page.headers)[1]]) {
    assert.match(one, /^default-src 'none'; /);
    assert.match(one, /connect-src 'self'/);
    assert.deepEqual(/script-src ([^;]*)/.exec(one)[1].split(' '), scripts);
  }
  const plan = await get(server.port, '/a/plan.json');
  assert.equal(plan.body, fs.readFileSync(path.join(scratch, 'first/plan.json'), 'utf8'));
  assert.match(plan.headers, /Content-Security-Policy: default-src 'none'; sandbox/i);
  assert.match(plan.headers, /X-Content-Type-Options: nosniff/i);
  assert.equal((await get(server.port, '/a/nothing')).status, 404);
  assert.equal((await get(server.port, '/b/plan.json')).status, 404);
  assert.equal((await raw(server.port, `HEAD /a/plan.json HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: close\r\n\r\n`)).body, '');
  assert.equal((await raw(server.port, `DELETE /a/plan.json HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: close\r\n\r\n`)).status, 405);
  server.child.kill('SIGTERM');
  assert.equal((await server.ended).status, 0);
  assert.deepEqual(fs.readdirSync(server.temporary), [], 'nothing is left behind');
});

test('nothing outside the folder is given', async () => {
  const folder = path.join(scratch, 'guarded');
  planInto('guarded', '--target=cpu-2gpu', '--emit=report,plan');
  fs.writeFileSync(path.join(scratch, 'secret.txt'), 'secret');
  fs.mkdirSync(path.join(scratch, 'guarded-beside'));
  fs.writeFileSync(path.join(scratch, 'guarded-beside/secret.txt'), 'secret');
  fs.symlinkSync('../secret.txt', path.join(folder, 'link'));
  fs.symlinkSync('..', path.join(folder, 'up'));
  fs.symlinkSync('/etc/passwd', path.join(folder, 'users'));
  fs.symlinkSync('../guarded-beside/secret.txt', path.join(folder, 'beside'));
  fs.symlinkSync('link', path.join(folder, 'twice'));
  fs.symlinkSync('plan.json', path.join(folder, 'inside.json'));
  fs.symlinkSync('loop', path.join(folder, 'loop'));
  fs.mkdirSync(path.join(folder, 'sub'));
  fs.writeFileSync(path.join(folder, 'sub/file.txt'), 'given');
  fs.writeFileSync(path.join(folder, 'empty'), '');
  execFileSync('mkfifo', [path.join(folder, 'fifo')]);
  const server = await serve(['guarded']);
  for (const url of ['/a/../secret.txt', '/a/%2e%2e/secret.txt', '/a/..%2fsecret.txt', '/a/%2e%2e%2fsecret.txt', '/a/sub/../../secret.txt', '/a/sub/%2e%2e/%2e%2e/secret.txt',
    '/../secret.txt', '/secret.txt', '//etc/passwd', '/a//etc/passwd', '/a/%2fetc/passwd', '/a/..%5csecret.txt', '/a/link', '/a/up/secret.txt', '/a/up', '/a/users', '/a/beside',
    '/a/twice', '/a/loop', '/a/fifo', '/a/sub', '/a/sub/', '/a/', '/a', '/a/plan.json%00.txt', '/a/%ff', '/a/./plan.json', '/a/%252e%252e/secret.txt', '/a/../guarded-beside/secret.txt',
    '/__proto__/plan.json', '/constructor/plan.json', '/compare/a/__proto__', '/compare/a/b']) {
    const { status, body } = await get(server.port, url);
    assert.ok([400, 403, 404].includes(status), `${url}: ${status}`);
    assert.ok(!/secret\b(?!\.)/.test(body) && !body.includes('root:'), `${url}: ${body.slice(0, 80)}`);
  }
  for (const [url, text] of [['/a/inside.json', /allot\.plan/], ['/a/sub/file.txt', /^given$/], ['/a/empty', /^$/], ['/a/plan.json?x=../../..', /allot\.plan/]]) {
    const { status, body } = await get(server.port, url);
    assert.equal(status, 200, url);
    assert.match(body, text);
  }
  // A report that is a link outwards is no report of this folder.
  fs.renameSync(path.join(folder, REPORT), path.join(scratch, 'moved.html'));
  fs.symlinkSync('../moved.html', path.join(folder, REPORT));
  assert.equal((await get(server.port, `/a/${REPORT}`)).status, 403);
  server.child.kill();
  const { status, stderr } = await (await serve(['guarded'])).ended;
  assert.equal(status, 1);
  assert.match(stderr, /^error: guarded: there is no model\.report\.html; write it with allot MODEL -o guarded\n$/);
});

test('only this machine is answered, and only under its own name', async () => {
  const server = await serve(['first']), url = `/a/plan.json`;
  for (const host of ['evil.example', `evil.example:${server.port}`, '127.0.0.1', `127.0.0.1:${server.port + 1}`, `127.0.0.1:${server.port}.evil.example`, '']) {
    assert.equal((await get(server.port, url, host)).status, 403, host);
  }
  assert.ok([400, 403].includes((await raw(server.port, `GET ${url} HTTP/1.0\r\n\r\n`)).status));
  for (const host of [`localhost:${server.port}`, `127.0.0.1:${server.port}`]) assert.equal((await get(server.port, url, host)).status, 200);
  const elsewhere = Object.values(os.networkInterfaces()).flat().filter(({ internal, family }) => !internal && family === 'IPv4');
  for (const { address } of elsewhere) await assert.rejects(raw(server.port, 'GET / HTTP/1.0\r\n\r\n', address), /ECONNREFUSED/);
  // Pages of others may not ask for plans.
  const asked = { names: ['a/x.y'], device: 'gpu0' };
  assert.equal((await ask(server, 'a', asked, { Origin: 'http://evil.example' })).status, 403);
  assert.equal((await ask(server, 'a', asked, { Origin: 'null' })).status, 403);
  assert.equal((await ask(server, 'a', asked, { 'Content-Type': 'text/plain' })).status, 403);
  assert.equal((await raw(server.port, `POST /replan/a HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`)).status, 403);
  server.child.kill();
});

test('a plan is made again with a node elsewhere', async () => {
  const server = await serve(['first']), before = digests(path.join(scratch, 'first'));
  for (const [i, name] of NAMES.entries()) {
    const answer = await (await ask(server, 'a', { names: [name], device: 'gpu0' })).json();
    assert.equal(answer.error, undefined, `${name}: ${answer.error}`);
    assert.equal(answer.before_us, predicted(path.join(scratch, 'first')));
    // What it says makes the same plan, and the rule of before is in it.
    assert.match(answer.command, /^allot chain\.onnx --target=cpu-2gpu --objective=latency .*--pin=b\.\*=gpu1.* -o first-replanned$/);
    const out = path.join(scratch, 'first-replanned');
    fs.rmSync(out, { recursive: true, force: true });
    execFileSync('sh', ['-c', answer.command.replace(/^allot/, `${ALLOT} --quiet`)], { cwd: scratch });
    assert.equal(predicted(out), answer.after_us);
    const plan = JSON.parse(/id="plan">(.*?)<\/script>/s.exec((await get(server.port, answer.report)).body)[1]);
    assert.equal(plan.devices[plan.parts[plan.clusters.part[plan.nodes.cluster[plan.nodes.name.indexOf(name)]]].device].name, 'gpu0', name);
    assert.equal(answer.compare, `/compare/a/r${i + 1}`);
    assert.equal((await get(server.port, answer.compare)).status, 200);
  }
  // Of that plan another one, by a scope: both are moved.
  const further = await (await ask(server, 'r1', { scope: 'a/', device: 'gpu1' })).json();
  assert.match(further.command, /'?--pin=a\/\.\*=gpu1'? .*--pin=a\/it/);
  assert.deepEqual(digests(path.join(scratch, 'first')), before, 'the folder is as it was');
  for (const [body, status, error] of [
    [{ names: ['a/x.y'], device: 'gpu7' }, 422, /no device gpu7/], [{ names: [], device: 'gpu0' }, 400, /expected/],
    [{ names: 'a', device: 'gpu0' }, 400, /expected/], [{ names: ['a'] }, 400, /expected/], ['{', 400, /no JSON/], ['null', 400, /expected/], [' '.repeat(2e6), 413, /too long/],
    [{ names: ['no such node'], device: 'gpu0' }, 422, /^the plan has no node no such node$/], [{ scope: 'nowhere/', device: 'gpu0' }, 422, /^the plan has no node nowhere\/$/],
  ]) {
    const response = await ask(server, 'a', body);
    assert.equal(response.status, status, JSON.stringify(body).slice(0, 60));
    assert.match((await response.json()).error, error);
  }
  assert.equal((await ask(server, 'zz', { names: ['a'], device: 'gpu0' })).status, 404);
  // One at a time.
  const both = await Promise.all(['gpu0', 'gpu1'].map((device) => ask(server, 'a', { names: ['a/x.y'], device })));
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
  server.child.kill('SIGINT');
  assert.equal((await server.ended).status, 0);
  assert.deepEqual(fs.readdirSync(server.temporary), []);
});

test('what a plan was made from is kept', async () => {
  const target = path.join(scratch, 'machine.json');
  fs.writeFileSync(target, execFileSync(ALLOT, ['--print-target', '--target=cpu-gpu']));
  fs.writeFileSync(path.join(scratch, 'costs.csv'), "node,device,time_us\na/it's(1),cpu0,7\n");
  planInto('before', '--target=machine.json', '--emit=plan');
  planInto('kept', '--target=machine.json', '--objective=throughput', '--replicas=no', '--forbid=f.*=gpu0', '--seed=7', '--default-dim=3', '--work=5000', '--cost-model=flops',
    '--costs=costs.csv', '--together=b.*', '--start=before');
  const server = await serve([path.join(scratch, 'kept')], { cwd: os.tmpdir() });
  const { command, error } = await (await ask(server, 'a', { names: ['a/x.y'], device: 'cpu0' })).json();
  assert.equal(error, undefined);
  for (const word of [/--target=\S*machine\.json /, /--objective=throughput /, /'--forbid=f\.\*=gpu0' /, /--seed=7 /, /--default-dim=3 /, /--cost-model=flops /, /--costs=\S*costs\.csv /, /'--together=b\.\*' /, /--start=\S*before\/plan\.json /, /'--pass-pipeline=.*replicas=false.*' /]) assert.match(command, word);
  server.child.kill();
});

test('a plan from what came through a pipe is shown, and not made again', async () => {
  const folder = path.join(scratch, 'piped');
  execFileSync('bash', ['-c', 'exec "$0" "$1" --quiet -o "$2" --target=<("$0" --print-target --target=cpu-2gpu) --emit=report,plan,manifest', ALLOT, model, folder]);
  assert.equal(JSON.parse(fs.readFileSync(path.join(folder, 'plan.json'))).made_from.target, null);
  const server = await serve([folder]), response = await ask(server, 'a', { names: ['a/x.y'], device: 'gpu0' });
  assert.equal(response.status, 422);
  assert.match((await response.json()).error, /piped: the plan was made with --target from a pipe, .*; make it with --target=FILE$/);
  server.child.kill();
});

test('where the model is', async () => {
  const folder = path.join(scratch, 'away');
  planInto('away', '--target=cpu-2gpu', '--emit=report,plan');
  const asked = { names: ['a/x.y'], device: 'gpu0' }, server = await serve(['away']), response = await ask(server, 'a', asked);
  assert.equal(response.status, 422);
  assert.match((await response.json()).error, /^the model chain\.onnx is not there; start with allot view --model=FILE$/);
  server.child.kill();
  const other = await serve([folder, '--model=chain.onnx']);
  assert.equal((await ask(other, 'a', asked)).status, 200);
  other.child.kill();
});

test('two plans beside each other', async () => {
  const server = await serve(['first', 'second']);
  assert.match((await get(server.port, '/')).headers, /Location: \/compare\/a\/b/);
  const { body, headers } = await get(server.port, '/compare/a/b');
  assert.match(body, /<th scope="row">predicted latency<\/th><td>[\d.]+ .s<\/td><td>[\d.]+ .s<\/td>/);
  const planIn = (folder) => JSON.parse(/id="plan">(.*?)<\/script>/s.exec(fs.readFileSync(path.join(scratch, folder, REPORT), 'utf8'))[1]);
  const moved = movedNodes(planIn('first'), planIn('second'));
  assert.ok(moved.some(({ name, from }) => name === 'b[0]/c' && from === 'gpu1'));
  assert.match(body, new RegExp(`<h2>${moved.length} nodes? (is|are) on another device</h2>`));
  assert.ok(body.includes("b[0]/c") && !body.includes("it's"), 'names are text');
  assert.match(headers, /Content-Security-Policy: default-src 'none'; [^\r]*frame-src 'self'/i);
  server.child.kill();
});

test('words and patterns', () => {
  assert.equal(patternOf({ names: ['a.b*(c)'] }), 'a\\.b\\*\\(c\\)');
  assert.equal(patternOf({ scope: 'layers.1/' }), 'layers\\.1/.*');
  assert.equal(patternOf({ names: ['before:x'] }), '[b]efore:x');
  assert.throws(() => patternOf({ names: ['x'.repeat(2000)] }), /too long/);
  assert.equal(shellWord("it's"), "'it'\\''s'");
  assert.equal(shellWord('--pin=a/b=gpu0'), '--pin=a/b=gpu0');
});

test('command lines that are wrong', async () => {
  for (const [args, error] of [
    [[], /^error: no folder given; usage: allot view DIR \[DIR\]/], [['a', 'b', 'c'], /^error: more than two folders given/], [['nowhere'], /^error: nowhere: there is no such folder\n$/],
    [['chain.onnx'], /^error: chain\.onnx: not a folder/], [['first', '--port=70000'], /^error: --port=70000: expected at most 65535\n$/], [['.'], /^error: \.: there is no model\.report\.html/],
  ]) {
    const { status, stderr } = await (await serve(args)).ended;
    assert.equal(status, 1, args.join(' '));
    assert.match(stderr, error);
  }
  const busy = await serve(['first']), { status, stderr } = await (await serve(['first', `--port=${busy.port}`])).ended;
  assert.equal(status, 1);
  assert.match(stderr, /^error: port \d+: somebody else listens there/);
  busy.child.kill();
});
