// The pages of `allot view` in Chromium: a node is dragged to another device, and two plans stand beside each other.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Chromium, Tab } from './chromium.mjs';
import { branchingModel, reportOf } from './models.mjs';
import { startView } from './python_package.mjs';
import { makeScratch } from './scratch.mjs';

const scratch = makeScratch('view-browser'), browser = new Chromium(process.env.CHROMIUM ?? 'chromium');
const axe = fileURLToPath(new URL('node_modules/axe-core/axe.min.js', import.meta.url));
const first = path.dirname(reportOf(scratch, 'first', branchingModel(100), '--pin=block0/.*=gpu0'));
const second = path.dirname(reportOf(scratch, 'second', branchingModel(100), '--pin=block1/.*=gpu1'));

const { child, address } = await startView([first, second], process.env.ALLOT ?? 'build/allot');
after(async () => {
  child.kill();
  await browser.close();
});

const DRAWN = "performance.getEntriesByName('drawn').length === 1";

async function visit(url, look, options) {
  const tab = await Tab.open(browser, options);
  await tab.go(`${address}${url}`);
  await look(tab);
  assert.deepEqual(tab.complaints, []);
  assert.ok(tab.requests.every((one) => one.startsWith(address)), tab.requests.join());
  await tab.close();
}

const result = (tab) => tab.evaluate("document.querySelector('.view-result').innerText.replace(/\\s+/g, ' ')");
const placeOf = (tab, name) => tab.evaluate(`(() => {
  const { graph, plan } = page, canvas = (graph.canvas.scrollIntoView({ block: 'center' }), graph.canvas.getBoundingClientRect());
  const box = graph.shownAs(plan.nodes.name.indexOf('${name}'));
  return { x: canvas.left + graph.left + (box.x + box.width / 2) * graph.scale, y: canvas.top + graph.top + (box.y + box.height / 2) * graph.scale };
})()`);

/** What axe finds in the page, once there is a new plan on it as well. */
async function findings(tab) {
  if (!fs.existsSync(axe)) return [];
  await tab.send('Page.setBypassCSP', { enabled: true });
  await tab.evaluate(`${fs.readFileSync(axe, 'utf8')};0`);
  return tab.evaluate("axe.run(document, { iframes: false }).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 120)}`))");
}

test('a node that is dragged to a device is planned there', () => visit('a/model.report.html', async (tab) => {
  await tab.until(DRAWN);
  const name = 'block0/node5';
  await tab.evaluate(`page.choose({ kind: 'node', index: page.plan.nodes.name.indexOf('${name}') }, true)`);
  const { x, y } = await placeOf(tab, name);
  await tab.mouse('mouseMoved', x, y);
  await tab.mouse('mousePressed', x, y, { button: 'left', buttons: 1, clickCount: 1 });
  for (const step of [5, 10, 20]) await tab.mouse('mouseMoved', x + step, y + step, { buttons: 1 });
  await tab.frames();
  const target = await tab.evaluate(`(() => {
    const { left, top, width, height } = [...document.querySelectorAll('.view-target')].find(({ textContent }) => textContent === 'gpu1').getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2 };
  })()`);
  await tab.mouse('mouseMoved', target.x, target.y, { buttons: 1 });
  await tab.frames();
  assert.equal(await tab.evaluate("document.querySelector('.view-target.over').textContent"), 'gpu1');
  await tab.mouse('mouseReleased', target.x, target.y, { button: 'left', clickCount: 1 });
  await tab.until("document.querySelector('.view-result pre') !== null");
  assert.match(await result(tab), /^block0\/node5 on gpu1 [\d.]+ .s → [\d.]+ .s (the same|[+−][\d.]+ %) Predicted, with the rest placed anew\. This keeps it: allot \S+ --target=cpu-2gpu --objective=latency --pin=block0\/node5=gpu1 /);
  assert.deepEqual(await findings(tab), []);
  // The new plan has it there, and stands beside the old one.
  const [report, compare] = await tab.evaluate("[...document.querySelectorAll('.view-result a')].map(({ href }) => href)");
  await tab.go(report);
  await tab.until(DRAWN);
  assert.equal(await tab.evaluate(`page.plan.devices[page.plan.deviceOf[page.plan.nodes.name.indexOf('${name}')]].name`), 'gpu1');
  await tab.go(compare);
  await tab.until("document.querySelectorAll('iframe').length === 2");
  assert.match(await tab.evaluate('document.body.innerText'), /block0\/node5 on gpu1/);
}));

test('dropped on nothing, or where it is, nothing is planned; beside a node, the graph moves', () => visit('a/model.report.html', async (tab) => {
  await tab.until(DRAWN);
  const name = 'block0/node5';
  await tab.evaluate(`page.choose({ kind: 'node', index: page.plan.nodes.name.indexOf('${name}') }, true)`);
  const { x, y } = await placeOf(tab, name);
  await tab.drag(x, y, 30, 40);
  assert.deepEqual(await tab.evaluate("[document.querySelector('.view-result').hidden, document.querySelector('.view-targets').hidden]"), [true, true]);
  const before = await tab.evaluate('page.graph.left');
  const free = await tab.evaluate(`(() => {
    const { graph } = page, { left, top } = graph.canvas.getBoundingClientRect();
    for (let py = 5; py < graph.height; py += 5) for (let px = 60; px < graph.width - 5; px += 5) if (graph.boxAt(px, py) === null) return { x: left + px, y: top + py };
    return null;
  })()`);
  await tab.drag(free.x, free.y, -30, 0);
  assert.equal(await tab.evaluate('page.graph.left'), before - 30);
}));

test('a choice beside the views does the same, without a drag', () => visit('a/model.report.html', async (tab) => {
  await tab.until(DRAWN);
  await tab.evaluate("page.choose({ kind: 'group', group: page.graph.scopes.root.children.flatMap(({ children }) => children).find(({ kind }) => kind === 'scope') }, false)");
  await tab.evaluate("(() => { document.querySelector('.view-move select').value = '2'; document.querySelector('.view-move button').click(); })()");
  await tab.until("document.querySelector('.view-result pre') !== null");
  assert.match(await result(tab), /^block\d\/ on gpu1 .* '--pin=block\d\/\.\*=gpu1' /);
}));

test('why there is no such plan is said', () => visit('a/model.report.html', async (tab) => {
  await tab.until(DRAWN);
  fs.renameSync(path.join(first, 'plan.json'), path.join(scratch, 'away.json'));
  await tab.evaluate("page.choose({ kind: 'node', index: 0 }, false)");
  await tab.evaluate("document.querySelector('.view-move button').click()");
  await tab.until("document.querySelector('.view-result h2') !== null");
  assert.match(await result(tab), /^No such plan .*first: to plan again, plan\.json must be there/);
  fs.renameSync(path.join(scratch, 'away.json'), path.join(first, 'plan.json'));
  tab.complaints.splice(0);  // the browser notes the status
}));

for (const [name, options] of [['wide', {}], ['on a phone', { width: 390, height: 800, dark: true, mobile: true }]]) {
  test(`two plans beside each other: ${name}`, () => visit('compare/a/b', async (tab) => {
    const inFrame = (i, expression) => tab.evaluate(`document.querySelectorAll('iframe')[${i}].contentWindow.eval(${JSON.stringify(expression)})`);
    await tab.send('Page.setBypassCSP', { enabled: true });
    await tab.go(`${address}compare/a/b`);
    for (const i of [0, 1]) await tab.until(`document.querySelectorAll('iframe')[${i}]?.contentWindow.eval("${DRAWN}")`);
    assert.ok(await tab.evaluate('document.documentElement.scrollWidth <= innerWidth'));
    await inFrame(0, "page.choose({ kind: 'node', index: page.plan.nodes.name.indexOf('block1/node30') }, true)");
    await tab.until("document.querySelectorAll('iframe')[1].contentDocument.querySelector('#details h2').textContent === 'block1/node30'");
    assert.match(await tab.evaluate('document.body.innerText'), /predicted latency/);
    assert.deepEqual(await findings(tab), []);
  }, options));
}
