// Numbers as text, elements, and colours. Text from the model only ever becomes text nodes.

function time(us) {
  if (us === null || us === undefined) return '–';
  const size = Math.abs(us);
  const [scale, unit] = size >= 1e6 ? [1e6, 's'] : size >= 1000 ? [1000, 'ms'] : [1, 'µs'];
  const digits = size / scale >= 100 ? 1 : size / scale >= 10 ? 2 : 3;
  return `${Number((us / scale).toFixed(digits))} ${unit}`;
}

function bytes(count) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0, value = count;
  while (value >= 1024 && unit + 1 < units.length) { value /= 1024; ++unit; }
  return `${Number(value.toFixed(value >= 100 || unit === 0 ? 0 : 1))} ${units[unit]}`;
}

function amount(count, of) {
  const units = ['', 'k', 'M', 'G', 'T'];
  let unit = 0, value = count;
  while (value >= 1000 && unit + 1 < units.length) { value /= 1000; ++unit; }
  return `${Number(value.toFixed(value >= 100 || unit === 0 ? 0 : 1))} ${units[unit]}${of}`;
}

const percent = (share) => `${(100 * share).toFixed(Math.abs(share) < 0.1 ? 2 : 1)} %`;
const signed = (share) => (share > 0 ? '+' : share < 0 ? '−' : '±') + percent(Math.abs(share));
const count = (number, one, many = `${one}s`) => `${number.toLocaleString('en')} ${number === 1 ? one : many}`;

/** An element with properties (`on...`: listeners, `style`: an object) and children: elements or text. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'style') for (const [key, text] of Object.entries(value)) made.style.setProperty(key, text);
    else if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// Eight hues that stay apart for all common kinds of colour vision, in this order; the ninth device and those after it
// take them again with stripes. `ink` is the colour of text on them.
const HUES = [
  { fill: '#2f6fd6', ink: '#ffffff' }, { fill: '#f0932b', ink: '#201300' }, { fill: '#1c9a76', ink: '#ffffff' },
  { fill: '#a05fc9', ink: '#ffffff' }, { fill: '#e2c11d', ink: '#231c00' }, { fill: '#d3455b', ink: '#ffffff' },
  { fill: '#56bfe8', ink: '#04202c' }, { fill: '#8a6a55', ink: '#ffffff' },
];
const hueOf = (device) => HUES[device % HUES.length];
const isStriped = (device) => Math.floor(device / HUES.length) % 2 === 1;

/** A CSS background in a device's colour. */
function backgroundOf(device) {
  const { fill } = hueOf(device);
  if (!isStriped(device)) return fill;
  return `repeating-linear-gradient(135deg, ${fill} 0 4px, color-mix(in srgb, ${fill} 55%, white) 4px 7px)`;
}

/** The same for a canvas; patterns are made once per device. */
const paintOf = (() => {
  const made = new Map();
  return (device) => {
    if (!isStriped(device)) return hueOf(device).fill;
    if (!made.has(device)) {
      const tile = element('canvas', { width: 8, height: 8 }), draw = tile.getContext('2d');
      draw.fillStyle = hueOf(device).fill;
      draw.fillRect(0, 0, 8, 8);
      draw.strokeStyle = 'rgb(255 255 255 / .5)';
      draw.lineWidth = 2.5;
      for (const shift of [-8, 0, 8]) {
        draw.beginPath();
        draw.moveTo(shift - 1, 9);
        draw.lineTo(shift + 9, -1);
        draw.stroke();
      }
      made.set(device, draw.createPattern(tile, 'repeat'));
    }
    return made.get(device);
  };
})();

/** The page's colours as they are now, light or dark. */
function themeColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ['panel', 'line', 'faint', 'text', 'muted', 'accent', 'edge', 'edge-part', 'cut', 'select'];
  return Object.fromEntries(names.map((name) => [name.replace('-p', 'P'), style.getPropertyValue(`--${name}`).trim()]));
}

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif';

/** As much of `text` as fits, its end if `keepEnd`; '' if hardly anything does. */
function fitText(draw, text, width, keepEnd = false) {
  if (draw.measureText(text).width <= width) return text;
  let low = 0, high = Math.min(text.length, 200);
  const cut = (length) => (keepEnd ? `…${text.slice(text.length - length)}` : `${text.slice(0, length)}…`);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (draw.measureText(cut(middle)).width <= width) low = middle; else high = middle - 1;
  }
  return low < 2 ? '' : cut(low);
}

/** A long name that may be broken where its scopes end. */
const breakable = (name) => element('span', {}, ...name.split(/(?<=[/._])(?=.)/).flatMap((piece, i) => (i > 0 ? [element('wbr'), piece] : [piece])));

/** A name with the colour of its device before it; the second kind may wrap. */
const chip = (device, name) =>
  element('span', { className: 'chip' }, element('i', { style: { background: backgroundOf(device) } }), name);
const dotted = (device, text) =>
  element('span', {}, element('i', { className: 'dot', style: { background: backgroundOf(device) } }), breakable(text));
