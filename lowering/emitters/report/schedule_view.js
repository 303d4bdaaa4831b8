// The schedule: time to the right; each device has a row for parts and one for operators, and one for what was measured
// if there is that; each channel in use has a row for transfers. Of a stream, either one inference or its steady state.

const MOST_CHANNELS = 12;  // the busiest; the others are shown if asked for
const AXIS = 26, ROW_HEIGHT = 22, GROUP_GAP = 8;

class ScheduleView extends ZoomCanvas {
  constructor(canvas, plan, measured, onPick) {
    super(canvas, onPick);
    [this.plan, this.measured, this.selection] = [plan, measured, null];
    this.steady = plan.summary.objective === 'throughput' && plan.summary.value_us > 0 && !plan.training;
    this.allChannels = false;
    this.bar();
    this.build();
    this.start();
  }

  // The column of titles.
  get gutter() {
    return Math.min(150, Math.round(this.canvas.clientWidth * 0.3));
  }

  bar() {
    const tools = document.querySelector('.tools[data-for="schedule"]');
    const repaint = () => { this.build(); this.resize(); this.fit(); this.refresh(); };
    if (this.steady) {
      const choices = [['Steady state', true], ['One inference', false]].map(([text, steady]) => {
        const button = element('button', { type: 'button', ariaPressed: `${steady === this.steady}` }, text);
        button.addEventListener('click', () => {
          this.steady = steady;
          choices.forEach((other) => { other.ariaPressed = `${other === button}`; });
          repaint();
        });
        return button;
      });
      tools.append(element('span', { className: 'choice', role: 'group', ariaLabel: 'What the schedule shows' }, ...choices));
    }
    this.more = element('button', { type: 'button', hidden: true });
    this.more.addEventListener('click', () => { this.allChannels = !this.allChannels; repaint(); });
    tools.append(this.more);
  }

  // The rows, and what is said of them.
  build() {
    const { plan } = this;
    this.rows = [];
    this.bottom = AXIS;
    this.stream = this.steady ? steadyState(plan) : null;
    if (this.stream === null) {
      plan.devices.forEach((device, index) => this.addDevice(device, index));
      this.addChannels(this.transfers());
    } else {
      plan.devices.forEach((device, index) => {
        this.addRow(device.name, percent(device.busy_us / plan.summary.value_us), this.stream.devices[index], true);
        if (this.measured?.mode === 'pipeline') this.addMeasured(device, index);
      });
      this.addChannels(this.stream.channels);
    }
    // The first bars of a long cycle are enough to begin with.
    const longest = this.rows.reduce((most, { bars }) => bars.reduce((a, bar) => Math.max(a, bar.end - bar.start), most), 0);
    this.end = this.stream === null ? Math.max(this.firstEnd(), 1e-6) :
      Math.min(this.stream.shownUs, Math.max(8 * longest, 3 * plan.summary.value_us));
    this.last = this.rows.reduce((end, { bars }) => Math.max(end, bars[bars.length - 1]?.end ?? 0), this.stream?.shownUs ?? this.end);
    this.canvas.style.height = `${this.bottom + 4}px`;
    document.getElementById('schedule-note').textContent = this.note();
  }

  note() {
    const { plan, measured, stream } = this;
    if (stream !== null) {
      const { inferences, depth } = stream;
      const way = depth > 1 ? `, ${depth} on their way at once` : '';
      const text = `The stream as it repeats: ${count(inferences, 'inference')} every ${time(stream.cycleUs)}${way}; ` +
        'each bar is a part at work, gaps are idle';
      return measured?.mode === 'pipeline' ? `${text}. ${this.measuredNote()}` : text;
    }
    if (plan.training) return 'The first microbatch on its way forward, as predicted; the iteration is drawn above';
    const whose = plan.lanes.length > 1 ? ` on lane ${plan.lane}` : '';
    const text = plan.summary.objective === 'latency' ? 'One inference, as predicted' :
      `One inference${whose} by itself, as predicted; in the stream, devices work at others meanwhile`;
    return measured === null ? text : `${text}. ${this.measuredNote()}`;
  }

  measuredNote() {
    const samples = new Set(this.measured.runs.map((run) => run[1])).size;
    return `Measured: ${count(samples, 'sample')}, ${this.measured.mode}, after the first one began`;
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
    this.addMeasured(device, index);
  }

  addMeasured(device, index) {
    const { plan } = this, bars = [];
    if (this.measured === null) return;
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

  // Of one inference: the bars of each channel.
  transfers() {
    const { plan } = this, busy = plan.channels.map(() => []);
    plan.transfers.forEach(({ tensor, channels, start_us: start, end_us: end }, index) => {
      for (const channel of channels) {
        busy[channel].push({ item: { kind: 'transfer', index }, start, end, text: tensor, device: -1 });
      }
    });
    return busy;
  }

  addChannels(busy) {
    const load = busy.map((bars) => bars.reduce((sum, bar) => sum + bar.end - bar.start, 0));
    const used = busy.map((_, channel) => channel).filter((channel) => busy[channel].length > 0);
    const most = [...used].sort((a, b) => load[b] - load[a] || a - b).slice(0, MOST_CHANNELS);
    const folded = used.length > MOST_CHANNELS && !this.allChannels ? new Set(most) : null;
    let first = true;
    for (const channel of used) {
      if (folded !== null && !folded.has(channel)) continue;
      this.addRow(this.plan.channels[channel], '', busy[channel], first);
      first = false;
    }
    this.more.hidden = used.length <= MOST_CHANNELS;
    this.more.textContent = this.allChannels ? `${MOST_CHANNELS} busiest channels` : `All ${used.length} channels`;
  }

  fit() {
    [this.from, this.to] = [0, this.end * 1.02];
    this.fitted = true;
  }

  get perUs() {
    return (this.width - this.gutter - 12) / (this.to - this.from);
  }

  at(us) {
    return this.gutter + (us - this.from) * this.perUs;
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
    const share = Math.min(1, Math.max(0, (x - this.gutter) / (this.width - this.gutter - 12)));
    const still = this.from + share * (this.to - this.from);
    this.from = still - share * span;
    this.to = this.from + span;
    this.fitted = false;
  }

  /** Brings a node's time into view, if it has one. */
  centre({ kind, index: node }) {
    if (kind !== 'node' || this.steady) return;
    const { start_us: start, end_us: end } = this.plan.nodes;
    if (start.length === 0 || (this.at(start[node]) >= this.gutter && this.at(end[node]) <= this.width)) return;
    this.pan(this.width / 2 - this.at((start[node] + end[node]) / 2));
  }

  hit(x, y) {
    if (x < this.gutter) return null;
    const row = this.rows.find(({ top }) => y >= top && y < top + ROW_HEIGHT);
    if (row === undefined) return null;
    const us = this.from + (x - this.gutter) / this.perUs, slack = 2 / this.perUs;
    let low = 0, high = row.bars.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (row.bars[middle].start <= us + slack) low = middle + 1; else high = middle;
    }
    for (let i = low - 1; i >= 0 && i >= low - 4; --i) if (row.bars[i].end >= us - slack) return row.bars[i].item;
    return null;
  }

  tipOf(item) {
    return item.tip ?? describe(this.plan, item);
  }

  paint(draw) {
    this.paintAxis(draw);
    draw.save();
    draw.beginPath();
    draw.rect(this.gutter, 0, this.width - this.gutter, this.height);
    draw.clip();
    for (const row of this.rows) this.paintRow(draw, row);
    this.paintMarks(draw);
    draw.restore();
    this.paintTitles(draw);
  }

  paintAxis(draw) {
    const span = this.to - this.from, about = span / Math.max(2, (this.width - this.gutter) / 110);
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
      if (x < this.gutter - 1) continue;
      draw.strokeStyle = this.colours.faint;
      draw.beginPath();
      draw.moveTo(x, AXIS - 4);
      draw.lineTo(x, this.bottom);
      draw.stroke();
      const text = `${((k * step) / scale).toFixed(digits)} ${unit}`, half = draw.measureText(text).width / 2;
      const hidden = this.marks().some((mark) => x + half > mark.left - 4 && x - half < mark.left + mark.width + 4);
      if (x + half > this.width || hidden) continue;
      draw.fillStyle = this.colours.muted;
      draw.fillText(text, Math.max(x, this.gutter + half), AXIS / 2);
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
      if (right < this.gutter || left > this.width || right < drawnTo + 0.4) continue;
      const width = Math.max(right - left - (right - left > 4 ? 1 : 0), 1);
      drawnTo = left + width;
      draw.fillStyle = bar.device < 0 ? this.colours.cut : paintOf(bar.device);
      // In a stream, successive inferences in two shades.
      draw.globalAlpha = bar.light || bar.read !== undefined ? 0.5 : bar.turn % 2 === 1 ? 0.78 : 1;
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
      const visible = Math.min(right, this.width) - Math.max(left, this.gutter);
      if (visible < 20) continue;
      draw.font = `${bar.light ? '' : '600 '}11px ${FONT}`;
      draw.fillStyle = bar.light ? this.colours.text : bar.device < 0 ? '#ffffff' : hueOf(bar.device).ink;
      draw.textAlign = 'left';
      draw.textBaseline = 'middle';
      const wide = bar.short === undefined || draw.measureText(bar.text).width <= visible - 6;
      const text = fitText(draw, wide ? bar.text : bar.short, visible - 6), x = Math.max(left, this.gutter) + 4;
      if (bar.device >= 0 && isStriped(bar.device) && text !== '') {
        const ink = draw.fillStyle;
        draw.fillStyle = hueOf(bar.device).fill;
        if (!bar.light) draw.fillRect(x - 2, top + 2, draw.measureText(text).width + 4, height - 4);
        draw.fillStyle = ink;
      }
      draw.fillText(text, x, top + height / 2 + 0.5);
    }
  }

  // Of a latency: what is predicted, what no placement can beat, and what was measured; [{x, text, left, width}].
  marks() {
    const { summary } = this.plan, marks = [];
    if (summary.objective !== 'latency') return marks;
    this.draw.save();
    this.draw.font = `600 11px ${FONT}`;
    const mark = (us, text, wish) => {
      const x = this.at(us), side = x > this.width - 80 ? 'right' : wish, width = this.draw.measureText(text).width + 8;
      marks.push({ x, text, left: side === 'right' ? x - width - 2 : x + 2, width });
    };
    const { lower_bound_us: bound } = summary;
    if (bound > 0 && bound < 0.97 * summary.value_us) mark(bound, 'lower bound', 'right');
    mark(summary.value_us, 'predicted', 'right');
    if (this.measured?.mode === 'latency') mark(this.measured.measured_us, 'measured', 'left');
    this.draw.restore();
    return marks;
  }

  paintMarks(draw) {
    if (this.stream !== null) this.paintCycles(draw);
    for (const { x, text, left, width } of this.marks()) {
      draw.setLineDash([4, 3]);
      draw.strokeStyle = this.colours.muted;
      draw.lineWidth = 1;
      draw.beginPath();
      draw.moveTo(x, AXIS - 2);
      draw.lineTo(x, this.bottom);
      draw.stroke();
      draw.setLineDash([]);
      draw.font = `600 11px ${FONT}`;
      draw.textAlign = 'left';
      draw.textBaseline = 'middle';
      draw.fillStyle = this.colours.panel;
      draw.fillRect(left, 2, width, AXIS - 6);
      draw.fillStyle = this.colours.text;
      draw.fillText(text, left + 4, AXIS / 2);
    }
  }

  // Where a cycle ends and begins again.
  paintCycles(draw) {
    draw.setLineDash([4, 3]);
    draw.strokeStyle = this.colours.muted;
    draw.lineWidth = 1;
    for (let us = this.stream.cycleUs; us <= this.stream.shownUs + 1e-6; us += this.stream.cycleUs) {
      const x = this.at(us);
      draw.beginPath();
      draw.moveTo(x, AXIS - 4);
      draw.lineTo(x, this.bottom);
      draw.stroke();
    }
    draw.setLineDash([]);
  }

  paintTitles(draw) {
    draw.textBaseline = 'middle';
    for (const { title, subtitle, top, first } of this.rows) {
      const middle = top + ROW_HEIGHT / 2;
      draw.fillStyle = this.colours.text;
      draw.font = `600 12px ${FONT}`;
      draw.textAlign = 'left';
      const room = subtitle === '' ? this.gutter - 14 : this.gutter - (this.gutter < 130 ? 58 : 74);
      if (first || subtitle === '') draw.fillText(fitText(draw, title, room), 0, middle);
      draw.fillStyle = this.colours.muted;
      draw.font = `11px ${FONT}`;
      draw.textAlign = 'right';
      draw.fillText(subtitle, this.gutter - 10, middle);
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
