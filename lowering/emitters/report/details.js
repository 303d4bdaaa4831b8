// What is said of a node, a part, a transfer: in a line or two under the pointer, and in full beside the views.

const span = (start, end) => `${time(start)} – ${time(end)}, ${time(end - start)}`;

/** The tip for an item of a view. */
function describe(plan, { kind, index, sample, times, group, text }) {
  if (kind === 'text') return text;
  if (kind === 'toggle') return `open or close ${group.label}`;
  if (kind === 'group') {
    const devices = devicesOf(plan, group).map(([device, members]) => `${members} on ${plan.devices[device].name}`);
    return [group.label, count(group.members.length, 'node'), devices.join(', ')].join('\n');
  }
  if (kind === 'node') {
    const { nodes } = plan, part = plan.parts[plan.partOf[index]];
    const lines = [nodes.name[index],
      `${plan.ops[nodes.op[index]]} · ${plan.devices[part.device].name} · ${part.label}`];
    if (nodes.end_us.length > 0) lines.push(span(nodes.start_us[index], nodes.end_us[index]));
    const fused = plan.kernelOf[index].length - 1;
    if (fused > 0) lines.push(`one kernel with ${count(fused, 'other node')}`);
    return lines.join('\n');
  }
  if (kind === 'transfer') {
    const { tensor, from, to, bytes: size, start_us: start, end_us: end } = plan.transfers[index];
    const way = `${plan.devices[from].name} → ${plan.devices[to].name}`;
    return [tensor, `${way} · ${bytes(size)}`, span(start, end)].join('\n');
  }
  const part = plan.parts[index], head = `${part.label} on ${plan.devices[part.device].name}`;
  if (kind === 'part') {
    const lines = [head, count(plan.nodesOf[index].length, 'node')];
    if (plan.timed) lines.push(span(part.start_us, part.end_us));
    return lines.join('\n');
  }
  const [start, read, computed, end] = times;
  return [`${head}, measured, sample ${sample}`, span(start, end),
    `reading ${time(read - start)}, computing ${time(computed - read)}, writing ${time(end - computed)}`,
    `predicted ${time(part.end_us - part.start_us)}`].join('\n');
}

class Details {
  constructor(plan, measured, choose) {
    this.box = document.getElementById('details');
    [this.plan, this.measured, this.choose] = [plan, measured, choose];
    this.toggle = () => {};  // opens or closes a group of the graph
    this.more = () => [];    // what a page that is served adds for a selection: elements
    this.show(null);
  }

  show(selection) {
    const content = selection === null ? this.welcome() :
      selection.kind === 'group' ? this.group(selection.group) : this[selection.kind](selection.index);
    this.box.replaceChildren(...content.filter((one) => one !== null), ...this.more(selection));
    this.box.scrollTop = 0;
  }

  welcome() {
    const key = (text) => element('kbd', {}, text);
    return [
      element('h2', {}, 'Why is it there?'),
      element('p', { className: 'muted' },
        'Click an operator, a part or a transfer to see what it is and why it is where it is.'),
      element('h3', {}, 'Moving about'),
      element('dl', {},
        element('dt', {}, key('Ctrl'), ' wheel'), element('dd', {}, 'zoom; two fingers do, too'),
        element('dt', {}, 'drag'), element('dd', {}, 'move'),
        element('dt', {}, 'double click'), element('dd', {}, 'open or close a part or a scope; so does its + or −'),
        element('dt', {}, key('/')), element('dd', {}, 'find a node by name'),
        element('dt', {}, key('+'), ' ', key('−'), ' ', key('0')),
        element('dd', {}, 'zoom in, out, show everything, in the view that was clicked last'),
        element('dt', {}, key('←'), ' ', key('→')), element('dd', {}, 'move'),
        element('dt', {}, key('Esc')), element('dd', {}, 'select nothing')),
    ];
  }

  link(kind, index) {
    const { plan } = this;
    const [text, device] = kind === 'node' ? [plan.nodes.name[index], plan.deviceOf[index]] :
      [plan.parts[index].label, plan.parts[index].device];
    return chooser(this.choose, { kind, index }, dotted(device, text));
  }

  links(title, nodes, most = 12) {
    if (nodes.length === 0) return null;
    const { ops, nodes: { op } } = this.plan;
    const items = Array.from(nodes).slice(0, most).map((node) =>
      element('li', {}, this.link('node', node), element('span', { className: 'muted' }, ` ${ops[op[node]]}`)));
    if (nodes.length > most) items.push(element('li', { className: 'muted' }, `and ${nodes.length - most} more`));
    return element('div', {}, element('h3', {}, title), element('ul', {}, ...items));
  }

  facts(...rows) {
    return element('dl', {}, ...rows.filter((row) => row !== null)
      .flatMap(([name, ...value]) => [element('dt', {}, name), element('dd', {}, ...value)]));
  }

  node(node) {
    const { plan } = this, { nodes, clusters, summary } = plan;
    const cluster = nodes.cluster[node], device = plan.deviceOf[node];
    const reason = clusters.reason.length > 0 ? clusters.reasons[clusters.reason[cluster]] : '';
    const next = clusters.next_best[cluster] ?? null, fused = plan.kernelOf[node].filter((other) => other !== node);
    const change = (value) => (summary?.value_us > 0 ? ` (${signed(value / summary.value_us - 1)})` : '');
    return [
      element('h2', {}, breakable(nodes.name[node])),
      element('p', {}, plan.ops[nodes.op[node]], ' on ', dotted(device, plan.devices[device].name)),
      element('h3', {}, 'Why it is here'),
      element('p', { className: 'why' },
        reason === '' ? 'The pipeline gave no reasons (its pass explain did not run).' : reason),
      next === null ? null : element('h3', {}, 'Next-best device'),
      next === null ? null : element('p', {}, dotted(next[0], plan.devices[next[0]].name),
        `: ${summary?.objective === 'throughput' ? 'period' : 'latency'} ${time(next[1])}${change(next[1])}`),
      element('h3', {}, 'Place and time'),
      this.facts(
        ['part', this.link('part', plan.partOf[node])],
        nodes.end_us.length > 0 ? ['time', span(nodes.start_us[node], nodes.end_us[node])] : null,
        ['cluster', `${cluster}`],
        clusters.module.length > 0 ? ['module', `${clusters.module[cluster]}`] : null,
        nodes.flops.length > 0 ? ['work', amount(nodes.flops[node], 'FLOP')] : null,
        nodes.weights.length > 0 ? ['weights', bytes(nodes.weights[node])] : null),
      this.links('Runs as one kernel with', fused),
      this.links('Reads from', plan.sources.of(node)),
      this.links('Read by', plan.users.of(node)),
    ];
  }

  part(index) {
    const { plan } = this, part = plan.parts[index];
    const run = this.measured?.parts.find(({ id }) => id === part.label);
    const crossing = plan.cuts.filter((cut) => cut.from === index || cut.to.includes(index));
    return [
      element('h2', {}, `Part ${part.label}`),
      element('p', {}, count(plan.nodesOf[index].length, 'node'), ' on ',
        dotted(part.device, plan.devices[part.device].name)),
      element('h3', {}, 'Time and file'),
      this.facts(
        plan.timed ? ['predicted', span(part.start_us, part.end_us)] : null,
        run ? ['measured', time(run.measured_us)] : null,
        run ? ['', `reading ${time(run.read_us)}, computing ${time(run.compute_us)}, ` +
          `writing ${time(run.write_us)}`] : null,
        ['file', part.file ?? 'none: nothing follows from it']),
      this.cutList('Tensors in', 'from', crossing.filter((cut) => cut.from !== index), (cut) => cut.from),
      this.cutList('Tensors out', 'to', crossing.filter((cut) => cut.from === index), (cut) => cut.to[0]),
      this.links('Nodes', plan.nodesOf[index], 30),
    ];
  }

  group(group) {
    const { plan } = this, toggle = () => this.toggle(group);
    return [
      element('h2', {}, group.label),
      element('p', {}, `${count(group.members.length, 'node')} of ${group.kind === 'run' ? 'a run' : 'a scope'}`),
      element('p', {}, element('button', { type: 'button', className: 'button', onclick: toggle }, 'Open or close')),
      element('h3', {}, 'Devices'),
      element('ul', {}, ...devicesOf(plan, group).map(([device, members]) => element('li', {},
        dotted(device, plan.devices[device].name), element('span', { className: 'muted' }, ` ${count(members, 'node')}`)))),
      this.links('Nodes', group.members, 30),
    ];
  }

  cutList(title, direction, cuts, other, most = 12) {
    if (cuts.length === 0) return null;
    const items = cuts.slice(0, most).map((cut) => element('li', {}, cut.tensor,
      element('span', { className: 'muted' }, ` ${bytes(cut.bytes)}, ${direction} `), this.link('part', other(cut))));
    if (cuts.length > most) items.push(element('li', { className: 'muted' }, `and ${cuts.length - most} more`));
    return element('div', {}, element('h3', {}, title), element('ul', {}, ...items));
  }

  transfer(index) {
    const { plan } = this, transfer = plan.transfers[index];
    const cut = plan.cuts.find(({ tensor, to }) =>
      tensor === transfer.tensor && plan.parts[to[0]].device === transfer.to);
    return [
      element('h2', {}, breakable(transfer.tensor)),
      element('p', {}, dotted(transfer.from, plan.devices[transfer.from].name), ' → ',
        dotted(transfer.to, plan.devices[transfer.to].name)),
      cut?.cause ? element('h3', {}, `Why it crosses: ${cut.cause}`) : null,
      cut?.cause ? element('p', { className: 'why' }, cut.why) : null,
      element('h3', {}, 'Transfer'),
      this.facts(['size', bytes(transfer.bytes)], ['time', span(transfer.start_us, transfer.end_us)],
        transfer.channels.length > 0 ?
          ['over', transfer.channels.map((channel) => plan.channels[channel]).join(', ')] : null,
        cut ? ['from', this.link('part', cut.from)] : null,
        cut ? ['to', ...cut.to.flatMap((part, i) => [i > 0 ? ', ' : '', this.link('part', part)])] : null),
      transfer.node >= 0 ? this.links('Computed by', [transfer.node]) : null,
    ];
  }

  run(index) {
    return this.part(index);
  }
}
