interface Box {
  x: number;
  y: number;
  w: number;
  title: string;
  note: string;
  accent?: boolean;
}

const H = 58;
const BOXES: Box[] = [
  { x: 0, y: 100, w: 132, title: "Your app", note: "POST /jobs" },
  { x: 190, y: 100, w: 150, title: "API", note: "API Gateway + Lambda" },
  { x: 400, y: 0, w: 160, title: "Jobs table", note: "DynamoDB: source of truth", accent: true },
  { x: 400, y: 200, w: 160, title: "Queue per type", note: "SQS: wake-up message" },
  { x: 640, y: 200, w: 160, title: "Worker per type", note: "Lambda: your function" },
  { x: 400, y: 330, w: 160, title: "Dead-letter queue", note: "SQS: native redrive" },
  { x: 640, y: 0, w: 160, title: "Counters", note: "DynamoDB stream" },
  { x: 640, y: 330, w: 160, title: "Watchdog", note: "every minute" },
  { x: 880, y: 0, w: 120, title: "Console", note: "S3 + CloudFront" },
];
const ARROWS: { d: string; label?: string; at?: [number, number]; live?: boolean }[] = [
  { d: "M132 129H190", live: true },
  { d: "M340 120H370V29H400", label: "1 put", at: [320, 72], live: true },
  { d: "M340 138H370V229H400", label: "2 send", at: [312, 196], live: true },
  { d: "M560 222H640", label: "3 receive", at: [566, 214], live: true },
  { d: "M720 200V144H480V58", label: "4 claim, 5 finish: conditional writes", at: [492, 134], live: true },
  { d: "M640 244H560", label: "retry", at: [580, 262] },
  { d: "M440 258V330", label: "after the last attempt", at: [450, 300] },
  { d: "M560 29H640" },
  { d: "M800 29H880" },
  { d: "M640 359H560" },
];

/** The architecture, drawn from the design: what a job passes through, in order. */
export function Diagram() {
  return (
    <div
      role="region"
      aria-label="Architecture diagram"
      tabIndex={0}
      className="overflow-x-auto border border-line bg-panel p-4 max-sm:hidden sm:p-8"
    >
      <svg
        viewBox="0 0 1000 390"
        className="w-full min-w-[720px]"
        role="img"
        aria-labelledby="diagram-title diagram-text"
      >
        <title id="diagram-title">How JobFlow processes a job</title>
        <desc id="diagram-text">
          Your app posts to the API. The API puts the job into the jobs table, then sends a message to the
          queue of its type. The worker of the type receives the message, claims the job in the table, runs
          it, and writes the outcome. A failure comes back through the visibility timeout; after the last
          attempt SQS moves the message to the dead-letter queue. The table's stream feeds the counters that
          the console shows; a watchdog repairs what was interrupted.
        </desc>
        <defs>
          <marker
            id="tip"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto-start-reverse"
          >
            <path d="M0 0 8 4 0 8Z" className="fill-soft" />
          </marker>
        </defs>
        {ARROWS.map(({ d, label, at, live }) => (
          <g key={d}>
            <path d={d} className="fill-none stroke-strong" strokeWidth="1.5" markerEnd="url(#tip)" />
            {live && <path d={d} className="flow-dash fill-none stroke-accent-text" strokeWidth="1.5" />}
            {label && at && (
              <text x={at[0]} y={at[1]} className="fill-soft font-mono text-[11px]">
                {label}
              </text>
            )}
          </g>
        ))}
        {BOXES.map(({ x, y, w, title, note, accent }) => (
          <g key={title} transform={`translate(${x} ${y})`}>
            <rect
              width={w}
              height={H}
              className={accent ? "fill-bg stroke-accent-text" : "fill-bg stroke-strong"}
              strokeWidth="1.5"
            />
            <text x="12" y="25" className="fill-text text-[14px] font-semibold">
              {title}
            </text>
            <text x="12" y="44" className="fill-soft font-mono text-[11px]">
              {note}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}
