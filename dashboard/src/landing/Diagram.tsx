import { t } from "@/texts/en/landing";
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
  { x: 0, y: 100, w: 132, title: t.yourApp, note: "POST /jobs" },
  { x: 190, y: 100, w: 150, title: "API", note: t.apiGatewayLambda },
  { x: 400, y: 0, w: 186, title: t.jobsTable, note: t.dynamodbSourceOfTruth, accent: true },
  { x: 400, y: 200, w: 160, title: t.queuePerType, note: t.sqsWakeUpMessage },
  { x: 640, y: 200, w: 160, title: t.workerPerType, note: t.lambdaYourFunction },
  { x: 400, y: 330, w: 176, title: t.deadLetterQueue, note: t.sqsNativeRedrive },
  { x: 640, y: 0, w: 160, title: t.counters, note: t.dynamodbStream },
  { x: 640, y: 330, w: 160, title: t.watchdog, note: t.everyMinute },
  { x: 880, y: 0, w: 120, title: t.console, note: t.s3Cloudfront },
];
const ARROWS: { d: string; label?: string; at?: [number, number]; live?: boolean }[] = [
  { d: "M132 129H190", live: true },
  { d: "M340 120H370V29H400", label: t.n1Put, at: [320, 72], live: true },
  { d: "M340 138H370V229H400", label: t.n2Send, at: [312, 196], live: true },
  { d: "M560 222H640", label: t.n3Receive, at: [566, 214], live: true },
  { d: "M720 200V144H480V58", label: t.n4Claim5Finish, at: [492, 134], live: true },
  { d: "M640 244H560", label: t.retry, at: [580, 262] },
  { d: "M440 258V330", label: t.afterTheLastAttempt, at: [450, 300] },
  { d: "M560 29H640" },
  { d: "M800 29H880" },
  { d: "M640 359H576" },
];

/** The architecture: the parts through which a job passes, in order. */
export function Diagram() {
  return (
    <div
      role="region"
      aria-label={t.architectureDiagram}
      tabIndex={0}
      className="overflow-x-auto border border-line bg-panel p-8 max-lg:hidden"
    >
      <svg
        viewBox="0 0 1000 390"
        className="w-full min-w-[720px]"
        role="img"
        aria-labelledby="diagram-title diagram-text"
      >
        <title id="diagram-title">{t.howJobflowProcessesA}</title>
        <desc id="diagram-text">{t.yourAppPostsTo}</desc>
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
