// Pages that `allot view` gives: a report with what planning again needs, and two plans beside each other.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Refused } from './view_folder.mjs';

const source = (name) => fs.readFileSync(fileURLToPath(new URL(`../view/${name}`, import.meta.url)), 'utf8');
const hashOf = (text) => `'sha256-${crypto.createHash('sha256').update(text).digest('base64')}'`;
const inScript = (value) => JSON.stringify(value).replaceAll('<', '\\u003c');

export const escapeHtml = (text) => String(text).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);

const POLICY = /(<meta http-equiv="Content-Security-Policy" content="[^"]*script-src )('sha256-[A-Za-z0-9+/=]+')">/;
const PLAN = /<script type="application\/json" id="plan">(.*?)<\/script>/s;

/** What a report says of its plan. Throws Refused unless the text is a report as allot writes it. */
export function planOf(html, name) {
  try {
    const plan = JSON.parse(PLAN.exec(html)[1]);
    if (plan.schema !== 'allot.page/1') throw new Error('another schema');
    return plan;
  } catch {
    throw new Refused(422, `${name} holds no report that this version of allot writes; write it again with allot -o`);
  }
}

// Whatever is in the page: it loads nothing, and asks nobody but this server.
const policyOf = (scripts) => `default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; script-src ${scripts}`;

/** A report with the client of `allot view` in it, which is told `about`: {html, policy}. Throws Refused. */
export function reportPage(html, name, about) {
  planOf(html, name);
  const policy = POLICY.exec(html), end = html.lastIndexOf('</body>');
  if (policy === null || end < 0) throw new Refused(422, `${name} holds no report that this version of allot writes; write it again with allot -o`);
  const client = `\n${source('client.js')}`, scripts = `${policy[2]} ${hashOf(client)}`;
  const open = html.slice(0, end).replace(POLICY, (_, before) => `${before}${scripts}; connect-src 'self'">`);
  const added = `<style>\n${source('client.css')}</style>\n<script type="application/json" id="view">${inScript(about)}</script>\n<script>${client}</script>\n`;
  return { html: open + added + html.slice(end), policy: policyOf(scripts) };
}

const time = (us) => {
  if (us === null || us === undefined) return '–';
  const [scale, unit] = Math.abs(us) >= 1e6 ? [1e6, 's'] : Math.abs(us) >= 1000 ? [1000, 'ms'] : [1, 'µs'];
  return `${Number((us / scale).toPrecision(4))} ${unit}`;
};
const bytes = (size) => {
  const unit = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.max(size, 1)) / 10)));
  return `${Number((size / 1024 ** unit).toFixed(1))} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][unit]}`;
};
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** Nodes that two plans of a model put on different devices, [{name, from, to}], in the first one's order. */
export function movedNodes(before, after) {
  const deviceOf = (plan) => plan.nodes.name.map((name, i) => [name, plan.devices[plan.parts[plan.clusters.part[plan.nodes.cluster[i]]].device].name]);
  const now = new Map(deviceOf(after));
  return deviceOf(before).filter(([name, device]) => now.has(name) && now.get(name) !== device).map(([name, from]) => ({ name, from, to: now.get(name) }));
}

function row(title, before, after, change = '', better = '') {
  return `<tr><th scope="row">${escapeHtml(title)}</th><td>${escapeHtml(before)}</td><td>${escapeHtml(after)}</td><td class="${better}">${escapeHtml(change)}</td></tr>`;
}

// Rows of what both plans say; what is smaller is better.
function rowsOf(before, after) {
  const [a, b] = [before.summary, after.summary], rows = [];
  const change = (x, y) => (x > 0 && x !== y ? `${y > x ? '+' : '−'}${percent(Math.abs(y / x - 1))}` : x === y ? 'the same' : '');
  const judged = (x, y) => (x === y ? '' : y < x ? 'good' : 'poor');
  if (a && b) {
    const same = a.objective === b.objective;
    rows.push(row('objective', a.objective, b.objective));
    rows.push(row(a.objective === 'latency' && same ? 'predicted latency' : 'predicted, per inference', time(a.value_us), time(b.value_us),
      same ? change(a.value_us, b.value_us) : '', same ? judged(a.value_us, b.value_us) : ''));
    rows.push(row('lower bound', time(a.lower_bound_us), time(b.lower_bound_us)));
    rows.push(row('found by', a.solver, b.solver));
    rows.push(row('cut', bytes(a.cut_bytes), bytes(b.cut_bytes), change(a.cut_bytes, b.cut_bytes)));
  }
  rows.push(row('parts', before.parts.length, after.parts.length));
  rows.push(row('transfers', before.transfers.length, after.transfers.length));
  const other = new Map(after.devices.map((device) => [device.name, device]));
  for (const device of before.devices) {
    const now = other.get(device.name);
    if (!a || !b || now === undefined) continue;
    const share = (one, summary) => (summary.value_us > 0 ? percent(one.busy_us / summary.value_us) : '–');
    rows.push(row(`${device.name} busy`, `${time(device.busy_us)}, ${share(device, a)}`, `${time(now.busy_us)}, ${share(now, b)}`));
    rows.push(row(`${device.name} peak memory`, bytes(device.peak_bytes), bytes(now.peak_bytes)));
  }
  return rows.join('\n');
}

const MOST_MOVED = 200;

/** Two plans, [{title, url, plan}], beside each other: {html, policy}. */
export function comparePage(before, after) {
  const moved = movedNodes(before.plan, after.plan), script = `\n${source('compare.js')}`, scripts = hashOf(script);
  const list = moved.slice(0, MOST_MOVED).map(({ name, from, to }) => `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(from)}</td><td>${escapeHtml(to)}</td></tr>`).join('\n');
  const sides = [before, after].map(({ title, url }, i) => `<section aria-label="${i === 0 ? 'First' : 'Second'} plan"><h2><a href="${escapeHtml(url)}">${escapeHtml(title)}</a></h2>
<iframe src="${escapeHtml(url)}" title="${escapeHtml(title)}"></iframe></section>`).join('\n');
  const nodes = moved.length === 0 ? '<p class="muted">Every node that both models have is on the same device.</p>' :
    `<div class="scroll" tabindex="0" role="region" aria-label="Nodes on another device"><table><thead><tr><th scope="col">node</th><th scope="col">before</th><th scope="col">after</th></tr></thead><tbody>\n${list}\n</tbody></table></div>` +
    (moved.length > MOST_MOVED ? `<p class="muted">and ${moved.length - MOST_MOVED} more</p>` : '');
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Two plans – Allot</title>
<style>
${source('compare.css')}</style>
</head>
<body>
<main>
<header><p class="brand">Allot</p><h1>Two plans beside each other</h1></header>
<div class="facts">
<section class="panel"><h2>What differs</h2><div class="scroll" tabindex="0" role="region" aria-label="What differs"><table>
<thead><tr><td></td><th scope="col">${escapeHtml(before.title)}</th><th scope="col">${escapeHtml(after.title)}</th><th scope="col">change</th></tr></thead>
<tbody>
${rowsOf(before.plan, after.plan)}
</tbody></table></div></section>
<section class="panel"><h2>${moved.length.toLocaleString('en')} ${moved.length === 1 ? 'node is' : 'nodes are'} on another device</h2>${nodes}</section>
</div>
<div class="sides">
${sides}
</div>
</main>
<script>${script}</script>
</body>
</html>
`;
  return { html, policy: `default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src ${scripts}` };
}
