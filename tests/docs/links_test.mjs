// The documentation has no broken link and quotes code as it is, and the checkers that say so find what is not so.

import assert from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { linkFaults, pagesBelow } from './check_links.mjs';
import { quoteFaults } from './check_quotes.mjs';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** What `check` says of a folder with these files. */
function faultsOf(files, check = linkFaults) {
  const folder = mkdtempSync(join(tmpdir(), 'allot-links-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return check(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('links of the documentation', () => assert.deepStrictEqual(linkFaults(repository), []));

test('quotations of the documentation', () => assert.deepStrictEqual(
  pagesBelow(repository).flatMap((page) => quoteFaults(repository, page)), []));

test('what is whole passes', () => assert.deepStrictEqual(faultsOf({
  'README.md': '[a](docs/a.md#the-x-of-it) ![p](p.svg) [far](https://example.org/none) [here](#b)\n\n# B\n',
  'p.svg': '',
  'docs/a.md': '# The `x` of it!\n\n[up](../README.md)\n\n```c\n[no](link.md)\n```\n\n    [nor](this.md)\n\nand `[not](this.md)`\n',
  'build-x/c.md': '[not ours](none.md)',
  'mkdocs.yml': 'nav:\n  - A: a.md\n',
}), []));

test('what is broken is found', () => assert.deepStrictEqual(faultsOf({
  'README.md': 'x\n[a](docs/b.md) ![p](p.svg)\n[c](docs/a.md#none) [d](../out.md)\n[e](docs) [f](#g)\n<img src="q.png">\n',
  'docs/a.md': '# Some\n',
  'mkdocs.yml': 'nav:\n  - B: b.md\n',
}), [
  "README.md:2: there is no file 'docs/b.md'",
  "README.md:2: there is no file 'p.svg'",
  "README.md:3: there is no heading '#none' in docs/a.md",
  "README.md:3: '../out.md' leads out of the repository",
  "README.md:4: 'docs' is a folder: name a file in it",
  "README.md:4: there is no heading '#g' in README.md",
  "README.md:5: there is no file 'q.png'",
  'mkdocs.yml: docs/a.md is not in the navigation',
  'mkdocs.yml: there is no page docs/b.md',
]));

test('quotations that are not so are found', () => assert.deepStrictEqual(faultsOf({
  'a.md': '```c from=a.c\none\n...\nthree\n```\n```c from=a.c\nthree\n...\none\n```\n```c from=a.c\n one\n```\n```c from=b.c\none\n```\n',
  'a.c': 'one\ntwo\nthree\n',
}, (folder) => quoteFaults(folder, 'a.md')), [
  "a.md: a.c has no lines 'one' ... as quoted",
  "a.md: a.c has no lines 'one' ... as quoted",
  "a.md: there is no file 'b.c' to quote from",
]));
