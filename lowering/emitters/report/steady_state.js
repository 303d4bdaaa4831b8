// A steady stream as it repeats: each device runs its parts of one cycle back to back, on different inferences, and what is
// left of the cycle it is idle. Where placements take turns, a cycle is as many inferences as all their shares together.

const CYCLES = 3;  // of a cycle of one inference, so many are shown

// In which order lanes take their turns: as evenly as their shares let them.
function turnsOf(lanes) {
  const cycle = lanes.reduce((sum, { share }) => sum + share, 0), turns = [];
  for (const [lane, { share }] of lanes.entries()) {
    for (let i = 0; i < share; ++i) turns.push({ lane, at: ((i + 0.5) * cycle) / share });
  }
  return turns.sort((a, b) => a.at - b.at || a.lane - b.lane).map(({ lane }) => lane);
}

// Which inference each part works at, counted back from the newest: a part starts once what it reads is there.
function lagsOf(lane, offset, cycleUs) {
  const lag = lane.parts.map(() => 0), order = lane.parts.map((_, part) => part);
  order.sort((a, b) => lane.parts[a].start_us - lane.parts[b].start_us || a - b);
  for (const part of order) {
    for (const cut of lane.cuts) {
      if (!cut.to.includes(part)) continue;
      const before = lane.parts[cut.from];
      const ready = offset[cut.from] + (before.end_us - before.start_us) + lag[cut.from] * cycleUs;
      lag[part] = Math.max(lag[part], Math.ceil((ready - offset[part]) / cycleUs - 1e-9));
    }
  }
  return lag;
}

/**
 * Bars of whole cycles: {cycleUs, inferences of a cycle, shownUs, devices: bars of each, channels: bars of each}; a bar has
 * {start, end, text, device, item}. Linear in the bars and in cuts times parts.
 */
function steadyState(plan) {
  const { summary } = plan, { laneData: lanes } = plan;
  const turns = turnsOf(lanes), cycleUs = turns.length * summary.value_us;
  const devices = plan.devices.map(() => []), channels = plan.channels.map(() => []);
  const nextOn = plan.devices.map(() => 0), nextOver = plan.channels.map(() => 0);
  const depth = [];
  turns.forEach((which, turn) => {
    const lane = lanes[which], offset = [];
    const named = lanes.length > 1 ? `, lane ${which}` : '', own = which === plan.lane;
    const order = lane.parts.map((_, part) => part).sort((a, b) => lane.parts[a].start_us - lane.parts[b].start_us || a - b);
    for (const part of order) {
      const { device, start_us: start, end_us: end } = lane.parts[part];
      offset[part] = nextOn[device];
      nextOn[device] += end - start;
    }
    const lag = lagsOf(lane, offset, cycleUs);
    depth.push(...lag);
    for (const part of order) {
      const { device, start_us: start, end_us: end, id } = lane.parts[part], label = id ?? `part ${part}`;
      if (!(end > start)) continue;
      const back = lag[part] === 0 ? 'the newest inference' : `the inference ${count(lag[part] * turns.length, 'inference')} before the newest`;
      const text = `${label} on ${plan.devices[device].name}${named}\n${time(end - start)} of every ${time(cycleUs)}\nworks at ${back}`;
      devices[device].push({
        start: offset[part], end: offset[part] + end - start, device, turn, short: label, text: lanes.length > 1 ? `${label} · lane ${which}` : label,
        item: own ? { kind: 'part', index: part, tip: text } : { kind: 'text', text },
      });
    }
    lane.transfers.forEach((transfer, index) => {
      const { channels: over, start_us: start, end_us: end, tensor } = transfer;
      if (over.length === 0 || !(end > start)) return;
      const from = over.reduce((latest, channel) => Math.max(latest, nextOver[channel]), 0);
      for (const channel of over) {
        nextOver[channel] = from + end - start;
        channels[channel].push({
          start: from, end: from + end - start, device: -1, turn, text: tensor,
          item: own ? { kind: 'transfer', index } : { kind: 'text', text: `${tensor}${named}\n${time(end - start)}` },
        });
      }
    });
  });
  // A cycle of one inference is short: the same again.
  const repeats = turns.length === 1 ? CYCLES : 1;
  const again = (bars) => Array.from({ length: repeats }, (_, k) => bars.map((bar) =>
    ({ ...bar, start: bar.start + k * cycleUs, end: bar.end + k * cycleUs, turn: bar.turn + k }))).flat();
  return {
    cycleUs, inferences: turns.length, shownUs: repeats * cycleUs, depth: 1 + depth.reduce((most, one) => Math.max(most, one), 0),
    devices: devices.map(again), channels: channels.map(again),
  };
}
