// Manifests that cannot be run, and files that are not those that were written.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { UserError } from '../../runner/lib/errors.mjs';
import { checkIntegrity, lanesOf, partFiles, readManifest } from '../../runner/lib/manifest.mjs';
import { makeScratch } from './scratch.mjs';

const scratch = makeScratch('manifest');
const file = path.join(scratch, 'manifest.json');
const good = () => ({
  version: 1, model: '../m.onnx', inputs: ['x'], outputs: ['y', 'x'], devices: [{ id: 'a' }, { id: 'b' }],
  parts: [
    { id: 'p0', device: 'a', file: 'p0.onnx', inputs: ['x'], outputs: ['t'] },
    { id: 'p1', device: 'b', file: 'p1.onnx', inputs: ['t', 'x'], outputs: ['y'] },
  ],
});
const read = (manifest) => {
  fs.writeFileSync(file, typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
  return readManifest(file);
};
const user = (message) => (error) => {
  assert.ok(error instanceof UserError, error.stack);
  if (typeof message === 'string') assert.equal(error.message, `${file}: ${message}`); else assert.match(error.message, message);
  return true;
};

test('a manifest that can be run', () => {
  const manifest = read(good());
  assert.equal(manifest.folder, scratch);
  assert.equal(manifest.modelPath, path.join(scratch, '../m.onnx'));
  assert.deepEqual(partFiles({ ...manifest, external_data: ['w.bin'] }), ['p0.onnx', 'p1.onnx', 'w.bin']);
  const nameless = good();
  delete nameless.model;
  assert.equal(read(nameless).modelPath, null);
  // The order of the parts need not be a valid one, only some order must be.
  assert.equal(read({ ...good(), parts: good().parts.reverse() }).parts.length, 2);
});

const withLanes = () => ({
  ...good(), share: 2,
  lanes: [{ share: 1, parts: [{ id: 'p2', device: 'b', file: 'whole.onnx', inputs: ['x'], outputs: ['y'] }] }],
});

test('lanes that take turns', () => {
  const manifest = read(withLanes());
  assert.deepEqual(lanesOf(manifest).map(({ share, parts }) => [share, parts.map(({ id }) => id)]), [[2, ['p0', 'p1']], [1, ['p2']]]);
  assert.deepEqual(partFiles(manifest), ['p0.onnx', 'p1.onnx', 'whole.onnx']);
  assert.deepEqual(partFiles(manifest, lanesOf(manifest).slice(0, 1)), ['p0.onnx', 'p1.onnx']);
  assert.deepEqual(lanesOf(read(good())).map(({ share }) => share), [1]);
  const fault = (change, message) => {
    const damaged = withLanes();
    change(damaged);
    assert.throws(() => read(damaged), user(message));
  };
  fault((m) => { m.lanes = 2; }, 'lanes: expected a list, each with parts');
  fault((m) => { m.lanes[0] = null; }, 'lanes: expected a list, each with parts');
  fault((m) => { m.share = 0; }, 'lane 0: expected a share of at least 1, not 0');
  fault((m) => { delete m.lanes[0].share; }, 'lane 1: expected a share of at least 1, not undefined');
  fault((m) => { m.share = 1e6; }, 'the shares of the lanes add up to more than 10000');
  fault((m) => { m.lanes[0].parts[0].id = 'p1'; }, 'lane 1: part p1 is there twice');
  fault((m) => { m.lanes[0].parts[0].inputs = ['t']; }, 'lane 1: part p2: no part makes its input t');
  fault((m) => { m.lanes[0].parts[0].outputs = []; }, 'lane 1: no part makes the output y');
});

test('each fault is refused', () => {
  const fault = (change, message) => {
    const manifest = good();
    change(manifest);
    assert.throws(() => read(manifest), user(message));
  };
  assert.throws(() => read('{'), user(/manifest\.json: .*JSON/));
  assert.throws(() => read('null'), user('expected a manifest of version 1, as "allot -o" writes'));
  // The nearest one, beside it or in a folder of nearly that name.
  read(good());
  assert.throws(() => readManifest(path.join(scratch, 'manifst.json')), user(/manifst\.json: there is no such file; did you mean .*\/manifest\.json\?$/));
  assert.throws(() => readManifest(path.join(`${scratch}s`, 'manifest.json')), user(/there is no such file; did you mean .*\/manifest\.json\?$/));
  assert.throws(() => readManifest(path.join(scratch, 'out', 'manifest.json')), user(/there is no such file; "allot MODEL -o DIR" writes DIR\/manifest\.json$/));
  assert.throws(() => readManifest(scratch), user(/is a folder; did you mean .*manifest\.json\?$/));
  assert.throws(() => readManifest(scratch), user(new RegExp(`did you mean ${path.join(scratch, 'manifest.json')}\\?$`)));
  fault((m) => { m.version = 2; }, 'expected a manifest of version 1, as "allot -o" writes');
  fault((m) => { m.inputs = 'x'; }, 'inputs: expected a list of names');
  fault((m) => { m.outputs = [1]; }, 'outputs: expected a list of names');
  fault((m) => { delete m.parts; }, 'parts: expected a list');
  fault((m) => { m.devices = {}; }, 'devices: expected a list');
  fault((m) => { m.devices[1] = null; }, 'devices: each needs an id');
  fault((m) => { delete m.parts[0].file; }, /^.*: parts: each needs id, device, file, inputs and outputs; \{"id":"p0".* lacks some$/);
  fault((m) => { m.parts[0] = null; }, /: parts: each needs .*; null lacks some$/);
  fault((m) => { m.parts[1].id = 'p0'; }, 'part p0 is there twice');
  fault((m) => { m.parts[1].device = 'c'; }, 'part p1: there is no device c');
  fault((m) => { m.parts[1].outputs.push('t'); }, 'tensor t comes from parts p0 and p1');
  fault((m) => { m.parts[1].outputs.push('x'); }, 'tensor x is an input of the model and comes from part p1');
  fault((m) => { m.parts[1].inputs.push('z'); }, 'part p1: no part makes its input z');
  fault((m) => { m.outputs.push('z'); }, 'no part makes the output z');
  fault((m) => { m.parts[0].inputs.push('y'); }, 'parts wait for each other: p0, p1');
  fault((m) => { m.parts[0].inputs.push('t'); }, 'parts wait for each other: p0, p1');
});

test('files that changed', async () => {
  const manifest = read(good());
  const content = Buffer.from('what was written');
  manifest.integrity = { 'p0.onnx': { bytes: content.length, sha256: crypto.createHash('sha256').update(content).digest('hex') }, 'w.bin': { bytes: 3 } };
  const p0 = path.join(scratch, 'p0.onnx');
  await assert.rejects(checkIntegrity(manifest, ['p0.onnx']), { message: `${p0}: the file is missing; write the parts again with allot` });
  fs.writeFileSync(p0, content);
  await checkIntegrity(manifest, ['p0.onnx']);
  const changed = { message: `${p0}: the file is not the one that ${file} describes (its bytes changed); write the parts again with allot` };
  fs.writeFileSync(p0, content.subarray(1));
  await assert.rejects(checkIntegrity(manifest, ['p0.onnx']), changed);
  const other = Buffer.from(content);
  other[3] ^= 1;
  fs.writeFileSync(p0, other);
  await assert.rejects(checkIntegrity(manifest, ['p0.onnx']), changed);
  // Of linked weights only the size is known; files that the manifest says nothing of must be there.
  fs.writeFileSync(path.join(scratch, 'w.bin'), 'abc');
  fs.writeFileSync(path.join(scratch, 'p1.onnx'), 'anything');
  await checkIntegrity(manifest, ['w.bin', 'p1.onnx']);
  fs.writeFileSync(path.join(scratch, 'w.bin'), 'abcd');
  await assert.rejects(checkIntegrity(manifest, ['w.bin']), /w\.bin: the file is not the one/);
});

test('files that are not beside the manifest', () => {
  const outside = path.join(scratch, 'outside');
  fs.mkdirSync(outside, { recursive: true });
  const folder = path.join(scratch, 'inner');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(outside, 'p0.onnx'), '');
  fs.symlinkSync('../outside/p0.onnx', path.join(folder, 'link.onnx'));
  fs.symlinkSync('../outside', path.join(folder, 'linked'));
  fs.writeFileSync(path.join(folder, 'real.onnx'), '');
  fs.symlinkSync('real.onnx', path.join(folder, 'inside.onnx'));
  const place = path.join(folder, 'manifest.json');
  const readThere = (change) => {
    const manifest = good();
    change(manifest);
    fs.writeFileSync(place, JSON.stringify(manifest));
    return readManifest(place);
  };
  for (const name of ['../outside/p0.onnx', path.join(outside, 'p0.onnx'), 'a/../../outside/p0.onnx', 'link.onnx', 'linked/p0.onnx', '', '..', 'x\0y']) {
    assert.throws(() => readThere((manifest) => { manifest.parts[0].file = name; }), /not in the folder of the manifest/, name);
    assert.throws(() => readThere((manifest) => { manifest.external_data = [name]; }), /not in the folder of the manifest/, name);
    assert.throws(() => readThere((manifest) => { manifest.lanes = [{ share: 1, parts: [{ id: 'q', device: 'a', file: name, inputs: ['x'], outputs: ['y'] }] }]; }),
      /not in the folder of the manifest/, name);
  }
  assert.equal(readThere((manifest) => { manifest.parts[0].file = 'inside.onnx'; }).parts[0].file, 'inside.onnx');
});

test('lists of cores', () => {
  const cores = (list) => read({ ...good(), devices: [{ id: 'a', runtime: { cores: list } }, { id: 'b' }] });
  for (const list of ['0', '0-3,8', '', null]) cores(list);
  for (const list of ['0-4000000000', '5-3', 'x', '0,', '-1', '1e9', [0], {}, '0-999999999']) assert.throws(() => cores(list), /device a: cores: /, String(list));
});

test('a device is no manifest, nor a model', () => {
  assert.throws(() => readManifest('/dev/zero'), /\/dev\/zero: is no file, and parts lie beside their manifest; give DIR\/manifest\.json$/);
  const model = path.join(scratch, 'model.onnx');
  fs.writeFileSync(model, '\x08\x09:');
  assert.throws(() => readManifest(model), /model\.onnx: .*JSON.*; expected the manifest\.json that "allot MODEL -o DIR" writes$/s);
});
