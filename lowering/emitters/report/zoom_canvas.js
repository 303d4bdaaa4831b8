// A canvas that is dragged, zoomed by Ctrl and the wheel, pinch, keys and buttons, and that knows what is under the
// pointer. The wheel by itself, and one finger up and down, scroll the page. A view derives from it: paint(draw),
// pan(dx, dy), zoom(factor, x, y), fit(), hit(x, y) -> item or null, tipOf(item) -> text.

class ZoomCanvas {
  constructor(canvas, onPick) {
    this.canvas = canvas;
    this.draw = canvas.getContext('2d');
    this.onPick = onPick;
    this.waiting = false;
    this.pointers = new Map();
    this.moved = 0;
    this.carrier = null;  // {can(item), move(item, x, y), drop(item, x, y), cancel()}: what may be dragged out of the view
    this.carried = null;
    canvas.addEventListener('wheel', (event) => {
      const [x, y] = this.place(event), lines = event.deltaMode === 1 ? 30 : 1;
      const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (!sideways && !event.ctrlKey && !event.metaKey) {
        hideTip();
        return;
      }
      event.preventDefault();
      if (sideways) {
        this.pan(-lines * (event.deltaX || event.deltaY), 0);
      } else {
        this.zoom(Math.exp(Math.max(-1, Math.min(1, -0.0035 * lines * event.deltaY))), x, y);
      }
      this.refresh();
    }, { passive: false });
    canvas.addEventListener('pointerdown', (event) => this.down(event));
    canvas.addEventListener('pointermove', (event) => { if (!this.pointers.has(event.pointerId)) this.move(event); });
    // A drag goes on where it leaves the canvas.
    addEventListener('pointermove', (event) => { if (this.pointers.has(event.pointerId)) this.move(event); });
    for (const end of ['pointerup', 'pointercancel']) addEventListener(end, (event) => this.up(event));
    canvas.addEventListener('pointerleave', () => hideTip());
    canvas.addEventListener('dblclick', (event) => this.twice(...this.place(event)));
    canvas.addEventListener('keydown', (event) => this.key(event));
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  twice(x, y) {
    this.zoom(2, x, y);
    this.refresh();
  }

  pick(x, y) {
    this.onPick(this.hit(x, y));
  }

  /** To be called once the view knows what it draws. */
  start() {
    const tools = document.querySelector(`.tools[data-for="${this.canvas.id}"]`);
    const middle = (factor) => () => { this.zoom(factor, this.width / 2, this.height / 2); this.refresh(); };
    const button = (text, title, onclick) =>
      tools.append(element('button', { type: 'button', title, ariaLabel: title, onclick }, text));
    button('−', 'Zoom out (−)', middle(1 / 1.5));
    button('+', 'Zoom in (+)', middle(1.5));
    button('Fit', 'Fit: show everything (0)', () => { this.fit(); this.refresh(); });
    this.measure();
    this.fit();
    this.paintNow();
  }

  measure() {
    const { clientWidth, clientHeight } = this.canvas, sharp = window.devicePixelRatio || 1;
    [this.width, this.height, this.sharp] = [clientWidth, clientHeight, sharp];
    this.canvas.width = Math.round(clientWidth * sharp);
    this.canvas.height = Math.round(clientHeight * sharp);
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas, sharp = window.devicePixelRatio || 1;
    if (clientWidth === this.width && clientHeight === this.height && sharp === this.sharp) return;
    const untouched = this.fitted;
    this.measure();
    if (untouched) this.fit();
    this.paintNow();
  }

  paintNow() {
    this.colours = themeColours();
    this.draw.setTransform(this.sharp, 0, 0, this.sharp, 0, 0);
    this.draw.clearRect(0, 0, this.width, this.height);
    this.paint(this.draw);
  }

  refresh() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.paintNow(); });
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.place(event));
    this.moved = 0;
    const item = this.carrier === null || event.pointerType === 'touch' ? null : this.hit(...this.place(event));
    this.carried = item !== null && this.carrier.can(item) ? item : null;
    hideTip();
  }

  move(event) {
    const at = this.place(event), before = this.pointers.get(event.pointerId);
    if (before === undefined) {
      const item = this.hit(...at);
      this.canvas.classList.toggle('over', item !== null);
      if (item === null) hideTip(); else showTip(this.tipOf(item), event.clientX, event.clientY);
      return;
    }
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, at);
    this.moved += Math.hypot(at[0] - before[0], at[1] - before[1]);
    if (this.moved < 4) return;
    this.canvas.classList.add('dragging');
    if (this.carried !== null) {
      this.carrier.move(this.carried, event.clientX, event.clientY);
      return;
    }
    if (other === undefined) {
      // Up and down, one finger scrolls the page.
      this.pan(at[0] - before[0], event.pointerType === 'touch' ? 0 : at[1] - before[1]);
    } else {
      const distance = (from) => Math.max(Math.hypot(from[0] - other[0], from[1] - other[1]), 1);
      this.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
      this.zoom(distance(at) / distance(before), (at[0] + other[0]) / 2, (at[1] + other[1]) / 2);
    }
    this.refresh();
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    this.canvas.classList.remove('dragging');
    const { carried } = this;
    this.carried = null;
    if (event.type === 'pointerup' && this.moved < 4) this.pick(...this.place(event));
    else if (carried !== null && event.type === 'pointerup') this.carrier.drop(carried, event.clientX, event.clientY);
    else if (carried !== null) this.carrier.cancel();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 240 : 60, zoom = (factor) => this.zoom(factor, this.width / 2, this.height / 2);
    const actions = {
      '+': () => zoom(1.3), '-': () => zoom(1 / 1.3),
      0: () => this.fit(), ArrowLeft: () => this.pan(step, 0), ArrowRight: () => this.pan(-step, 0),
      ArrowUp: () => this.pan(0, step), ArrowDown: () => this.pan(0, -step),
    };
    actions['='] = actions['+'];
    if (!Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
    this.refresh();
  }
}

function showTip(text, x, y) {
  const tip = document.getElementById('tip');
  tip.textContent = text;
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x + 14, window.innerWidth - width - 8))}px`;
  tip.style.top = `${y + 18 + height > window.innerHeight ? y - height - 10 : y + 18}px`;
}

function hideTip() {
  document.getElementById('tip').hidden = true;
}
