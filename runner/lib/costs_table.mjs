// Tables of measured costs: the CSV that `allot --costs` reads.
//
// A row is {what: 'op' | 'launch' | 'transfer', node, device, to, bytes, time_us, fused_into}; docs/cost-model.md has the
// meaning of each.
import { UserError } from './errors.mjs';
import { readInput } from './read_input.mjs';

const COLUMNS = ['what', 'node', 'device', 'to', 'bytes', 'time_us', 'fused_into'];

const quote = (value) => {
  const text = String(value ?? '');
  return /[",\r\n#]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

// Nanoseconds are finer than any clock here.
const microseconds = (time) => String(Math.round(time * 1000) / 1000);

/** The text of a table: comment lines, then a header and the rows in their order. Times are microseconds. */
export function printCosts(comments, rows) {
  const lines = [...comments.map((comment) => `# ${comment.replace(/\s+/g, ' ')}`), COLUMNS.join(',')];
  for (const row of rows) lines.push(COLUMNS.map((column) => (column === 'time_us' ? microseconds(row.time_us) : quote(row[column]))).join(','));
  return lines.join('\n') + '\n';
}

// Records of RFC 4180, without comment lines: [{line, cells}].
function records(text, file) {
  const result = [];
  let cells = [], cell = '', line = 1, begin = 1, i = 0;
  const endCell = () => { cells.push(cell); cell = ''; };
  const endRecord = () => {
    endCell();
    if (cells.length > 1 || cells[0] !== '') result.push({ line: begin, cells });
    cells = [];
    begin = line;
  };
  while (i < text.length) {
    if (cells.length === 0 && cell === '' && text[i] === '#') {
      const end = text.indexOf('\n', i);
      i = end < 0 ? text.length : end + 1;
      begin = ++line;
      continue;
    }
    const c = text[i++];
    if (c === '"' && cell === '') {
      const start = i;
      for (;;) {
        const end = text.indexOf('"', i);
        if (end < 0) throw new UserError(`${file}:${begin}: a quoted field has no end`);
        if (text[end + 1] === '"') { i = end + 2; continue; }
        cell = text.slice(start, end).replaceAll('""', '"');
        line += cell.split('\n').length - 1;
        i = end + 1;
        break;
      }
    } else if (c === ',') {
      endCell();
    } else if (c === '\n') {
      ++line;
      endRecord();
    } else if (c !== '\r') {
      cell += c;
    }
  }
  endRecord();
  return result;
}

/**
 * The rows of a table as printCosts() prints it, each with all its columns as texts but for `time_us` (a number) and
 * `what` ('op', 'launch' or 'transfer'). Throws UserError with the line.
 */
export function parseCosts(text, file) {
  const [header, ...body] = records(text, file);
  const column = Object.fromEntries((header?.cells ?? []).map((name, i) => [name.trim(), i]));
  for (const name of ['node', 'device', 'time_us']) {
    if (column[name] === undefined) throw new UserError(`${file}: the header has no column ${name}`);
  }
  return body.map(({ line, cells }) => {
    const row = Object.fromEntries(Object.entries(column).map(([name, i]) => [name, cells[i] ?? '']));
    const time = Number(row.time_us);
    if (row.time_us.trim() === '' || !(time >= 0)) throw new UserError(`${file}:${line}: time_us "${row.time_us}" is not a non-negative number`);
    return { ...row, what: row.what || 'op', time_us: time };
  });
}

/** parseCosts() of a file. */
export function readCosts(file) {
  let text;
  try {
    text = readInput(file).toString('utf8');
  } catch (error) {
    throw new UserError(`${file}: ${error.message}`);
  }
  return parseCosts(text, file);
}
