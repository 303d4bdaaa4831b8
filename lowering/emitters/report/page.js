// Puts the page together: one selection that all views show.

// A choice of lanes, where several take turns. Every view is of one: the page starts again with another.
function paintLanes(plan) {
  const choice = document.getElementById('lane'), cycle = plan.lanes.reduce((sum, { share }) => sum + share, 0);
  if (plan.lanes.length < 2) return;
  plan.lanes.forEach(({ share, what }, index) =>
    choice.append(element('option', { value: `${index}` }, `lane ${index}: ${share} of ${cycle} inferences, ${what}`)));
  choice.value = `${plan.lane}`;
  choice.hidden = false;
  choice.addEventListener('change', () => {
    location.hash = `lane=${choice.value}`;
    location.reload();
  });
}

function main() {
  const plan = loadPlan(), measured = readBlock('measured');
  document.title = `${plan.model} on ${plan.target} – Allot`;
  document.getElementById('model').textContent = plan.model;
  const objectives = { latency: ', latency of one inference', throughput: ', period of a steady stream' };
  document.getElementById('about').textContent =
    `${count(plan.size + plan.travelling, 'node')} on ${plan.target}${plan.training ? ', one iteration of training' : objectives[plan.summary?.objective] ?? ''}`;
  document.getElementById('footer').textContent = `allot ${plan.tool.version} · ${plan.pipeline}`;

  paintLanes(plan);
  const views = [];
  let schedule = null;
  let details = null;
  const choose = (selection, centre) => {
    for (const view of views) {
      view.selection = selection;
      if (centre && selection !== null) view.centre(selection);
      view.refresh();
    }
    details.show(selection);
    document.dispatchEvent(new CustomEvent('chosen', { detail: selection }));
  };
  // A measured run is that of a part.
  const picked = (item) => choose(item?.kind === 'text' ? null : item?.kind === 'run' ? { kind: 'part', index: item.index } : item, false);

  paintCards(plan, measured);
  paintTraining(plan);
  details = new Details(plan, measured, choose);
  const canvas = document.getElementById('schedule');
  if (plan.timed) {
    schedule = new ScheduleView(canvas, plan, measured, picked);
    views.push(schedule);
  } else {
    canvas.hidden = true;
    document.getElementById('schedule-note').textContent = 'The pipeline made none.';
  }
  const graph = new GraphView(document.getElementById('graph'), plan, picked);
  views.push(graph);
  details.toggle = (group) => graph.toggle(group);
  paintLegend(plan);
  paintDevices(plan, measured);
  paintBaselines(plan);
  paintProgress(plan);
  paintParts(plan, measured, choose);
  paintCuts(plan, choose);
  const search = new NodeSearch(plan, { found: (nodes) => { graph.found = nodes; graph.refresh(); }, choose });

  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    search.clear();
    choose(null, false);
  });
  const repaint = () => views.forEach((view) => view.paintNow());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
  // Paper is white.
  addEventListener('beforeprint', () => { document.documentElement.dataset.theme = 'light'; repaint(); });
  addEventListener('afterprint', () => { delete document.documentElement.dataset.theme; repaint(); });
  // Two frames: the first one shows what has been drawn.
  requestAnimationFrame(() => requestAnimationFrame(() => performance.mark('drawn')));
  return { plan, schedule, graph, details, choose };
}

const page = main();
