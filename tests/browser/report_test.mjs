// The report page in Chromium: it opens quickly and alone, and shows what it should.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Chromium, Tab } from './chromium.mjs';
import { branchingModel, decoderModel, reportOf } from './models.mjs';
import { writeMeasured } from './python_package.mjs';
import { makeScratch } from './scratch.mjs';

const scratch = makeScratch('browser');
const browser = new Chromium(process.env.CHROMIUM ?? 'chromium');
after(() => browser.close());

// Three devices, and rules that make them share the work.
const PINS = ['--pin=block[0-9]*[05]/.*=gpu0', '--pin=block[0-9]*[27]/.*=gpu1', '--pin=block[0-9]*9/.*=cpu0'];
const medium = reportOf(scratch, 'medium', branchingModel(2000), ...PINS);

const stream = reportOf(scratch, 'eight', branchingModel(300), '--target=homogeneous-8gpu', '--objective=throughput', '--replicas=no', '--work=20000',
  ...Array.from({ length: 8 }, (_, i) => `--pin=block${i}/.*=gpu${i}`));

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

/** The bars of the schedule's rows: [{title, subtitle, bars: [[start, end], ...]}]. */
const scheduleRows = (tab) => tab.evaluate(`page.schedule.rows.map(({ title, subtitle, bars }) => ({ title, subtitle, bars: bars.map(({ start, end }) => [start, end]) }))`);

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
  // The search has brought the node into the graph's sight.
  await middleOf(tab, '#graph');
  const { x, y } = await tab.evaluate(`(() => {
    const { graph, plan } = page, canvas = graph.canvas.getBoundingClientRect();
    const box = graph.shownAs(plan.nodes.name.indexOf('block39/node987'));
    return { x: canvas.left + graph.left + (box.x + box.width / 2) * graph.scale, y: canvas.top + graph.top + (box.y + box.height / 2) * graph.scale };
  })()`);
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
    assert.match(await textOf(tab, '#schedule-note'), /^The stream as it repeats: \d+ inferences every /);
    // All lanes' parts are in the steady stream.
    assert.ok((await scheduleRows(tab)).slice(0, 3).every(({ bars }) => bars.length > 0));
    await tab.evaluate("[...document.querySelectorAll('.choice button')].find(({ textContent }) => textContent === 'One inference').click()");
    assert.match(await textOf(tab, '#schedule-note'), /^One inference on lane 1 by itself, /);
  });
  await visit(medium, async (tab) => assert.equal(await tab.evaluate("document.getElementById('lane').hidden"), true));
});

test('a stream is compared with whole copies, too', async () => {
  await visit(reportOf(scratch, 'stream', branchingModel(20), '--objective=throughput'), async (tab) => {
    assert.match(await textOf(tab, '#cards'), / Best single device [\d.]+ \S+ alone on \S+, [\d.]+× the plan's time splitting (pays|does not pay) Whole copies in turn [\d.]+ \S+ [\d.]+× the plan's time Lower bound /);
  });
  await visit(reportOf(scratch, 'ruled', branchingModel(20), '--objective=throughput', '--forbid=.*1=cpu0'), async (tab) => {
    assert.match(await textOf(tab, '#cards'), / Best single device .*× the plan's time, under your rules splitting .* Whole copies .*× the plan's time, under your rules Lower bound /);
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
    await tab.wheel(x, y, -300, true);
    await differs('Ctrl and the wheel');
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

test('what was measured of a stream stands in its steady state', () => {
  const folder = path.join(scratch, 'measured-stream'), file = path.join(folder, 'model.report.html');
  fs.mkdirSync(folder);
  fs.copyFileSync(stream, file);
  const { parts, predicted } = JSON.parse(fs.readFileSync(path.join(path.dirname(stream), 'manifest.json'), 'utf8'));
  const runs = [0, 1, 2].flatMap((sample) => parts.map(({ start_us: start, end_us: end }, i) => {
    const from = start + 1.1 * predicted.value_us * sample;
    return [i, sample, from, from, from + end - start, from + end - start];
  }));
  writeMeasured(file, {
    schema: 'allot.measured/1', mode: 'pipeline', level: 'all', samples: 3, measured_us: 1.1 * predicted.value_us, predicted_us: predicted.value_us, error: -0.09,
    devices: [], parts: parts.map(({ id, start_us: start, end_us: end }) => ({ id, measured_us: end - start, read_us: 0, compute_us: end - start, write_us: 0 })), runs,
  });
  return visit(file, async (tab) => {
    assert.match(await textOf(tab, '#schedule-note'), /^The stream as it repeats: .* gaps are idle\. Measured: 3 samples, pipeline, /);
    const rows = await scheduleRows(tab), devices = await tab.evaluate('page.plan.devices.length');
    assert.equal(rows.filter(({ subtitle }) => subtitle === 'measured').length, devices);
    assert.equal(rows.filter(({ subtitle }) => subtitle === 'measured').reduce((sum, { bars }) => sum + bars.length, 0), runs.length);
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

test('the wheel scrolls the page, over a view as well', () => visit(medium, async (tab) => {
  for (const canvas of ['schedule', 'graph']) {
    const { x, y } = await middleOf(tab, `#${canvas}`);
    await tab.evaluate('scrollTo(0, 200)');
    const before = await picture(tab, canvas);
    await tab.wheel(x, Math.min(y, 500), 120);
    await tab.until('scrollY > 200');
    assert.equal(await picture(tab, canvas), before);
  }
}));

test('a steady stream shows how busy devices are', () => visit(stream, async (tab) => {
  const plan = await tab.evaluate('({ value: page.plan.summary.value_us, devices: page.plan.devices })');
  const rows = await scheduleRows(tab), span = 3 * plan.value;
  for (const { name, busy_us: busy } of plan.devices) {
    const row = rows.find(({ title }) => title === name);
    const drawn = row.bars.reduce((sum, [start, end]) => sum + end - start, 0);
    assert.ok(Math.abs(drawn / span - busy / plan.value) < 1e-3, `${name}: ${drawn} of ${span}, busy ${busy} of ${plan.value}`);
    for (let i = 1; i < row.bars.length; ++i) assert.ok(row.bars[i][0] >= row.bars[i - 1][1] - 1e-6, `${name}: bars one after the other`);
    // Less the rounding to whole nanoseconds.
    assert.equal(parseFloat(row.subtitle).toFixed(1), ((100 * busy) / plan.value).toFixed(1));
  }
  assert.match(await textOf(tab, '#schedule-note'), /^The stream as it repeats: 1 inference every [\d.]+ \S+, \d+ on their way at once; /);
  await tab.evaluate("[...document.querySelectorAll('.choice button')].find(({ textContent }) => textContent === 'One inference').click()");
  assert.match(await textOf(tab, '#schedule-note'), /^One inference by itself, as predicted; /);
  assert.deepEqual((await scheduleRows(tab)).slice(0, 2).map(({ subtitle }) => subtitle), ['parts', 'operators']);
}));

test('channels beyond a dozen are folded', () => visit(stream, async (tab) => {
  const channels = async () => (await scheduleRows(tab)).filter(({ title }) => title.includes('->')).length;
  assert.equal(await channels(), 12);
  const button = "[...document.querySelectorAll('.tools button')].find(({ textContent }) => / channels$/.test(textContent))";
  const all = Number(/^All (\d+) channels$/.exec(await tab.evaluate(`${button}.textContent`))[1]);
  await tab.evaluate(`${button}.click()`);
  assert.equal(await channels(), all);
  assert.ok(all > 12);
  await tab.evaluate(`${button}.click()`);
  assert.equal(await channels(), 12);
}));

const decoder = reportOf(scratch, 'decoder', decoderModel(31), '--pin=.*layers.[0-9]/.*=cpu0', '--pin=.*layers.1[0-9]/.*=gpu0', '--pin=.*layers.2[0-9]/.*=gpu1');

/** Boxes that overlap and are not one within the other: there are none in a good layout. */
const overlaps = (tab) => tab.evaluate(`(() => {
  const { boxes } = page.graph.layout, within = (a, b) => { for (let up = a.group.parent; up; up = up.parent) if (up === b.group) return true; return false; };
  const found = [];
  boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => {
    if (within(a, b) || within(b, a)) return;
    if (a.x < b.x + b.width - 0.01 && b.x < a.x + a.width - 0.01 && a.y < b.y + b.height - 0.01 && b.y < a.y + a.height - 0.01) found.push([a.group.label, b.group.label]);
  }));
  for (const box of boxes) {
    const parent = page.graph.boxOf.get(box.group.parent);
    if (parent && (box.x < parent.x || box.y < parent.y || box.x + box.width > parent.x + parent.width + 0.01 || box.y + box.height > parent.y + parent.height + 0.01)) found.push(['outside', box.group.label]);
  }
  return found;
})()`);

test('a decoder of 3,199 nodes opens by its scopes', (t) => visit(decoder, async (tab) => {
  const worked = await tab.workedMs();
  t.diagnostic(`drawn with ${worked.toFixed(0)} ms of work`);
  assert.ok(worked < 1000, `${worked}`);
  assert.match(await textOf(tab, '#about'), /^3,199 nodes /);
  const shown = () => tab.evaluate("page.graph.layout.boxes.map(({ group }) => group.label)");
  const first = await shown();
  assert.ok(first.length < 200 && first.includes('layers.0') && first.includes('layers.30'), first.join());
  assert.deepEqual(await overlaps(tab), []);
  // One bundle for each pair of parts.
  const bundles = await tab.evaluate("page.graph.layout.edges.filter(({ from }) => from.kind === 'part').map(({ from, to }) => from.label + ' ' + to.label)");
  assert.equal(new Set(bundles).size, bundles.length);
  // A double click opens a scope, and its sign closes it.
  const place = (label, right) => tab.evaluate(`(() => {
    const canvas = document.getElementById('graph').getBoundingClientRect(), { graph } = page;
    const box = graph.layout.boxes.find(({ group }) => group.label === '${label}');
    return { x: canvas.left + graph.left + (box.x + ${right ? 'box.width - 12' : '30'}) * graph.scale, y: canvas.top + graph.top + (box.y + 12) * graph.scale };
  })()`);
  await middleOf(tab, '#graph');
  const { x, y } = await place('layers.3', false);
  await tab.click(x, y);
  assert.match(await textOf(tab, '#details'), /^layers\.3 103 nodes of a scope /);
  await tab.mouse('mousePressed', x, y, { button: 'left', buttons: 1, clickCount: 2 });
  await tab.mouse('mouseReleased', x, y, { button: 'left', clickCount: 2 });
  await tab.frames();
  assert.ok((await shown()).includes('self_attn'));
  assert.deepEqual(await overlaps(tab), []);
  const sign = await place('layers.3', true);
  await tab.click(sign.x, sign.y);
  assert.deepEqual(await shown(), first);
  // What a search chooses is opened.
  await find(tab, 'layers.7/self_attn/heads.4/softmax');
  await tab.press('Enter');
  assert.ok((await shown()).includes('/model/layers.7/self_attn/heads.4/Softmax'));
  for (let i = 0; i < 3; ++i) await tab.evaluate("[...document.querySelectorAll('.tools button')].find(({ textContent }) => textContent === 'Open more').click()");
  assert.deepEqual(await overlaps(tab), []);
}));

test('names without scopes are shown in runs', () => visit(reportOf(scratch, 'flat', branchingModel(900, (node) => `n${node}`)), async (tab) => {
  const boxes = await tab.evaluate('page.graph.layout.boxes.length');
  assert.ok(boxes > 10 && boxes < 200, `${boxes}`);
  assert.deepEqual(await overlaps(tab), []);
}));

test('labels are drawn beside each other', () => visit(stream, async (tab) => {
  const boxes = await tab.evaluate(`(() => {
    const { graph } = page, texts = [], draw = graph.draw, fill = draw.fillText.bind(draw);
    draw.fillText = (text, x, y) => {
      const size = parseFloat(/([\\d.]+)px/.exec(draw.font)[1]), { width } = draw.measureText(text), at = draw.getTransform();
      const left = draw.textAlign === 'center' ? x - width / 2 : x;
      texts.push({ text, x: at.a * left + at.e, y: at.d * (y - size / 2.6) + at.f, width: at.a * width, height: at.d * size / 1.3 });
      fill(text, x, y);
    };
    for (const open of [graph.open, new Set()]) { graph.lay(open); graph.fit(); graph.paintNow(); texts.push(null); }
    delete draw.fillText;
    return texts;
  })()`);
  for (let from = 0; from < boxes.length; from = boxes.indexOf(null, from) + 1) {
    const some = boxes.slice(from, boxes.indexOf(null, from));
    assert.ok(some.length > 8);
    some.forEach((a, i) => some.slice(i + 1).forEach((b) => assert.ok(
      a.x >= b.x + b.width || b.x >= a.x + a.width || a.y >= b.y + b.height || b.y >= a.y + a.height, `${a.text} and ${b.text}`)));
  }
}));

const training = reportOf(scratch, 'training', decoderModel(6), '--workload=training', '--microbatches=4');

test('a plan that trains shows its iteration and its stages', () => visit(training, async (tab) => {
  assert.match(await textOf(tab, '#about'), /, one iteration of training$/);
  assert.match(await textOf(tab, '#cards'), /Predicted iteration .* 4 microbatches, adam Period .* Bubbles .* Lower bound/);
  const { stages, steps } = await tab.evaluate('(({ stages, steps }) => ({ stages: stages.length, steps }))(readBlock("plan").training)');
  // A bar for each pass and update, within the drawing, in a row for each stage.
  const bars = await tab.evaluate(`[...document.querySelectorAll('#training rect')].map((bar) => ['x', 'y', 'width'].map((name) => Number(bar.getAttribute(name))))`);
  assert.equal(bars.length, steps.filter(([kind]) => kind !== 'activation' && kind !== 'gradient').length);
  assert.equal(new Set(bars.map(([, y]) => y)).size, stages);
  assert.ok(bars.every(([x, , width]) => x >= 0 && x + width <= 1200.5));
  assert.equal(await tab.evaluate("document.querySelectorAll('#training tbody tr').length"), stages);
  assert.match(await textOf(tab, '#schedule-note'), /first microbatch on its way forward/);
}));

test('a plan of inferences shows no training', () => visit(medium, async (tab) => {
  assert.equal(await tab.evaluate("document.getElementById('training').hidden"), true);
}));

const PHONE = { width: 390, height: 800, mobile: true };

for (const [name, file] of [['medium', medium], ['stream', stream], ['decoder', decoder], ['training', training]]) {
  test(`nothing of ${name} is off a narrow screen`, () => visit(file, async (tab) => {
    assert.deepEqual(await tab.evaluate(`[...document.querySelectorAll('body *')].filter((one) => {
      const { left, right, width } = one.getBoundingClientRect();
      return width > 0 && (left < -0.5 || right > innerWidth + 0.5) && one.closest('.scroll') === null;
    }).map((one) => one.outerHTML.slice(0, 80))`), []);
    assert.ok(await tab.evaluate('document.documentElement.scrollWidth <= innerWidth'));
  }, PHONE));
}

test('one finger scrolls the page, two move and zoom a view', () => visit(decoder, async (tab) => {
  for (const canvas of ['schedule', 'graph']) {
    const { x, y } = await middleOf(tab, `#${canvas}`), before = await tab.evaluate('scrollY');
    const was = await picture(tab, canvas);
    await tab.touch(x, y, 0, -120);
    await tab.until(`scrollY > ${before} + 60`);
    assert.ok(await picture(tab, canvas) === was, `${canvas} has moved`);
    const middle = await middleOf(tab, `#${canvas}`), scale = () => tab.evaluate(canvas === 'graph' ? 'page.graph.scale' : 'page.schedule.perUs');
    const small = await scale();
    await tab.touch(middle.x, middle.y, 0, 0, 60, 180);
    assert.ok(await scale() > 1.5 * small);
  }
}, PHONE));

const axe = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), 'node_modules/axe-core/axe.min.js');

for (const [name, options] of [['light', {}], ['dark', { dark: true }], ['a phone', PHONE]]) {
  test(`axe finds nothing: ${name}`, { skip: fs.existsSync(axe) ? false : 'axe-core is not installed' }, async () => {
    for (const file of [medium, stream, decoder, training]) {
      await visit(file, async (tab) => {
        await tab.evaluate(`${fs.readFileSync(axe, 'utf8')};0`);
        const findings = () => tab.evaluate("axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 100)}`))");
        assert.deepEqual(await findings(), []);
        await find(tab, 'e');
        assert.deepEqual(await findings(), []);
        await tab.press('Enter');
        assert.deepEqual(await findings(), []);
      }, options);
    }
  });
}
