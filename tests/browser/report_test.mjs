// The report page in Chromium: it opens quickly and alone, and shows what it should.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import { writeMeasured } from '../../tools/run/lib/measured_report.mjs';
import { makeScratch } from '../run/scratch.mjs';
import { Chromium, Tab } from './chromium.mjs';
import { branchingModel, reportOf } from './models.mjs';

const scratch = makeScratch('browser');
const browser = new Chromium(process.env.CHROMIUM ?? 'chromium');
after(() => browser.close());

// Three devices, and rules that make them share the work.
const PINS = ['--pin=block[0-9]*[05]/.*=gpu0', '--pin=block[0-9]*[27]/.*=gpu1', '--pin=block[0-9]*9/.*=cpu0'];
const medium = reportOf(scratch, 'medium', branchingModel(2000), ...PINS);

/** Opens a report; fails unless it is drawn and asks for nothing but itself. Resolves to the tab. */
async function open(file, options) {
  const tab = await Tab.open(browser, options), url = pathToFileURL(file).href;
  await tab.go(url);
  await tab.until("performance.getEntriesByName('drawn').length === 1");
  assert.deepEqual(tab.complaints, []);
  assert.deepEqual([...new Set(tab.requests)], [url]);
  return tab;
}

/** The same, and closes it again; what `look(tab)` does may not make the page complain either. */
async function visit(file, look, options) {
  const tab = await open(file, options);
  await look(tab);
  assert.deepEqual(tab.complaints, []);
  assert.equal(new Set(tab.requests).size, 1);
  await tab.close();
}

const picture = (tab, canvas) => tab.evaluate(`document.getElementById('${canvas}').toDataURL()`);

/** What an element says, on one line. */
const textOf = (tab, selector) => tab.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText.replace(/\\s+/g, ' ').trim()`);

/** Where the middle of an element is, once it has been scrolled into view. */
function middleOf(tab, selector) {
  return tab.evaluate(`(() => {
    const element = document.querySelector(${JSON.stringify(selector)});
    element.scrollIntoView({ block: 'center' });
    const { left, top, width, height } = element.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2 };
  })()`);
}

async function find(tab, text) {
  await tab.evaluate("document.getElementById('search').focus()");
  await tab.evaluate("document.getElementById('search').select()");
  await tab.type(text);
}

// Of the processor, so that other programs do not count; on a clock it takes a few times as long.
test('2,000 nodes are drawn with less than a second of work', (t) => visit(medium, async (tab) => {
  const worked = await tab.workedMs();
  t.diagnostic(`drawn with ${worked.toFixed(0)} ms of work`);
  assert.ok(worked > 0 && worked < 1000, `${worked}`);
}));

test('all devices are seen in both views', () => visit(medium, async (tab) => {
  assert.equal(await textOf(tab, '#about'), '2,000 nodes on cpu-2gpu, latency of one inference');
  for (const canvas of ['schedule', 'graph']) {
    const colours = await tab.evaluate(`(() => {
      const { width, height } = document.getElementById('${canvas}');
      const { data } = document.getElementById('${canvas}').getContext('2d').getImageData(0, 0, width, height), seen = {};
      for (let i = 0; i < data.length; i += 4) {
        const colour = '#' + [data[i], data[i + 1], data[i + 2]].map((part) => part.toString(16).padStart(2, '0')).join('');
        seen[colour] = (seen[colour] ?? 0) + 1;
      }
      return HUES.slice(0, 3).map(({ fill }) => seen[fill] ?? 0);
    })()`);
    assert.ok(colours.every((pixels) => pixels > 20), `${canvas}: ${colours}`);
  }
}));

test('a click on a node says why it is there', () => visit(medium, async (tab) => {
  await find(tab, 'block39/node987');
  await tab.press('Enter');
  assert.match(await textOf(tab, '#details'), /^block39\/node987 /);
  await tab.press('Escape');
  await tab.press('Escape');
  assert.match(await textOf(tab, '#details'), /^Why is it there\?/);
  // The search has brought the node to the middle of the graph.
  const { x, y } = await middleOf(tab, '#graph');
  await tab.click(x, y);
  const details = await textOf(tab, '#details');
  assert.match(details, /^block39\/node987 \w+ on cpu0 /);
  assert.match(details, / Why it is here pinned by --pin /);
  assert.match(details, / part p\d+ /);
  assert.match(details, / Reads from block/);
  // A link leads on, to a part and to the table's tensors.
  await tab.evaluate("document.querySelector('#details dd .link').click()");
  assert.match(await textOf(tab, '#details'), /^Part p\d+ \d+ nodes? on cpu0 .* file medium\.\d{5}_cpu0\.onnx /);
  await tab.evaluate("document.querySelector('#cuts tbody .link').click()");
  assert.match(await textOf(tab, '#details'), /^block\d+\/node\d+ /);
}));

test('lanes are shown one at a time', async () => {
  const file = reportOf(scratch, 'lanes', branchingModel(50), '--objective=throughput', '--pass-pipeline=infer-shapes,estimate-cost,coarsen,place-copies,schedule,explain');
  await visit(file, async (tab) => {
    const shown = () => textOf(tab, '#parts tbody');
    assert.equal(await tab.evaluate("document.querySelectorAll('#lane option').length"), 3);
    assert.match(await textOf(tab, '#cards'), / Lanes 3 take turns \d+ \+ \d+ \+ \d+ of \d+ inferences /);
    const first = await shown();
    assert.match(first, /^p0 /);
    await tab.evaluate("(() => { const choice = document.getElementById('lane'); choice.value = '1'; choice.dispatchEvent(new Event('change')); })()");
    await tab.until("document.readyState === 'complete' && document.getElementById('lane').value === '1' && performance.getEntriesByName('drawn').length === 1");
    assert.match(await shown(), /^p1 /);
    assert.match(await textOf(tab, '#schedule-note'), /^One inference on lane 1, /);
  });
  await visit(medium, async (tab) => assert.equal(await tab.evaluate("document.getElementById('lane').hidden"), true));
});

test('a stream is compared with whole copies, too', async () => {
  await visit(reportOf(scratch, 'stream', branchingModel(20), '--objective=throughput'), async (tab) => {
    assert.match(await textOf(tab, '#cards'), / Best single device [\d.]+ \S+ alone on \S+, [\d.]+× the plan's time splitting (pays|does not pay) Whole copies in turn [\d.]+ \S+ [\d.]+× the plan's time Lower bound /);
  });
  // One inference has nobody to take turns with.
  await visit(medium, async (tab) => assert.doesNotMatch(await textOf(tab, '#cards'), /copies/));
});

test('a click in the schedule selects, too', () => visit(medium, async (tab) => {
  const at = await tab.evaluate(`(() => {
    const canvas = document.getElementById('schedule');
    canvas.scrollIntoView({ block: 'center' });
    const { left, top } = canvas.getBoundingClientRect();
    return { left, top };
  })()`);
  // The first row is the first device's parts; one of them is hit somewhere along it.
  let found = '';
  for (let x = 155; x < 900 && !/^Part/.test(found); x += 7) {
    await tab.click(at.left + x, at.top + 45);
    found = await textOf(tab, '#details');
  }
  assert.match(found, /^Part p\d+ \d+ nodes? on cpu0 /);
}));

test('search lists nodes and dims the others', () => visit(medium, async (tab) => {
  const before = await picture(tab, 'graph');
  await find(tab, 'BLOCK7/');
  assert.equal(await tab.evaluate("document.querySelectorAll('#matches [role=option]').length"), 12);
  assert.match(await textOf(tab, '#matches'), /block7\/node175 Relu .* and 13 more$/);
  assert.notEqual(await picture(tab, 'graph'), before);
  await find(tab, 'no such node');
  assert.equal(await textOf(tab, '#matches'), 'no node has that in its name');
  await tab.press('Escape');
  assert.equal(await tab.evaluate("document.getElementById('matches').hidden"), true);
  assert.equal(await picture(tab, 'graph'), before);
}));

for (const canvas of ['schedule', 'graph']) {
  test(`the ${canvas} can be zoomed, moved and fitted again`, () => visit(medium, async (tab) => {
    const { x, y } = await middleOf(tab, `#${canvas}`);
    await tab.mouse('mouseMoved', 2, 2);
    const pictures = [await picture(tab, canvas)];
    const differs = async (what) => {
      const now = await picture(tab, canvas);
      assert.ok(!pictures.includes(now), `${what} changed nothing, or back`);
      pictures.push(now);
    };
    await tab.wheel(x, y, -300);
    await differs('the wheel');
    await tab.drag(x, y, -80, canvas === 'graph' ? -40 : 0);
    await differs('dragging');
    assert.match(await textOf(tab, '#details'), /^Why is it there\?/, 'dragging is no click');
    await tab.evaluate(`document.getElementById('${canvas}').focus()`);
    await tab.press('+');
    await differs('+');
    await tab.press('ArrowRight');
    await differs('an arrow');
    await tab.press('0');
    assert.equal(await picture(tab, canvas), pictures[0]);
    await tab.mouse('mouseMoved', x, y);
  }));
}

test('5,000 nodes', () => {
  const large = reportOf(scratch, 'large', branchingModel(5000), ...PINS);
  assert.ok(fs.statSync(large).size < 1.5e6);
  return visit(large, async (tab) => {
    await find(tab, 'node4999');
    await tab.press('Enter');
    assert.match(await textOf(tab, '#details'), /^block199\/node4999 Sum on /);
  });
});

test('names are text, whatever they say', () => {
  const evil = ['<script>alert(1)</script>', '</script><script>alert(2)</script>', '<img src=x onerror=alert(3)>', '"><svg onload=alert(4)>', '<!--', '{{plan}}'];
  const model = branchingModel(60, (node) => `${evil[node % evil.length]}${node}`);
  const file = reportOf(scratch, 'evil', model, '--pin=.*[0-4]$=gpu0', '--pin=.*[5-9]$=gpu1');
  return visit(file, async (tab) => {
    for (const text of evil) {
      await find(tab, text);
      await tab.press('Enter');
      assert.ok((await textOf(tab, '#details')).startsWith(text), text);
    }
    const { x, y } = await middleOf(tab, '#graph');
    await tab.mouse('mouseMoved', x, y);
    assert.deepEqual(await tab.evaluate("[document.scripts.length, document.images.length, document.querySelectorAll('main svg[onload]').length]"), [3, 0, 0]);
    // Not even what gets into the page by other ways runs.
    await tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.ran=1>')");
    await tab.frames();
    assert.equal(await tab.evaluate('window.ran'), undefined);
    tab.complaints.splice(0);  // the policy says that it has refused
    tab.requests.splice(1);
  });
});

test('what was measured stands beside what was predicted', () => {
  const folder = path.join(scratch, 'measured');
  fs.mkdirSync(folder);
  const file = path.join(folder, 'model.report.html');
  fs.copyFileSync(medium, file);
  const parts = JSON.parse(fs.readFileSync(path.join(path.dirname(medium), 'manifest.json'), 'utf8')).parts;
  const runs = [0, 1].flatMap((sample) => parts.map(({ start_us: start, end_us: end }, i) => {
    const from = 1.2 * start + 5000 * sample, to = 1.2 * end + 5000 * sample;
    return [i, sample, from, from + (to - from) / 8, to - (to - from) / 8, to];
  }));
  writeMeasured(file, {
    schema: 'allot.measured/1', mode: 'latency', level: 'all', samples: 2, measured_us: 1240, predicted_us: 1000, error: -0.19,
    devices: [{ id: 'cpu0', busy_us: 600, utilisation: 0.5 }],
    parts: parts.map(({ id, start_us: start, end_us: end }) => ({ id, measured_us: 1.2 * (end - start), read_us: 1, compute_us: 2, write_us: 3 })), runs,
  });
  return visit(file, async (tab) => {
    assert.match(await textOf(tab, '#cards'), /Measured latency 1\.24 ms the prediction is −19\.0 % off/);
    assert.match(await textOf(tab, '#schedule-note'), /Measured: 2 samples, latency/);
    assert.match(await textOf(tab, '#parts'), / measured prediction off by /);
    assert.match(await textOf(tab, '#parts'), / p0 \w+ \d+ .* −16\.7 % /);
    assert.match(await textOf(tab, '#devices'), / measured busy 600 µs, 50\.0 % /);
    // A row more for each device.
    const height = (page) => page.evaluate("document.getElementById('schedule').clientHeight");
    const plain = await open(medium);
    assert.equal(await height(tab) - await height(plain), 3 * 22);
    await plain.close();
  });
});

test('light, dark, and on paper', () => visit(medium, async (tab) => {
  const background = () => tab.evaluate('getComputedStyle(document.body).backgroundColor');
  const dark = await background(), drawn = await picture(tab, 'graph');
  assert.equal(dark, 'rgb(14, 17, 22)');
  const { data } = await tab.send('Page.printToPDF', { printBackground: true });
  assert.ok(data.length > 20000);
  assert.equal(await picture(tab, 'graph'), drawn, 'printing leaves the page as it was');
  await tab.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: 'light' }] });
  await tab.frames();
  assert.equal(await background(), 'rgb(244, 245, 248)');
  assert.notEqual(await picture(tab, 'graph'), drawn);
}, { dark: true }));

test('fits on a narrow screen', () => visit(medium, async (tab) => {
  assert.ok(await tab.evaluate('document.documentElement.scrollWidth <= window.innerWidth'));
}, { width: 390, height: 800 }));
