// The schedule: time to the right; each device has a row for parts and one for operators, and one for what was measured
// if there is that; each channel in use has a row for transfers.

const GUTTER = 150, AXIS = 26, ROW_HEIGHT = 22, GROUP_GAP = 8;

class ScheduleView extends ZoomCanvas {
  constructor(canvas, plan, measured, onPick) {
    super(canvas, onPick);
    [this.plan, this.measured, this.selection] = [plan, measured, null];
    this.rows = [];
    this.bottom = AXIS;
    plan.devices.forEach((device, index) => this.addDevice(device, index));
    this.addChannels();
    this.end = Math.max(this.firstEnd(), 1e-6);
    this.last = this.rows.reduce((end, { bars }) => Math.max(end, bars[bars.length - 1]?.end ?? 0), this.end);
    canvas.style.height = `${this.bottom + 4}px`;
    this.start();
  }

  // What fits into the first view: the plan, and the first measured sample unless that took very much longer.
  firstEnd() {
    const { summary, parts, transfers } = this.plan;
    let end = summary.objective === 'latency' ? summary.value_us : 0;
    for (const { end_us: at } of [...parts, ...transfers]) end = Math.max(end, at);
    const runs = this.measured?.runs ?? [], planned = end;
    for (const run of runs) if (run[1] === runs[0][1]) end = Math.max(end, run[5]);
    return Math.min(end, 4 * planned);
  }

  addRow(title, subtitle, bars, first) {
    if (first) this.bottom += GROUP_GAP;
    bars.sort((a, b) => a.start - b.start);
    this.rows.push({ title, subtitle, bars, top: this.bottom, first });
    this.bottom += ROW_HEIGHT;
  }

  addDevice(device, index) {
    const { plan } = this, { nodes } = plan;
    const parts = [], operators = [];
    plan.parts.forEach((part, i) => {
      if (part.device !== index) return;
      const item = { kind: 'part', index: i };
      parts.push({ item, start: part.start_us, end: part.end_us, text: part.label, device: index });
    });
    for (const members of plan.kernels) {
      const [node] = members;
      // Not those that take no time.
      if (plan.deviceOf[node] !== index || !(nodes.end_us[node] > nodes.start_us[node])) continue;
      operators.push({
        item: { kind: 'node', index: node }, start: nodes.start_us[node], end: nodes.end_us[node],
        text: members.map((member) => plan.ops[nodes.op[member]]).join('+'), device: index, light: true,
      });
    }
    this.addRow(device.name, 'parts', parts, true);
    if (operators.length > 0) this.addRow(device.name, 'operators', operators, false);
    if (this.measured === null) return;
    const bars = [];
    for (const [part, sample, start, read, computed, end] of this.measured.runs) {
      const known = plan.partNamed.get(this.measured.parts[part].id);
      if (known === undefined || plan.parts[known].device !== index) continue;
      bars.push({
        item: { kind: 'run', index: known, sample, times: [start, read, computed, end] },
        start, end, read, computed, text: plan.parts[known].label, device: index,
      });
    }
    this.addRow(device.name, 'measured', bars, false);
  }

  addChannels() {
    const { plan } = this, busy = plan.channels.map(() => []);
    plan.transfers.forEach(({ tensor, channels, start_us: start, end_us: end }, index) => {
      for (const channel of channels) {
        busy[channel].push({ item: { kind: 'transfer', index }, start, end, text: tensor, device: -1 });
      }
    });
    let first = true;
    busy.forEach((bars, channel) => {
      if (bars.length === 0) return;
      this.addRow(plan.channels[channel], '', bars, first);
      first = false;
    });
  }

  fit() {
    [this.from, this.to] = [0, this.end * 1.02];
    this.fitted = true;
  }

  get perUs() {
    return (this.width - GUTTER - 12) / (this.to - this.from);
  }

  at(us) {
    return GUTTER + (us - this.from) * this.perUs;
  }

  pan(dx) {
    const least = -this.from - 0.5 * (this.to - this.from);
    const shift = Math.min(Math.max(-dx / this.perUs, least), this.last - this.from);
    this.from += shift;
    this.to += shift;
    this.fitted = false;
  }

  zoom(factor, x) {
    const span = Math.min(Math.max((this.to - this.from) / factor, this.end * 1e-6), this.last * 2);
    const share = Math.min(1, Math.max(0, (x - GUTTER) / (this.width - GUTTER - 12)));
    const still = this.from + share * (this.to - this.from);
    this.from = still - share * span;
    this.to = this.from + span;
    this.fitted = false;
  }

  /** Brings a node's time into view, if it has one. */
  centre(node) {
    const { start_us: start, end_us: end } = this.plan.nodes;
    if (start.length === 0 || (this.at(start[node]) >= GUTTER && this.at(end[node]) <= this.width)) return;
    this.pan(this.width / 2 - this.at((start[node] + end[node]) / 2));
  }

  hit(x, y) {
    if (x < GUTTER) return null;
    const row = this.rows.find(({ top }) => y >= top && y < top + ROW_HEIGHT);
    if (row === undefined) return null;
    const us = this.from + (x - GUTTER) / this.perUs, slack = 2 / this.perUs;
    let low = 0, high = row.bars.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (row.bars[middle].start <= us + slack) low = middle + 1; else high = middle;
    }
    for (let i = low - 1; i >= 0 && i >= low - 4; --i) if (row.bars[i].end >= us - slack) return row.bars[i].item;
    return null;
  }

  tipOf(item) {
    return describe(this.plan, item);
  }

  paint(draw) {
    this.paintAxis(draw);
    draw.save();
    draw.beginPath();
    draw.rect(GUTTER, 0, this.width - GUTTER, this.height);
    draw.clip();
    for (const row of this.rows) this.paintRow(draw, row);
    this.paintMarks(draw);
    draw.restore();
    this.paintTitles(draw);
  }

  paintAxis(draw) {
    const span = this.to - this.from, about = span / Math.max(2, (this.width - GUTTER) / 110);
    const power = 10 ** Math.floor(Math.log10(about));
    const step = [1, 2, 5, 10].map((k) => k * power).find((one) => one >= about);
    const [scale, unit] = step >= 1e5 ? [1e6, 's'] : step >= 100 ? [1000, 'ms'] : [1, 'µs'];
    const digits = Math.max(0, -Math.floor(Math.log10(step / scale) + 1e-9));
    draw.font = `11px ${FONT}`;
    draw.textBaseline = 'middle';
    draw.textAlign = 'center';
    draw.lineWidth = 1;
    for (let k = Math.ceil(this.from / step); k * step <= this.to; ++k) {
      const x = this.at(k * step);
      if (x < GUTTER - 1) continue;
      draw.strokeStyle = this.colours.faint;
      draw.beginPath();
      draw.moveTo(x, AXIS - 4);
      draw.lineTo(x, this.bottom);
      draw.stroke();
      draw.fillStyle = this.colours.muted;
      draw.fillText(`${((k * step) / scale).toFixed(digits)} ${unit}`, Math.max(x, GUTTER + 16), AXIS / 2);
    }
  }

  isChosen(item) {
    if (this.selection === null) return false;
    const { kind, index } = this.selection;
    if (item.kind === 'node') return kind === 'node' && this.plan.kernelOf[index][0] === item.index;
    if (item.kind === 'run') return kind === 'part' && index === item.index;
    return kind === item.kind && index === item.index;
  }

  paintRow(draw, row) {
    const top = row.top + 2, height = ROW_HEIGHT - 4;
    let drawnTo = -1;
    for (const bar of row.bars) {
      const left = this.at(bar.start), right = this.at(bar.end);
      if (right < GUTTER || left > this.width || right < drawnTo + 0.4) continue;
      const width = Math.max(right - left - (right - left > 4 ? 1 : 0), 1);
      drawnTo = left + width;
      draw.fillStyle = bar.device < 0 ? this.colours.cut : paintOf(bar.device);
      draw.globalAlpha = bar.light || bar.read !== undefined ? 0.5 : 1;
      draw.beginPath();
      draw.roundRect(left, top, width, height, Math.min(3, width / 3));
      draw.fill();
      if (bar.read !== undefined) {
        draw.globalAlpha = 1;
        draw.fillRect(this.at(bar.read), top, Math.max(this.at(bar.computed) - this.at(bar.read), 0.5), height);
      }
      draw.globalAlpha = 1;
      if (this.isChosen(bar.item)) {
        draw.strokeStyle = this.colours.select;
        draw.lineWidth = 2;
        draw.strokeRect(left, top, width, height);
      }
      const visible = Math.min(right, this.width) - Math.max(left, GUTTER);
      if (visible < 20) continue;
      draw.font = `${bar.light ? '' : '600 '}11px ${FONT}`;
      draw.fillStyle = bar.light ? this.colours.text : bar.device < 0 ? '#ffffff' : hueOf(bar.device).ink;
      draw.textAlign = 'left';
      draw.textBaseline = 'middle';
      draw.fillText(fitText(draw, bar.text, visible - 6), Math.max(left, GUTTER) + 4, top + height / 2 + 0.5);
    }
  }

  // Of a latency: what is predicted, what no placement can beat, and what was measured.
  paintMarks(draw) {
    const { summary } = this.plan;
    if (summary.objective !== 'latency') return;
    const mark = (us, text, wish) => {
      const x = this.at(us), side = x > this.width - 80 ? 'right' : wish;
      draw.setLineDash([4, 3]);
      draw.strokeStyle = this.colours.muted;
      draw.lineWidth = 1;
      draw.beginPath();
      draw.moveTo(x, AXIS - 2);
      draw.lineTo(x, this.bottom);
      draw.stroke();
      draw.setLineDash([]);
      draw.font = `600 11px ${FONT}`;
      draw.textAlign = side;
      draw.textBaseline = 'middle';
      draw.fillStyle = this.colours.panel;
      const width = draw.measureText(text).width + 8;
      draw.fillRect(side === 'right' ? x - width - 2 : x + 2, 2, width, AXIS - 6);
      draw.fillStyle = this.colours.text;
      draw.fillText(text, side === 'right' ? x - 6 : x + 6, AXIS / 2);
    };
    const { lower_bound_us: bound } = summary;
    if (bound > 0 && bound < 0.97 * summary.value_us) mark(bound, 'lower bound', 'right');
    mark(summary.value_us, 'predicted', 'right');
    if (this.measured?.mode === 'latency') mark(this.measured.measured_us, 'measured', 'left');
  }

  paintTitles(draw) {
    draw.textBaseline = 'middle';
    for (const { title, subtitle, top, first } of this.rows) {
      const middle = top + ROW_HEIGHT / 2;
      draw.fillStyle = this.colours.text;
      draw.font = `600 12px ${FONT}`;
      draw.textAlign = 'left';
      const room = subtitle === '' ? GUTTER - 14 : GUTTER - 74;
      if (first || subtitle === '') draw.fillText(fitText(draw, title, room), 0, middle);
      draw.fillStyle = this.colours.muted;
      draw.font = `11px ${FONT}`;
      draw.textAlign = 'right';
      draw.fillText(subtitle, GUTTER - 10, middle);
      if (!first) continue;
      draw.strokeStyle = this.colours.line;
      draw.lineWidth = 1;
      draw.beginPath();
      draw.moveTo(0, top - GROUP_GAP / 2);
      draw.lineTo(this.width, top - GROUP_GAP / 2);
      draw.stroke();
    }
  }
}
