// The measured schedule in the form of the predicted one (schedule.trace.json), to be opened beside it.
//
// Each device is a process with a row for parts; reading inputs and writing outputs show inside a part's slice. Arrows go
// from the part that makes a tensor to those that take it.

const PARTS_ROW = 1;

/** The text of a Chrome trace of `samples` (of a Conductor) of `manifest`. Times are microseconds from the first one's entry. */
export function measuredTrace(manifest, flow, samples) {
  const pid = new Map(manifest.devices.map((device, index) => [device.id, index + 1]));
  const events = [];
  const name = (what, process, row, text) => events.push({ ph: 'M', name: what, pid: process, tid: row, args: { name: text } });
  for (const device of manifest.devices) {
    name('process_name', pid.get(device.id), 0, device.id);
    name('thread_name', pid.get(device.id), PARTS_ROW, 'parts');
  }
  const origin = Math.min(...samples.map((sample) => sample.begin));
  const round = (time) => Math.round(time * 100) / 100;
  let arrow = 0;
  for (const sample of samples) {
    const startOf = new Map(), sentAt = new Map();
    for (const { part: index, times } of sample.runs) {
      const part = flow.parts[index], process = pid.get(part.device);
      const [start, read, computed, end] = times.map((time) => round(time - origin));
      startOf.set(index, start);
      // An arrow begins inside the slice that it belongs to.
      sentAt.set(index, computed < end ? computed : start);
      const slice = (title, category, from, to, args) => {
        if (to > from) events.push({ ph: 'X', name: title, cat: category, pid: process, tid: PARTS_ROW, ts: from, dur: round(to - from), args });
      };
      slice(part.id, 'part', start, end, { file: part.file, sample: sample.index, ...(flow.lanes.length > 1 && { lane: sample.lane }) });
      slice('read inputs', 'transfer', start, read, { tensors: part.inputs });
      slice('write outputs', 'transfer', computed, end, { tensors: part.outputs });
    }
    for (const tensor of flow.lanes[sample.lane].tensors.values()) {
      if (tensor.producer < 0 || !startOf.has(tensor.producer)) continue;
      const from = flow.parts[tensor.producer].device;
      for (const taker of tensor.takers) {
        const to = flow.parts[taker].device;
        if (to === from || !startOf.has(taker)) continue;
        const common = { name: 'transfer', cat: 'transfer', id: ++arrow, tid: PARTS_ROW };
        events.push({ ph: 's', ...common, pid: pid.get(from), ts: sentAt.get(tensor.producer) });
        events.push({ ph: 'f', ...common, pid: pid.get(to), ts: startOf.get(taker), bp: 'e' });
      }
    }
  }
  return `{\n"displayTimeUnit": "ns",\n"traceEvents": [\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]\n}\n`;
}
