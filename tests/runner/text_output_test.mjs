// Files that appear whole, and what is no file.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { UserError } from '../../runner/lib/errors.mjs';
import { writeWhole } from '../../runner/lib/text_output.mjs';
import { makeScratch } from './scratch.mjs';

const scratch = makeScratch('text-output');
const at = (name) => path.join(scratch, name);

test('devices stay and are written to', () => {
  const before = fs.statSync('/dev/null');
  writeWhole('/dev/null', 'text');
  const after = fs.statSync('/dev/null');
  assert.ok(after.isCharacterDevice());
  assert.equal(after.ino, before.ino);
  assert.throws(() => writeWhole('/dev/full', 'text'), (error) => error instanceof UserError && /\/dev\/full: ENOSPC/.test(error.message));
  assert.ok(fs.statSync('/dev/full').isCharacterDevice());
});

test('links stay, and files of others', () => {
  fs.writeFileSync(at('precious'), 'mine');
  fs.symlinkSync('precious', at(`out.${process.pid}.tmp`));
  fs.writeFileSync(at('out.tmp'), 'mine');
  fs.writeFileSync(at('target'), 'old');
  fs.symlinkSync('target', at('out'));
  writeWhole(at('out'), 'new');
  assert.ok(fs.lstatSync(at('out')).isSymbolicLink());
  assert.equal(fs.readFileSync(at('target'), 'utf8'), 'new');
  assert.equal(fs.readFileSync(at('precious'), 'utf8'), 'mine');
  assert.equal(fs.readFileSync(at('out.tmp'), 'utf8'), 'mine');
  assert.equal(fs.readdirSync(scratch).length, 5);
  assert.throws(() => writeWhole(at('no-folder/x'), 'x'), /cannot write/);
});
