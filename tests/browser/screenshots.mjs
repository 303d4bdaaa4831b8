#!/usr/bin/env node
// Makes the pictures of docs/report.md: GoogLeNet on a CPU and two GPUs, for throughput.
//   node tests/browser/screenshots.mjs build docs
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeScratch } from '../run/scratch.mjs';
import { Chromium, Tab } from './chromium.mjs';

const [build, folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: screenshots.mjs BUILD_FOLDER OUTPUT_FOLDER\n');
  process.exit(1);
}
const scratch = makeScratch('screenshots'), model = path.join(scratch, 'googlenet.onnx'), out = path.join(scratch, 'out');
execFileSync(path.join(build, 'make-model'), ['googlenet', model]);
execFileSync(path.join(build, 'allot'), [model, '--target=cpu-2gpu', '--objective=throughput', '--emit=report', '--quiet', '-o', out]);

const browser = new Chromium(process.env.CHROMIUM ?? 'chromium');
try {
  const tab = await Tab.open(browser, { width: 1440, height: 1330 });
  await tab.go(pathToFileURL(path.join(out, 'model.report.html')).href);
  await tab.until("performance.getEntriesByName('drawn').length === 1");
  await tab.screenshot(path.join(folder, 'report-overview.png'));

  // A node that is somewhere for a reason worth reading: the first whose part begins with another device's tensor.
  await tab.evaluate("document.getElementById('search').focus()");
  await tab.type('inception_4c/3x3.relu');
  await tab.press('Enter');
  await tab.evaluate("(() => { const search = document.getElementById('search'); search.value = ''; search.dispatchEvent(new Event('input')); search.blur(); })()");
  await tab.frames();
  const clip = await tab.evaluate(`(() => {
    const from = document.querySelector('.split').getBoundingClientRect();
    return { x: from.left - 10, y: from.top - 10, width: from.width + 20, height: from.height + 20 };
  })()`);
  await tab.screenshot(path.join(folder, 'report-why.png'), clip);
  await tab.close();
} finally {
  await browser.close();
}
