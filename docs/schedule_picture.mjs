#!/usr/bin/env node
// Draws a predicted schedule as an SVG: one row per device and per channel that is used.
// usage: node docs/schedule_picture.mjs OUT/schedule.trace.json "title" > picture.svg
import fs from 'node:fs';

const [file, title = ''] = process.argv.slice(2);
const { traceEvents } = JSON.parse(fs.readFileSync(file, 'utf8'));
const names = new Map();
for (const e of traceEvents) if (e.ph === 'M') names.set(`${e.name}/${e.pid}/${e.tid}`, e.args.name);
const rows = new Map();
let end = 0;
for (const e of traceEvents) {
  if (e.ph !== 'X' || e.cat === 'operator') continue;
  const label = e.cat === 'transfer' ? names.get(`thread_name/${e.pid}/${e.tid}`) : names.get(`process_name/${e.pid}/0`);
  if (!rows.has(label)) rows.set(label, { transfer: e.cat === 'transfer', order: e.pid * 1000 + e.tid, slices: [] });
  rows.get(label).slices.push(e);
  end = Math.max(end, e.ts + e.dur);
}
const left = 150, width = 980, plot = width - left - 20, height = 26, top = 44;
const colours = ['#2f6f9f', '#c8553d', '#4f8a4b', '#8a5a9f', '#b08a2e', '#3f8f8b', '#9f4f6f', '#5f6f2f'];
const escape = (s) => s.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
const x = (t) => (left + (t / end) * plot).toFixed(2);
const sorted = [...rows].sort((a, b) => a[1].order - b[1].order);
const bottom = top + sorted.length * (height + 6);
const out = [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 34}" font-family="sans-serif" font-size="12">`,
  `<rect width="100%" height="100%" fill="#ffffff"/>`, `<text x="${left}" y="24" font-size="15">${escape(title)}</text>`];
sorted.forEach(([label, row], i) => {
  const y = top + i * (height + 6), colour = row.transfer ? '#8a8a8a' : colours[i % colours.length];
  out.push(`<text x="${left - 8}" y="${y + 17}" text-anchor="end">${escape(label)}</text>`,
    `<rect x="${left}" y="${y}" width="${plot}" height="${height}" fill="#f2f2f2"/>`);
  for (const s of row.slices) {
    const w = Math.max(0.8, (s.dur / end) * plot).toFixed(2);
    out.push(`<rect x="${x(s.ts)}" y="${y + 1}" width="${w}" height="${height - 2}" fill="${colour}" stroke="#ffffff" stroke-width="0.6"><title>${escape(s.name)}: ${s.ts.toFixed(1)} to ${(s.ts + s.dur).toFixed(1)} us</title></rect>`);
    if (!row.transfer && w > 22) out.push(`<text x="${(Number(x(s.ts)) + w / 2).toFixed(2)}" y="${y + 17}" text-anchor="middle" fill="#ffffff" font-size="10">${escape(s.name)}</text>`);
  }
});
for (let k = 0; k <= 5; ++k) {
  const t = (end * k) / 5;
  out.push(`<line x1="${x(t)}" y1="${top - 6}" x2="${x(t)}" y2="${bottom}" stroke="#cccccc" stroke-width="0.6"/>`,
    `<text x="${x(t)}" y="${bottom + 16}" text-anchor="middle" fill="#555555">${(t / 1000).toFixed(2)} ms</text>`);
}
console.log([...out, '</svg>'].join('\n'));
