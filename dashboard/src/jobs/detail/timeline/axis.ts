/** A time axis from which the stretches are left out in which nothing happened. */
export interface Axis {
  /** Return the place of a time as a share of the axis, 0 to 1. */
  place: (at: number) => number;
  /** Where the axis is broken, and how many milliseconds are left out there. */
  breaks: { at: number; ms: number }[];
}

type Span = readonly [from: number, to: number];

/** A gap of at most this share of the whole is drawn: a break would be larger than the gap. */
const SMALL = 0.05;

/** Return the axis on which something happened in these spans; null if they have no length. */
export function axisOf(spans: readonly Span[]): Axis | null {
  const whole = lengthOf(merged(spans, 0));
  const parts = merged(spans, whole * SMALL);
  const total = lengthOf(parts);
  if (total <= 0) return null;
  const place = (at: number) =>
    parts.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(at, to) - from), 0) / total;
  const breaks = parts.slice(1).map(([from], n) => {
    const before = parts[n]?.[1] ?? from;
    return { at: place(before), ms: from - before };
  });
  return { place, breaks };
}

/** Return the spans in their order, without overlaps; spans that are at most `near` apart are one. */
function merged(spans: readonly Span[], near: number): Span[] {
  const found: Span[] = [];
  for (const span of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = found.at(-1);
    if (last && span[0] - last[1] <= near) found[found.length - 1] = [last[0], Math.max(last[1], span[1])];
    else found.push(span);
  }
  return found;
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, [from, to]) => sum + to - from, 0);
}
