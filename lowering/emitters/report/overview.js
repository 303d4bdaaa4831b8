// The summary: cards on top; load and memory of devices, baselines, and how the search went.

function card(title, value, ...lines) {
  const words = typeof value === 'string' && !/^[\d−+±.]/.test(value);
  return element('div', { className: 'card' }, element('h2', {}, title),
    element('b', { className: words ? 'words' : '', title: words ? value : '' }, value),
    ...lines.filter((line) => line !== null).map((line) => element('p', {}, line)));
}

// Nothing where there is one lane.
function lanesCard({ lanes, summary }) {
  if (lanes.length < 2) return [];
  const shares = lanes.map(({ share }) => share);
  return [card('Lanes', `${lanes.length} take turns`,
    `${shares.join(' + ')} of ${shares.reduce((sum, share) => sum + share)} inferences`,
    `one by itself: up to ${time(summary.latency_us)}`)];
}

function paintCards(plan, measured) {
  const cards = document.getElementById('cards'), { summary } = plan;
  if (summary === null) {
    cards.append(element('p', { className: 'empty' },
      'The pipeline made no schedule (its pass schedule did not run), so nothing is predicted.'));
    return;
  }
  if (plan.training) {
    cards.append(...trainingCards(plan));
    return;
  }
  const single = bestSingle(summary), stream = summary.objective === 'throughput';
  const gap = summary.value_us > 0 ? (summary.value_us - summary.lower_bound_us) / summary.value_us : 0;
  // Rules bind what is compared with, too: without them one device might do better.
  const rules = `${plan.undivided ? ', the model undivided' : ''}${plan.rules ? ', under your rules' : ''}`;
  const copies = copiesOf(summary);
  const times = (value) => (summary.value_us > 0 ? `${(value / summary.value_us).toFixed(2)}× the plan's time${rules}` : '');
  // What is not split is on one device, or a copy on several.
  const unsplit = Math.min(single?.value ?? Infinity, copies ?? Infinity), pays = summary.value_us < unsplit;
  // A run of the plan that is slower than what was predicted for not splitting speaks against it.
  const comparable = measured !== null && measured.error !== null && !measured.moved;
  const refuted = pays && comparable && measured.measured_us >= unsplit;
  const rate = summary.value_us > 0 ? Number((1e6 / summary.value_us).toPrecision(3)).toLocaleString('en') : '–';
  cards.append(card(stream ? 'Predicted per inference' : 'Predicted latency', time(summary.value_us),
    stream ? `${rate} inferences per second` : 'of one inference'));
  if (measured !== null) {
    const title = measured.mode === 'pipeline' ? 'Measured per inference' : 'Measured latency';
    cards.append(card(title, time(measured.measured_us),
      measured.moved ? `${measured.moved.join(', ')} replaced by a CPU` :
        measured.error === null ? `in another mode: ${measured.mode}` :
          `the prediction is ${signed(measured.error)} off`));
  }
  cards.append(
    card('Best single device', single === null ? 'none can' : time(single.value),
      single === null ? null : `alone on ${single.device}, ${times(single.value)}`,
      element('span', { className: pays && !refuted ? 'good' : 'poor' },
        single === null && copies === null ? `no device can run it all${rules}` : refuted ? 'predicted to pay; as measured, splitting does not' :
          pays ? 'splitting pays' : 'splitting does not pay')),
    ...(copies === null ? [] : [card('Whole copies in turn', time(copies), times(copies))]),
    card('Lower bound', time(summary.lower_bound_us),
      element('span', { className: summary.proved_optimal ? 'good' : '' },
        summary.proved_optimal ? 'proved optimal' : `gap ${percent(gap)}`),
      `no ${plan.lanes.length < 2 ? 'placement' : 'plan'} is better (${summary.bound})`),
    ...lanesCard(plan),
    card('Cut', bytes(summary.cut_bytes),
      `${count(plan.transfers.length, 'transfer')} between ${count(plan.parts.length, 'part')}`),
    card('Found by', summary.solver, `on ${plan.target}`));
}

function meter(name, text, shares, device) {
  const track = element('div', { className: 'track' }, ...shares.map(([share, light]) => element('i', {
    className: light ? 'light' : '',
    style: {
      width: `${Math.min(100, 100 * share).toFixed(2)}%`,
      background: device === null ? 'var(--muted)' : backgroundOf(device),
    },
  })));
  const head = element('div', { className: 'head' }, element('span', {}, name), element('span', {}, text));
  return element('div', { className: 'meter' }, head, track);
}

function paintDevices(plan, measured) {
  const section = document.getElementById('devices'), { summary } = plan;
  if (summary === null) {
    section.append(element('p', { className: 'empty' }, 'Nothing is predicted.'));
    return;
  }
  plan.devices.forEach((device, index) => {
    const load = summary.value_us > 0 ? device.busy_us / summary.value_us : 0;
    const busy = (us, share) => `busy ${time(us)}, ${percent(share)}`;
    const name = element('b', {}, chip(index, device.host ? `${device.name} on ${device.host}` : device.name));
    section.append(meter(name, busy(device.busy_us, load), [[load, false]], index));
    const run = measured?.devices.find(({ id }) => id === device.name);
    if (run) section.append(meter('measured', busy(run.busy_us, run.utilisation), [[run.utilisation, true]], index));
    const { resident_bytes: resident, peak_bytes: peak, memory_bytes: memory } = device;
    const share = (size) => (memory > 0 ? size / memory : 0);
    section.append(meter('memory', `weights ${bytes(resident)}, peak ${bytes(peak)} of ${bytes(memory)}`,
      [[share(peak), true], [share(resident), false]], index));
  });
}

function paintBaselines(plan) {
  const section = document.getElementById('baselines'), { summary } = plan;
  if (summary === null || summary.baselines.length === 0) {
    section.append(element('p', { className: 'empty' }, 'The pipeline tried no baselines.'));
    return;
  }
  const mine = Math.max(summary.value_us, 1e-9), values = summary.baselines.map((one) => one.value_us ?? 0);
  const most = Math.max(...values, mine);
  section.append(meter(element('b', {}, 'this plan'), time(summary.value_us), [[mine / most, false]], null));
  for (const { name, value_us: value } of summary.baselines) {
    const device = plan.devices.findIndex((one) => name === `single:${one.name}`);
    const title = device >= 0 ? `${plan.devices[device].name} alone` : name;
    const text = value === null ? 'does not fit' : `${time(value)}, ${(value / mine).toFixed(2)}×`;
    section.append(meter(title, text, [[(value ?? 0) / most, true]], device >= 0 ? device : null));
  }
}

// Steps: each value holds until the next point.
function steps(points, x, y) {
  return points.map(([at, value], i) => (i === 0 ? `M${x(at)} ${y(value)}` : `H${x(at)}V${y(value)}`)).join('');
}

function paintProgress(plan) {
  const section = document.getElementById('progress'), search = plan.summary?.search ?? [];
  if (search.length === 0) {
    section.append(element('p', { className: 'empty' }, 'The pipeline did not search.'));
    return;
  }
  const svg = (tag, attributes, text) => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const width = 420, height = 190, left = 62, right = 10, top = 12, low = 26, last = search[search.length - 1];
  const work = Math.max(last[0], 1), bound = last[2];
  const values = search.map(([at, value]) => [at, value]);
  const most = values.reduce((a, [, value]) => Math.max(a, value), 0);
  const least = Math.min(last[1], bound > 0 ? bound : Infinity), margin = Math.max((most - least) * 0.08, most * 0.01);
  const ceiling = most + margin, floor = Math.max(0, least - margin);
  const x = (at) => (left + ((width - left - right) * at) / work).toFixed(1);
  const y = (value) => (top + ((height - top - low) * (ceiling - value)) / (ceiling - floor)).toFixed(1);
  const chart = svg('svg', { viewBox: `0 0 ${width} ${height}`, width: '100%', role: 'img' });
  const evaluations = `${amount(last[0], '').trim()} evaluations`;
  const said = `From ${time(most)} to ${time(last[1])} in ${evaluations}; lower bound ${time(bound)}`;
  chart.append(svg('title', {}, said));
  const line = (d, colour, more) =>
    chart.append(svg('path', { d, fill: 'none', stroke: colour, 'stroke-width': 2, ...more }));
  const label = (text, px, py, anchor = 'end') =>
    chart.append(svg('text', { x: px, y: py, 'text-anchor': anchor, 'dominant-baseline': 'middle' }, text));
  line(`M${left} ${top}V${height - low}H${width - right}`, 'var(--line)', { 'stroke-width': 1 });
  label(time(most), left - 6, y(most));
  if (y(last[1]) - y(most) > 14) label(time(last[1]), left - 6, y(last[1]));
  if (bound > 0) {
    line(`M${left} ${y(bound)}H${width - right}`, 'var(--good)', { 'stroke-dasharray': '5 4', 'stroke-width': 1.5 });
    if (y(bound) - y(last[1]) > 14) label(time(bound), left - 6, y(bound));
  }
  line(steps(values, x, y), 'var(--accent)');
  label('0', left, height - 12, 'middle');
  label(evaluations, width - right, height - 12);
  section.append(chart, element('p', { className: 'note' },
    'Blue: the best value known after so much work',
    bound > 0 ? `; dashed: the lower bound (${plan.summary.bound}).` : '.'));
}
