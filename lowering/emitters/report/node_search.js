// The box that finds nodes by name. Views dim what is not found while something is typed.

const LISTED = 12;

class NodeSearch {
  constructor(plan, { found, choose }) {
    [this.plan, this.onFound, this.choose] = [plan, found, choose];
    this.names = plan.nodes.name.map((name) => name.toLowerCase());
    this.input = document.getElementById('search');
    this.list = document.getElementById('matches');
    this.matches = [];
    this.input.addEventListener('input', () => this.find());
    this.input.addEventListener('focus', () => this.find());
    this.input.addEventListener('blur', () => this.close());
    this.input.addEventListener('keydown', (event) => this.key(event));
    document.addEventListener('keydown', (event) => {
      if (event.key !== '/' || event.target === this.input) return;
      event.preventDefault();
      this.input.focus();
      this.input.select();
    });
  }

  find() {
    const wanted = this.input.value.trim().toLowerCase();
    this.active = 0;
    this.matches = [];
    if (wanted !== '') this.names.forEach((name, node) => { if (name.includes(wanted)) this.matches.push(node); });
    // A name that is what was typed comes first, then those that begin with it.
    const rank = (node) => (this.names[node] === wanted ? 0 : this.names[node].startsWith(wanted) ? 1 : 2);
    this.matches.sort((a, b) => rank(a) - rank(b) || a - b);
    this.onFound(wanted === '' ? null : new Set(this.matches));
    if (wanted === '') this.close(); else this.paint();
  }

  paint() {
    const { plan } = this, rows = this.matches.slice(0, LISTED).map((node, i) => {
      const row = element('div', { role: 'option', ariaSelected: i === this.active ? 'true' : 'false' },
        dotted(plan.deviceOf[node], plan.nodes.name[node]), element('small', {}, ` ${plan.ops[plan.nodes.op[node]]}`));
      row.addEventListener('pointerdown', (event) => { event.preventDefault(); this.take(i); });
      return row;
    });
    const rest = this.matches.length - rows.length;
    const text = this.matches.length === 0 ? 'no node has that in its name' : rest > 0 ? `and ${rest} more` : '';
    if (text !== '') rows.push(element('div', {}, element('small', {}, text)));
    this.list.replaceChildren(...rows);
    this.list.hidden = false;
    this.input.setAttribute('aria-expanded', 'true');
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute('aria-expanded', 'false');
  }

  take(i) {
    if (i >= this.matches.length) return;
    this.choose({ kind: 'node', index: this.matches[i] }, true);
    this.close();
  }

  clear() {
    this.input.value = '';
    this.find();
  }

  key(event) {
    const last = Math.min(this.matches.length, LISTED) - 1;
    if (event.key === 'Enter') this.take(this.active);
    else if (event.key === 'Escape') { this.clear(); this.input.blur(); }
    else if (event.key === 'ArrowDown' && last >= 0) { this.active = Math.min(this.active + 1, last); this.paint(); }
    else if (event.key === 'ArrowUp' && last >= 0) { this.active = Math.max(this.active - 1, 0); this.paint(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
