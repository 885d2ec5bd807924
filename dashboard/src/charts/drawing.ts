import type uPlot from "uplot";
import type { Deploy } from "@/api/numbers/metrics";
import type { SpreadPoint } from "@/api/numbers/spread";
import { largest, strength } from "./heat";
import { unfinished } from "./values";

export type Stretch = readonly [from: number, to: number];

/** Pixels between the lines of a hatch. */
const STRIPE = 4;

/** Hatch the bar of the step that has not ended, so that it does not look like a drop. */
export function hatch(self: uPlot, times: number[], step: number, color: string): void {
  const from = unfinished(times, step, Date.now());
  if (from === null) return;
  const { ctx } = self;
  const { top, height } = self.bbox;
  const left = self.valToPos(from / 1000, "x", true);
  const width = self.valToPos((from + step) / 1000, "x", true) - left;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.strokeStyle = color;
  ctx.lineWidth = STRIPE / 2;
  for (let y = top - width; y < top + height + width; y += STRIPE * 1.5) {
    ctx.moveTo(left, y + width);
    ctx.lineTo(left + width, y);
  }
  ctx.stroke();
  ctx.restore();
}

/** Shade a time range behind the lines. */
export function shade(self: uPlot, [from, to]: Stretch, color: string): void {
  const { left, top, width, height } = self.bbox;
  const place = (at: number) => Math.min(left + width, Math.max(left, self.valToPos(at / 1000, "x", true)));
  self.ctx.fillStyle = color;
  self.ctx.fillRect(place(from), top, place(to) - place(from), height);
}

/** Size of a deployment's flag, in pixels. */
const FLAG = 7;

/** Draw a line with a flag at each deployment of the stage. */
export function flags(self: uPlot, deploys: readonly Deploy[], color: string): void {
  const { ctx } = self;
  const { top, height, left, width } = self.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.strokeStyle = ctx.fillStyle = color;
  ctx.lineWidth = devicePixelRatio;
  const size = FLAG * devicePixelRatio;
  for (const { at } of deploys) {
    const x = Math.round(self.valToPos(at / 1000, "x", true)) + 0.5;
    ctx.beginPath();
    ctx.setLineDash([2 * devicePixelRatio, 2 * devicePixelRatio]);
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x + size, top + size / 2);
    ctx.lineTo(x, top + size);
    ctx.fill();
  }
  ctx.restore();
}

/** Fill the cells of a heatmap: the more durations a cell has, the stronger its colour. */
export function cells(self: uPlot, points: SpreadPoint[], step: number, color: string): void {
  const { ctx } = self;
  const most = largest(points);
  ctx.save();
  ctx.fillStyle = color;
  for (const { t, cells: column } of points) {
    const left = Math.round(self.valToPos(t / 1000, "x", true));
    const right = Math.round(self.valToPos((t + step) / 1000, "x", true));
    for (const { low, high, count } of column) {
      const top = Math.round(self.valToPos(high, "y", true));
      const bottom = Math.round(self.valToPos(low, "y", true));
      ctx.globalAlpha = strength(count, most);
      // One pixel between cells, if the cells are large enough.
      ctx.fillRect(left, top, Math.max(1, right - left - (right - left > 3 ? 1 : 0)), bottom - top - 1);
    }
  }
  ctx.restore();
}
