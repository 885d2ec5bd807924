"""Define the style sheet of a report: one column, system fonts, dark or light like the reader's system."""

CSS = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --line: #e3e6eb; --text: #1a2029; --soft: #5b6675;
  --completed: #2a9d74; --failed: #e5636a; --dead: #9d2449; --cancelled: #a3acb8; --unfinished: #4c82e6;
  --bar: #b9d0f7; --mark: #2459c4; --notice: #fff4d6; --notice-text: #6b4e00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11151b; --card: #1a2029; --line: #2c3541; --text: #e6eaf0; --soft: #9aa6b6;
    --completed: #3fb68b; --failed: #f07d83; --dead: #c8477a; --cancelled: #657182; --unfinished: #6b9cf2;
    --bar: #2d4a7d; --mark: #9cbffb; --notice: #3a2f10; --notice-text: #f3d78a;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 48px; }
h1 { margin: 0; font-size: 26px; letter-spacing: -0.01em; }
h2 { margin: 0 0 14px; font-size: 16px; }
.period { margin: 4px 0 24px; color: var(--soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 0 0 16px; }
.tile, section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.tile { padding: 14px 16px; }
.tile dt { color: var(--soft); font-size: 13px; }
.tile dd { margin: 2px 0 0; font-size: 26px; font-weight: 650; letter-spacing: -0.02em; line-height: 1.2; }
.tile .note { display: block; color: var(--soft); font-size: 12px; font-weight: 400; letter-spacing: 0; }
section { padding: 18px 20px; margin: 0 0 16px; overflow-x: auto; }
.notice { background: var(--notice); color: var(--notice-text); border-radius: 12px; padding: 12px 16px;
  margin: 0 0 16px; }
.empty { padding: 48px 20px; text-align: center; color: var(--soft); }
.empty strong { display: block; color: var(--text); font-size: 18px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 8px; padding: 0; list-style: none;
  color: var(--soft); font-size: 13px; }
.legend b { color: var(--text); font-weight: 600; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 7px; }
svg { display: block; }
svg.timeline { width: 100%; min-width: 560px; height: auto; }
svg.share, svg.spread { width: 100%; min-width: 120px; height: 12px; }
svg.share { border-radius: 4px; }
svg text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
svg text.y { text-anchor: end; }
svg text.x { text-anchor: middle; }
.grid { stroke: var(--line); stroke-width: 1; }
.hit { fill: transparent; }
g:hover .hit { fill: var(--line); }
.s.completed { fill: var(--completed); background: var(--completed); }
.s.failed { fill: var(--failed); background: var(--failed); }
.s.dead-lettered { fill: var(--dead); background: var(--dead); }
.s.cancelled { fill: var(--cancelled); background: var(--cancelled); }
.s.unfinished { fill: var(--unfinished); background: var(--unfinished); }
.range { fill: var(--soft); }
.p95 { fill: var(--bar); }
.p50 { fill: var(--mark); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 12px 8px 0; text-align: left; vertical-align: middle; border-top: 1px solid var(--line); }
thead th { border-top: 0; padding-top: 0; color: var(--soft); font-size: 13px; font-weight: 500; }
tbody th { font-weight: 600; }
.n { text-align: right; white-space: nowrap; }
.chart { width: 34%; }
.message { overflow-wrap: anywhere; }
.message code { display: block; font-weight: 400; color: var(--soft); font-size: 13px; white-space: pre-wrap; }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 13px; }
footer { color: var(--soft); font-size: 13px; }
@media print { body { background: #fff; } section, .tile { break-inside: avoid; } }
"""
