// Command lines: --name=value, --name value, repeated lists, and the help made from the same table.
import { UserError } from './errors.mjs';
import { nearestName } from './nearest_name.mjs';

/**
 * What a flag is: `kind` is 'flag' (no value), 'text', 'integer' (with `least`), 'number', 'list' or
 * 'choice' (with `choices`); `value` stands for the value in the help; `initial` is its default.
 * @typedef {{kind: string, help: string, value?: string, initial?: any, least?: number, choices?: string[]}} Flag
 */

const nearest = (name, names) => {
  const near = nearestName(name, names);
  return near === null ? '' : `; did you mean --${near}?`;
};

function read(name, flag, text) {
  const wrong = (what) => new UserError(`--${name}=${text}: expected ${what}`);
  switch (flag.kind) {
    case 'integer': {
      const least = flag.least ?? 1;
      if (!/^[+-]?\d{1,15}$/.test(text) || Number(text) < least) throw wrong(`an integer of at least ${least}`);
      return Number(text);
    }
    case 'number':
      if (!/^\d+(\.\d+)?(e-?\d+)?$/i.test(text)) throw wrong('a non-negative number');
      return Number(text);
    case 'choice':
      if (!flag.choices.includes(text)) throw wrong(`one of ${flag.choices.join(', ')}`);
      return text;
    default:
      return text;
  }
}

/**
 * Parses `argv` by `flags`. Returns {name: value, ..., positional: [...]}, `help: true` if asked for.
 * Throws UserError for anything that is not in the table.
 * @param {string[]} argv
 * @param {Object<string, Flag>} flags
 */
export function parseArguments(argv, flags) {
  const result = { positional: [], help: false };
  for (const [name, flag] of Object.entries(flags)) {
    result[name] = flag.kind === 'list' ? [] : flag.kind === 'flag' ? false : flag.initial;
  }
  for (let i = 0; i < argv.length; ++i) {
    const argument = argv[i];
    if (argument === '--help' || argument === '-h') { result.help = true; continue; }
    if (argument === '--') { result.positional.push(...argv.slice(i + 1)); break; }
    if (!/^--?[a-zA-Z]/.test(argument)) { result.positional.push(argument); continue; }
    const [, name, , value] = /^--?([^=]+)(=(.*))?$/s.exec(argument);
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (!flag) throw new UserError(`unknown option --${name}${nearest(name, Object.keys(flags))} (--help lists all)`);
    if (flag.kind === 'flag') {
      if (value !== undefined && value !== 'true' && value !== 'false') throw new UserError(`--${name} takes no value`);
      result[name] = value !== 'false';
      continue;
    }
    const text = value ?? argv[++i];
    if (text === undefined || text === '') throw new UserError(`--${name} needs a value: --${name}=${flag.value ?? 'VALUE'}`);
    const parsed = read(name, flag, text);
    if (flag.kind === 'list') result[name].push(parsed); else result[name] = parsed;
  }
  return result;
}

/** The text of --help. */
export function helpText(usage, summary, flags) {
  const lines = [`usage: ${usage}`, '', summary, ''];
  for (const [name, flag] of Object.entries(flags)) {
    const value = flag.kind === 'flag' ? '' : `=${flag.value ?? (flag.choices ? flag.choices.join('|') : 'VALUE')}`;
    const initial = flag.kind === 'flag' || flag.kind === 'list' || flag.initial === undefined ? '' : ` (default: ${flag.initial})`;
    lines.push(`  --${name}${value}`, ...`${flag.help}${initial}`.split('\n').map((line) => `        ${line}`));
  }
  return lines.join('\n') + '\n';
}

// Of "N=4,S=128". A name may hold commas itself: "a,b=3" is one piece.
function pieces(text) {
  const found = [];
  let begun = '';
  for (const piece of text.split(',')) {
    begun += piece;
    if (piece.includes('=')) {
      found.push(begun);
      begun = '';
    } else {
      begun += ',';
    }
  }
  return begun === '' ? found : [...found, begun.slice(0, -1)];
}

/** "batch=8" or "N=4,S=128" as {batch: 8}, for --dim. */
export function parseDims(texts) {
  const dims = {};
  for (const piece of texts.flatMap(pieces)) {
    const match = /^(.+)=(\d{1,12})$/.exec(piece);
    if (!match) throw new UserError(`--dim=${piece}: expected NAME=SIZE, such as --dim batch=8`);
    const [, name, size] = match;
    if (Object.hasOwn(dims, name) && dims[name] !== Number(size)) {
      throw new UserError(`--dim=${piece}: '${name}' is ${dims[name]} already; give each dimension one size`);
    }
    dims[name] = Number(size);
  }
  return dims;
}
