// The tables: parts, and tensors that go from part to part.

const SHOWN_ROWS = 200;

/**
 * A table that sorts by its columns: [{title, set: how it is set ('number', 'short'), key(row), cell(row) -> element or
 * text}]; numbers sort downwards. A long table shows its first rows until asked for all.
 */
function sortedTable(section, columns, rows, sortBy) {
  const body = element('tbody'), more = element('p', { className: 'note' });
  let sorted = rows, limit = SHOWN_ROWS;
  const fill = () => {
    body.replaceChildren(...sorted.slice(0, limit).map((row) => element('tr', {},
      ...columns.map((column) => element('td', { className: column.set ?? '' }, column.cell(row))))));
    more.replaceChildren();
    if (sorted.length <= limit) return;
    const all = () => { limit = Infinity; fill(); };
    more.append(`The first ${limit} of ${sorted.length}. `,
      element('button', { className: 'link', type: 'button', onclick: all }, 'Show all'));
  };
  const heads = columns.map((column) => {
    const head = element('th', { className: column.set ?? '', scope: 'col' });
    const button = element('button', { type: 'button', title: `Sort by ${column.title}` }, column.title);
    button.addEventListener('click', () => {
      for (const other of heads) other.removeAttribute('aria-sort');
      const sign = column.set === 'number' ? -1 : 1;
      head.setAttribute('aria-sort', sign < 0 ? 'descending' : 'ascending');
      const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
      sorted = [...rows].sort((a, b) => sign * order(column.key(a), column.key(b)));
      fill();
    });
    head.append(button);
    return head;
  });
  const table = element('table', {}, element('thead', {}, element('tr', {}, ...heads)), body);
  section.append(element('div', { className: 'scroll' }, table), more);
  if (sortBy === undefined) fill(); else heads[sortBy].firstChild.click();
}

const chooser = (choose, item, ...content) =>
  element('button', { className: 'link', type: 'button', onclick: () => choose(item, true) }, ...content);

function paintParts(plan, measured, choose) {
  const section = document.getElementById('parts');
  const runs = new Map(measured?.parts.map((run) => [run.id, run]));
  const rows = plan.parts.map((part, index) => ({ part, index, run: runs.get(part.label) }));
  const lasts = ({ part }) => part.end_us - part.start_us, size = ({ index }) => plan.nodesOf[index].length;
  const columns = [
    {
      title: 'part', key: ({ index }) => index,
      cell: ({ part, index }) => chooser(choose, { kind: 'part', index }, part.label),
    },
    {
      title: 'device', key: ({ part }) => part.device,
      cell: ({ part }) => chip(part.device, plan.devices[part.device].name),
    },
    { title: 'nodes', set: 'number', key: size, cell: (row) => `${size(row)}` },
    { title: 'starts', set: 'number', key: ({ part }) => part.start_us, cell: ({ part }) => time(part.start_us) },
    { title: 'takes', set: 'number', key: lasts, cell: (row) => time(lasts(row)) },
    {
      title: 'file', key: ({ part }) => part.file ?? '',
      cell: ({ part }) => part.file ?? 'none: nothing follows from it',
    },
  ];
  if (measured !== null) {
    const took = ({ run }) => run?.measured_us ?? 0, error = (row) => (took(row) > 0 ? lasts(row) / took(row) - 1 : 0);
    columns.splice(5, 0,
      { title: 'measured', set: 'number', key: took, cell: ({ run }) => time(run?.measured_us) },
      {
        title: 'prediction off by', set: 'number', key: (row) => Math.abs(error(row)),
        cell: (row) => (row.run ? signed(error(row)) : '–'),
      });
  }
  sortedTable(section, columns, rows);
}

function paintCuts(plan, choose) {
  const section = document.getElementById('cuts');
  if (plan.cuts.length === 0) {
    section.append(element('p', { className: 'empty' },
      plan.parts.length < 2 ? 'There is one part only.' : 'No tensor goes from part to part.'));
    return;
  }
  const part = (index) =>
    chooser(choose, { kind: 'part', index }, chip(plan.parts[index].device, plan.parts[index].label));
  const parts = (all) => element('span', {}, ...all.flatMap((one, i) => (i > 0 ? [', ', part(one)] : [part(one)])));
  const unexplained = plan.lane > 0 ? 'causes are given for lane 0' : 'the pass explain did not run';
  const changes = (cut) => plan.parts[cut.from].device !== plan.parts[cut.to[0]].device;
  sortedTable(section, [
    {
      title: 'tensor', key: (cut) => cut.tensor,
      cell: (cut) => (cut.node < 0 ? cut.tensor : chooser(choose, { kind: 'node', index: cut.node }, cut.tensor)),
    },
    { title: 'from', key: (cut) => cut.from, cell: (cut) => part(cut.from) },
    { title: 'to', key: (cut) => cut.to[0], cell: (cut) => parts(cut.to) },
    { title: 'size', set: 'number', key: (cut) => cut.bytes, cell: (cut) => bytes(cut.bytes) },
    {
      title: 'changes device', set: 'short', key: (cut) => (changes(cut) ? 0 : 1),
      cell: (cut) => (changes(cut) ? 'yes' : 'no'),
    },
    { title: 'cause', set: 'short', key: (cut) => cut.cause ?? '', cell: (cut) => cut.cause ?? '–' },
    { title: 'why', key: (cut) => cut.why ?? '', cell: (cut) => cut.why ?? unexplained },
  ], plan.cuts, 3);
}
