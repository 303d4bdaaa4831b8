// Checks that code quoted on a page is in the file that it is quoted from: the lines of a block ```LANGUAGE from=PATH stand
// in PATH, which is relative to the repository, in that order and as they are. A line "..." stands for any lines.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One line for each quotation in `page` that its source does not contain. */
export function quoteFaults(root, page) {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```\S+ from=(\S+)\n(.*?)^```$/gms)].flatMap(([, path, quotation]) => {
    if (!existsSync(join(root, path))) return [`${page}: there is no file '${path}' to quote from`];
    const source = `\n${readFileSync(join(root, path), 'utf8')}`;
    let at = 0;
    for (const piece of quotation.split(/^\.\.\.\n/m)) {
      const found = source.indexOf(`\n${piece}`, at);
      if (found < 0) return [`${page}: ${path} has no lines '${piece.split('\n')[0].trim()}' ... as quoted`];
      at = found + piece.length;
    }
    return [];
  });
}
