// What `allot view` adds to a report: a node or a scope is moved to another device, by dragging it or by a choice beside
// the views, and the plan is made again. It runs after the report's own script and uses its `page`.
(() => {
  const view = JSON.parse(document.getElementById('view').textContent), { plan, graph, details, choose } = page;
  const link = (href, text) => element('a', { href, target: parent === window ? '_self' : '_top' }, text);

  // What may be moved: {names or scope, label, device}; null for what may not.
  function movable(item) {
    if (item?.kind === 'node') {
      const name = plan.nodes.name[item.index];
      return { names: [name], label: name, device: plan.deviceOf[item.index] };
    }
    if (item?.kind !== 'group') return null;
    const scope = graph.scopes.prefixOf(item.group);
    if (scope === null) return null;
    const devices = devicesOf(plan, item.group);
    return { scope, label: scope, device: devices.length === 1 ? devices[0][0] : -1 };
  }

  // --- where plans are compared ---
  const bar = element('p', { className: 'view-bar' }, element('b', {}, view.title));
  // Beside another plan, that one is the comparison.
  for (const other of parent === window ? view.others : []) bar.append(' ', link(`/compare/${view.id}/${other.id}`, `compare with ${other.title}`));
  document.querySelector('.title').append(bar);

  // --- what came of it ---
  const said = element('section', { className: 'panel view-result', ariaLabel: 'The new plan', hidden: true });
  said.setAttribute('aria-live', 'polite');
  document.querySelector('main').append(said);
  const close = () => element('button', { type: 'button', className: 'button', onclick: () => { said.hidden = true; } }, 'Close');
  const say = (...content) => {
    said.replaceChildren(...content);
    said.hidden = false;
  };

  function result(moved, device, { before_us: before, after_us: after, command, report, compare }) {
    const share = before > 0 ? after / before - 1 : 0, better = after < before;
    const copied = element('button', { type: 'button', className: 'button' }, 'Copy');
    copied.addEventListener('click', () => navigator.clipboard.writeText(command).then(() => { copied.textContent = 'Copied'; }, () => { copied.textContent = 'Select it and copy'; }));
    say(element('h2', {}, breakable(moved.label), ' on ', dotted(device, plan.devices[device].name)),
      element('p', { className: 'view-values' }, element('span', { className: 'muted' }, time(before)), ' → ', element('b', {}, time(after)), ' ',
        element('span', { className: after === before ? 'muted' : better ? 'good' : 'poor' }, after === before ? 'the same' : signed(share))),
      element('p', { className: 'note' }, 'Predicted, with the rest placed anew. This keeps it:'),
      element('pre', { tabIndex: 0 }, command),
      element('p', { className: 'view-links' }, link(report, 'Look at the new plan'), link(compare, 'Compare them'), copied, close()));
  }

  async function ask(moved, device) {
    say(element('p', {}, 'Planning again with ', element('b', {}, breakable(moved.label)), ' on ', dotted(device, plan.devices[device].name), ' …'));
    try {
      const { names, scope } = moved;
      const response = await fetch(`/replan/${view.id}`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ names, scope, device: plan.devices[device].name }),
      });
      const answer = await response.json();
      if (answer.error === undefined) result(moved, device, answer);
      else say(element('h2', {}, 'No such plan'), element('p', {}, answer.error), element('p', { className: 'view-links' }, close()));
    } catch {
      say(element('h2', {}, 'No answer'), element('p', {}, 'allot view does not run any more; start it again.'), element('p', { className: 'view-links' }, close()));
    }
  }

  // --- by a choice ---
  details.more = (selection) => {
    const moved = movable(selection);
    if (moved === null) return [];
    const choice = element('select', { ariaLabel: 'Device to move to' }, ...plan.devices.map((device, i) => element('option', { value: `${i}`, disabled: i === moved.device }, device.name)));
    choice.value = `${plan.devices.findIndex((_, i) => i !== moved.device)}`;
    const go = element('button', { type: 'button', className: 'button', disabled: plan.devices.length < 2, onclick: () => ask(moved, Number(choice.value)) }, 'Plan again');
    return [element('h3', {}, 'Move it'), element('p', { className: 'view-move' }, choice, go)];
  };

  // --- by dragging ---
  const targets = element('div', { className: 'view-targets', hidden: true });
  const ghost = element('div', { className: 'view-ghost', hidden: true });
  plan.devices.forEach((device, i) => {
    const target = element('div', { className: 'view-target' }, dotted(i, device.name));
    target.dataset.device = `${i}`;
    targets.append(target);
  });
  document.body.append(targets, ghost);
  const targetAt = (x, y) => document.elementFromPoint(x, y)?.closest('.view-target') ?? null;
  const end = () => { targets.hidden = ghost.hidden = true; };
  graph.carrier = {
    can: (item) => movable(item) !== null,
    move(item, x, y) {
      const moved = movable(item);
      if (targets.hidden) {
        const { left, top, width } = graph.canvas.getBoundingClientRect();
        targets.style.left = `${Math.max(8, left)}px`;
        targets.style.top = `${Math.max(8, top)}px`;
        targets.style.width = `${width}px`;
        targets.hidden = ghost.hidden = false;
        for (const target of targets.children) target.classList.toggle('here', Number(target.dataset.device) === moved.device);
        ghost.textContent = moved.label;
      }
      ghost.style.left = `${x + 12}px`;
      ghost.style.top = `${y + 12}px`;
      const over = targetAt(x, y);
      for (const target of targets.children) target.classList.toggle('over', target === over);
    },
    drop(item, x, y) {
      const over = targetAt(x, y), moved = movable(item);
      end();
      if (over !== null && Number(over.dataset.device) !== moved.device) ask(moved, Number(over.dataset.device));
    },
    cancel: end,
  };
  const welcome = details.welcome.bind(details);
  details.welcome = () => [...welcome(), element('h3', {}, 'Moving a node'),
    element('p', { className: 'muted' }, 'Drag an operator or a scope of the graph onto a device, or select it and choose one here: the plan is made again.')];
  details.show(null);

  // --- beside another plan: one selection for both ---
  if (parent !== window) {
    document.addEventListener('chosen', ({ detail }) => {
      if (detail?.kind === 'node' && !detail.told) parent.postMessage({ node: plan.nodes.name[detail.index] }, location.origin);
    });
    addEventListener('message', ({ origin, data }) => {
      if (origin !== location.origin || typeof data?.node !== 'string') return;
      const index = plan.nodes.name.indexOf(data.node);
      if (index >= 0) choose({ kind: 'node', index, told: true }, true);
    });
  }
})();
