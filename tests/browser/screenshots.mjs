#!/usr/bin/env node
// Makes the pictures of docs/report.md: GoogLeNet on a CPU and two GPUs, a transformer on eight GPUs, a decoder of 3,000
// nodes, and that on a phone; and those of docs/view.md.
//   node tests/browser/screenshots.mjs build docs
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Chromium, Tab } from './chromium.mjs';
import { decoderModel } from './models.mjs';
import { startView } from './python_package.mjs';
import { makeScratch } from './scratch.mjs';

const [build, folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: screenshots.mjs BUILD_FOLDER OUTPUT_FOLDER\n');
  process.exit(1);
}
const scratch = makeScratch('screenshots');

function report(name, ...options) {
  const model = path.join(scratch, `${name}.onnx`), out = path.join(scratch, name);
  if (!fs.existsSync(model)) execFileSync(path.join(build, 'allot'), ['make-model', name, model]);
  execFileSync(path.join(build, 'allot'), [model, '--emit=report,plan,manifest', '--quiet', '-o', out, ...options]);
  return pathToFileURL(path.join(out, 'model.report.html')).href;
}

const browser = new Chromium(process.env.CHROMIUM ?? 'chromium');

/** Opens a page; `take(tab)` makes its pictures. */
async function visit(url, options, take) {
  const tab = await Tab.open(browser, options);
  await tab.go(url);
  await tab.until("performance.getEntriesByName('drawn').length === 1");
  await tab.frames();
  await take(tab);
  await tab.close();
}

const whole = (file) => (tab) => tab.screenshot(path.join(folder, file));

async function find(tab, name) {
  await tab.evaluate("document.getElementById('search').focus()");
  await tab.type(name);
  await tab.press('Enter');
  await tab.evaluate("(() => { const search = document.getElementById('search'); search.value = ''; search.dispatchEvent(new Event('input')); search.blur(); })()");
  await tab.frames();
}

try {
  await visit(report('googlenet', '--target=cpu-2gpu', '--objective=throughput'), { width: 1440, height: 1330 }, async (tab) => {
    await whole('report-overview.png')(tab);
    // A node that is somewhere for a reason worth reading: the first whose part begins with another device's tensor.
    await find(tab, 'inception_4c/3x3.relu');
    const clip = await tab.evaluate(`(() => {
      const from = document.querySelector('.split').getBoundingClientRect();
      return { x: from.left - 10, y: from.top - 10, width: from.width + 20, height: from.height + 20 };
    })()`);
    await tab.screenshot(path.join(folder, 'report-why.png'), clip);
  });
  await visit(report('transformer-encoder', '--target=homogeneous-8gpu', '--objective=throughput', '--replicas=no'), { width: 1440, height: 1560 },
    whole('report-eight-gpus.png'));

  fs.writeFileSync(path.join(scratch, 'decoder.onnx'), decoderModel(30));
  const decoder = report('decoder', '--target=cpu-2gpu', '--work=200000', '--pin=.*layers.[0-9]/.*=cpu0', '--pin=.*layers.1[0-9]/.*=gpu0',
    '--pin=.*layers.2[0-9]/.*=gpu1');
  await visit(decoder, { width: 1440, height: 1240 }, async (tab) => {
    await find(tab, 'layers.12/mlp/up_proj/MatMul');
    await whole('report-decoder.png')(tab);
  });
  await visit(decoder, { width: 390, height: 1500, dark: true, mobile: true }, whole('report-phone.png'));

  const { child: view, address } = await startView([path.join(scratch, 'googlenet')], path.join(build, 'allot'), { cwd: scratch });
  try {
    let compare;
    await visit(`${address}a/model.report.html`, { width: 1440, height: 1000 }, async (tab) => {
      await find(tab, 'inception_4c/3x3.relu');
      await tab.evaluate("(() => { document.getElementById('schedule').scrollIntoView(); document.querySelector('.view-move select').value = '1'; document.querySelector('.view-move button').click(); })()");
      await tab.until("document.querySelector('.view-result pre') !== null");
      await tab.frames();
      await whole('view-moved.png')(tab);
      compare = await tab.evaluate("document.querySelectorAll('.view-result a')[1].href");
    });
    const tab = await Tab.open(browser, { width: 1440, height: 1250 });
    await tab.go(compare);
    await tab.until("[...document.querySelectorAll('iframe')].filter(({ contentDocument: page }) => page?.querySelector('#details h2')).length === 2");
    await tab.evaluate('new Promise((done) => setTimeout(done, 1000))');
    await whole('view-compare.png')(tab);
  } finally {
    view.kill();
  }
} finally {
  await browser.close();
}
