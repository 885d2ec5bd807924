import type uPlot from "uplot";
import { unfinished } from "./values";

export type Stretch = readonly [from: number, to: number];

/** Pixels between the lines of a hatch. */
const STRIPE = 4;

/** Hatch the bar of the step that is not over, so that it is not read as a drop. */
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

/** Shade a time behind the lines. */
export function shade(self: uPlot, [from, to]: Stretch, color: string): void {
  const { left, top, width, height } = self.bbox;
  const place = (at: number) => Math.min(left + width, Math.max(left, self.valToPos(at / 1000, "x", true)));
  self.ctx.fillStyle = color;
  self.ctx.fillRect(place(from), top, place(to) - place(from), height);
}
