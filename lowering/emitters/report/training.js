// A plan that trains: cards, one iteration as a drawing, and what each stage takes and holds.

function trainingCards({ training, summary, target }) {
  const { iteration_us: iteration, period_us: period, bounds, stages } = training;
  const bound = bounds.of_ranges.iteration_us ?? bounds.of_placements.iteration_us ?? 0;
  const gap = iteration > 0 ? (iteration - bound) / iteration : 0;
  const alone = bestSingle(summary), even = summary.baselines.find(({ name }) => name === 'even')?.value_us ?? null;
  const times = (value) => (iteration > 0 ? `${(value / iteration).toFixed(2)}× the plan's time` : '');
  return [
    card('Predicted iteration', time(iteration), `${count(training.microbatches, 'microbatch', 'microbatches')}, ${training.optimizer}`),
    card('Period', time(period), 'of a microbatch in the steady state'),
    card('Bubbles', percent(training.bubble), `of ${count(stages.length, 'stage')}, waiting`),
    card('Lower bound', time(bound), element('span', {}, `gap ${percent(gap)}`),
      bounds.of_ranges.iteration_us === null ? 'of all placements' : 'of all chains of ranges'),
    card('Best single device', alone === null ? 'none can' : time(alone.value),
      alone === null ? 'training fits on none' : `alone on ${alone.device}, ${times(alone.value)}`),
    ...(even === null ? [] : [card('Equal ranges', time(even), times(even))]),
    card('Trained', amount(training.parameters, ''), 'parameters', `on ${target}`),
  ];
}

// The iteration: a row for each stage, forward passes full, backward ones light, updates in grey.
function iterationChart({ training, devices }) {
  const svg = (tag, attributes, text) => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const { stages, steps, iteration_us: end } = training;
  const width = 1200, left = 110, row = 24, height = stages.length * row + 22;
  const x = (at) => left + ((width - left - 4) * at) / Math.max(end, 1e-9);
  const chart = svg('svg', { viewBox: `0 0 ${width} ${height}`, width: '100%', role: 'img' });
  chart.append(svg('title', {}, `One iteration of ${time(end)}: a row for each stage`));
  const deviceOf = stages.map(({ device }) => devices.findIndex(({ name }) => name === device));
  stages.forEach(({ device }, stage) => chart.append(
    svg('text', { x: left - 6, y: stage * row + row / 2, 'text-anchor': 'end', 'dominant-baseline': 'middle' }, device)));
  for (const [kind, stage, microbatch, start, stop] of steps) {
    if (kind === 'activation' || kind === 'gradient') continue;
    const wide = x(stop) - x(start), update = kind === 'update';
    const bar = svg('rect', {
      x: x(start).toFixed(2), y: stage * row + 2, width: Math.max(wide, 0.3).toFixed(2), height: row - 4,
      fill: update ? 'var(--muted)' : hueOf(deviceOf[stage]).fill, opacity: kind === 'backward' ? 0.55 : 1,
    });
    bar.append(svg('title', {}, update ? `update: ${time(stop - start)}` :
      `${kind} pass of microbatch ${microbatch}: ${time(stop - start)}, from ${time(start)}`));
    chart.append(bar);
    if (wide > 18 && !update) {
      chart.append(svg('text', {
        x: ((x(start) + x(stop)) / 2).toFixed(2), y: stage * row + row / 2, 'text-anchor': 'middle',
        'dominant-baseline': 'middle', 'pointer-events': 'none',
        style: `fill: ${kind === 'forward' ? hueOf(deviceOf[stage]).ink : 'var(--text)'}`,
      }, `${microbatch}`));
    }
  }
  chart.append(svg('text', { x: left, y: height - 6 }, '0'),
    svg('text', { x: width - 4, y: height - 6, 'text-anchor': 'end' }, time(end)));
  return chart;
}

function paintTraining(plan) {
  const section = document.getElementById('training'), { training } = plan;
  if (!training) return;
  section.hidden = false;
  section.append(
    element('p', { className: 'note' }, 'One iteration (1F1B): forward passes full, backward passes light, updates grey; ' +
      'numbers are microbatches.'),
    element('div', { className: 'scroll' }, iterationChart(plan)));
  const memory = (stage) => stage.memory_bytes;
  const rows = training.stages.map((stage, index) => ({ ...stage, index }));
  const size = (title, key) => ({ title, set: 'number', key: (row) => row[key], cell: (row) => bytes(row[key]) });
  sortedTable(section, [
    { title: 'stage', key: ({ index }) => index, cell: ({ index, device }) => `${index} on ${device}` },
    { title: 'forward', set: 'number', key: (row) => row.forward_us, cell: (row) => time(row.forward_us) },
    {
      title: 'backward', set: 'number', key: (row) => row.backward_us,
      cell: (row) => `${time(row.backward_us)}${row.recomputes ? ', forward again' : ''}`,
    },
    { title: 'update', set: 'number', key: (row) => row.update_us, cell: (row) => time(row.update_us) },
    size('weights', 'weight_bytes'), size('gradients', 'gradient_bytes'), size('optimizer', 'optimizer_bytes'),
    { title: 'in flight', set: 'number', key: (row) => row.in_flight, cell: (row) => `${row.in_flight}` },
    size('activations', 'activation_bytes'),
    {
      title: 'memory', set: 'number', key: memory,
      cell: (row) => `${bytes(memory(row))} of ${bytes(row.device_memory_bytes)}`,
    },
    { title: 'from', key: (row) => row.first ?? '', cell: (row) => row.first ?? '–' },
  ], rows);
}
