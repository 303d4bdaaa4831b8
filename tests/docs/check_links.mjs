// Checks the links of every Markdown file below a folder: files and images that they name exist, inside the folder, and
// have the heading that an anchor names. If there is an mkdocs.yml, its navigation and docs/ must list the same pages.
// Addresses on other hosts are not looked at.
//
// usage: node check_links.mjs FOLDER

import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const NOT_OURS = /^(build.*|node_modules|venv|\..*)$/;

/** All Markdown files below `folder`, relative to it, sorted. */
export function pagesBelow(folder, below = '') {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    if (entry.isDirectory()) return NOT_OURS.test(entry.name) ? [] : pagesBelow(folder, path);
    return entry.name.endsWith('.md') ? [path] : [];
  }).sort();
}

/** The lines of a page with code blanked out: fenced blocks, and spans unless `keepSpans`. */
function prose(text, keepSpans = false) {
  let fence = null;
  return text.split('\n').map((line) => {
    const mark = /^ *(```+|~~~+)/.exec(line)?.[1];
    if (mark !== undefined && (fence === null || mark.startsWith(fence))) {
      fence = fence === null ? mark : null;
      return '';
    }
    if (fence !== null || /^ {4}/.test(line)) return '';
    return keepSpans ? line : line.replace(/(`+)(?:(?!\1).)*\1/g, '');
  });
}

/** The anchors that forges give to headings; a second heading of a name gets `-1`, and so on. */
function anchorsOf(text) {
  const anchors = new Set();
  for (const line of prose(text, true)) {
    const heading = /^#{1,6} +(.*?) *#*$/.exec(line)?.[1];
    const explicit = line.matchAll(/<a (?:id|name)="([^"]+)"/g);
    for (const match of explicit) anchors.add(match[1]);
    if (heading === undefined) continue;
    const plain = heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replace(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}

/** The targets of links and images in a line. */
function linksIn(line) {
  return [...line.matchAll(/\]\(<?([^)\s>]+)>?(?: +"[^"]*")?\)|^\[[^\]]+\]: +(\S+)|<(?:img|a)\b[^>]* (?:src|href)="([^"]+)"/g)]
    .map((match) => match[1] ?? match[2] ?? match[3]);
}

/** What is wrong with `link` in `page`, or null. */
function faultOf(root, page, link, anchors) {
  if (/^[a-z][a-z+.-]*:/i.test(link)) return null;
  const [path, anchor] = link.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), decodeURI(path)));
  if (file.startsWith('..')) return `'${link}' leads out of the repository`;
  if (!existsSync(join(root, file))) return `there is no file '${file}'`;
  if (statSync(join(root, file)).isDirectory()) return `'${link}' is a folder: name a file in it`;
  if (anchor === undefined) return null;
  if (!file.endsWith('.md')) return `'${link}' has an anchor, but is no page`;
  return anchors(file).has(anchor) ? null : `there is no heading '#${anchor}' in ${file}`;
}

/** Pages that mkdocs.yml lists and docs/ lacks, or the other way round. */
function navigationFaults(root, pages) {
  if (!existsSync(join(root, 'mkdocs.yml'))) return [];
  const listed = [...readFileSync(join(root, 'mkdocs.yml'), 'utf8').matchAll(/^ +- (?:.*: )?(\S+\.md)$/gm)].map((m) => m[1]);
  const present = pages.filter((page) => page.startsWith('docs/')).map((page) => relative('docs', page));
  return [
    ...present.filter((page) => !listed.includes(page)).map((page) => `mkdocs.yml: docs/${page} is not in the navigation`),
    ...listed.filter((page) => !present.includes(page)).map((page) => `mkdocs.yml: there is no page docs/${page}`),
  ];
}

/** One line for each fault below `root`. */
export function linkFaults(root) {
  const pages = pagesBelow(root);
  const known = new Map();
  const anchors = (page) => {
    if (!known.has(page)) known.set(page, anchorsOf(readFileSync(join(root, page), 'utf8')));
    return known.get(page);
  };
  const faults = pages.flatMap((page) => prose(readFileSync(join(root, page), 'utf8')).flatMap((line, index) =>
    linksIn(line).map((link) => faultOf(root, page, link, anchors)).filter((fault) => fault !== null)
      .map((fault) => `${page}:${index + 1}: ${fault}`)));
  return [...faults, ...navigationFaults(root, pages)];
}

if (import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  const faults = linkFaults(process.argv[2]);
  for (const fault of faults) console.log(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
