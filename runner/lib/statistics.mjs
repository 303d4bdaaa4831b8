// Medians and their like.

/** The value below which a share `q` of the values lies (nearest rank); undefined of none. */
export function quantile(values, q) {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
}

export const median = (values) => quantile(values, 0.5);

export const mean = (values) => (values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length);

/** The interquartile range over the median: how much repeated measurements of one thing differ. */
export function spread(values) {
  const middle = median(values);
  return middle > 0 ? (quantile(values, 0.75) - quantile(values, 0.25)) / middle : 0;
}

/** What repeated measurements of one thing may differ by before it has to be said: more than plans differ by. */
export const NOISY = 0.1;

/** The range over the median, for few values. */
export function range(values) {
  const middle = median(values);
  return middle > 0 ? (quantile(values, 1) - Math.min(...values)) / middle : 0;
}

/** {median, p90, p99, max, spread} of times. */
export function summarise(values) {
  return { median: median(values), p90: quantile(values, 0.9), p99: quantile(values, 0.99), max: quantile(values, 1), spread: spread(values) };
}
