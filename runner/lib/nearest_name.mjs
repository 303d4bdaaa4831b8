// What somebody meant who wrote a name that is unknown.

/** Levenshtein's distance. */
export function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; ++i) {
    const next = [i];
    for (let j = 1; j <= b.length; ++j) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}

/** The one of `names` that is nearest to `name`, the first of equals by their text; null if none is near. */
export function nearestName(name, names) {
  const best = names.map((other) => [distance(name, other), other]).sort((x, y) => x[0] - y[0] || (x[1] < y[1] ? -1 : 1))[0];
  return best && best[0] <= Math.max(2, name.length / 3) ? best[1] : null;
}

const MOST_LISTED = 8;

/** "; did you mean 'ids'?", or what there is. */
export function suggestion(name, names) {
  const near = nearestName(name, names);
  if (near !== null) return `; did you mean '${near}'?`;
  return ` (there are ${names.slice(0, MOST_LISTED).join(', ') || 'none'}${names.length > MOST_LISTED ? ', ...' : ''})`;
}
