import { Link } from "@tanstack/react-router";
import { useMe } from "@/session/session";
import { buttonClass } from "@/ui/Button";
import { Code } from "@/ui/Code";
import { IconArrowRight, IconCheck } from "@/ui/icons";
import { Diagram } from "./Diagram";
import { DiagramSteps } from "./DiagramSteps";
import { Features } from "./Features";
import { LatestJobs } from "./LatestJobs";
import { LiveNumbers } from "./LiveNumbers";
import { FOLLOWS, ONE_FILE, UP } from "./samples";
import { Source } from "./Source";
import { t } from "@/texts/en/landing";

/** /: what JobFlow is, with current numbers of this system. */
export function LandingPage() {
  const { role, can } = useMe();
  return (
    <div className="-m-3 sm:-m-4">
      <section className="relative overflow-hidden border-b border-line">
        <div aria-hidden="true" className="grid-paper absolute inset-0" />
        <div className="relative mx-auto grid max-w-6xl grid-cols-[minmax(0,1fr)] items-center gap-12 px-4 py-14 sm:px-8 sm:py-20 lg:grid-cols-[minmax(0,7fr)_minmax(0,6fr)]">
          <div>
            <p className="mb-4 font-mono text-xs text-accent-text">Chalice · Lambda · SQS · DynamoDB</p>
            <h1 className="text-4xl leading-[1.08] font-semibold tracking-tight text-balance sm:text-5xl">
              {t.backgroundJobsInYour}
            </h1>
            <p className="mt-5 max-w-2xl text-base leading-7 text-soft">{t.sendEMailsProcess}</p>
            <div className="mt-8 flex flex-wrap gap-3">
              <Link to="/dashboard" className={`${buttonClass("primary")} h-11! px-5!`}>
                {t.openTheConsole} <IconArrowRight />
              </Link>
              {(role === null || can.act) && (
                <Link to="/create" className={`${buttonClass()} h-11! px-5!`}>
                  {t.createAFirstJob}
                </Link>
              )}
              <a href="/reference/" className={`${buttonClass("ghost")} h-11! px-5!`}>
                {t.apiReference}
              </a>
            </div>
          </div>
          <LatestJobs />
        </div>
      </section>
      <LiveNumbers />
      <Part title={t.howAJobIs}>
        <p className="mb-6 max-w-2xl text-soft">{t.aJobIsStored2}</p>
        <Diagram />
        <DiagramSteps />
      </Part>
      <Part title={t.whatYouGet}>
        <Features />
      </Part>
      <div className="border-t border-line">
        <div className="mx-auto grid max-w-6xl gap-x-10 gap-y-8 px-4 py-14 sm:px-8 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          <section aria-labelledby="one-file" className="min-w-0">
            <h2 id="one-file" className="mb-3 text-2xl font-semibold tracking-tight">
              {t.aJobTypeIs}
            </h2>
            <Source text={ONE_FILE} label="handlers/invoice_render.py" />
          </section>
          <section aria-labelledby="commands" className="min-w-0">
            <h2 id="commands" className="mb-3 text-2xl font-semibold tracking-tight">
              {t.twoCommands}
            </h2>
            <p className="mb-2 text-soft">{t.everythingOnYourMachine}</p>
            <Code text="make dev" label={t.runIt} />
            <pre className="overflow-x-auto border border-t-0 border-line p-3 font-mono text-xs text-soft">
              {UP}
            </pre>
            <p className="mt-5 mb-2 text-soft">{t.theTestsFromThe}</p>
            <Code text="make test" label={t.testIt} />
            <h2 className="mt-10 mb-3 text-2xl font-semibold tracking-tight">{t.whatYouGetFrom}</h2>
            <ul className="flex flex-col gap-2 text-sm text-soft">
              {FOLLOWS.map((text) => (
                <li key={text} className="flex gap-2.5">
                  <IconCheck width={14} height={14} className="mt-1 shrink-0 text-green" />
                  {text}
                </li>
              ))}
            </ul>
          </section>
        </div>
      </div>
      <footer className="border-t border-line">
        <div className="mx-auto flex max-w-6xl flex-wrap items-center gap-x-6 gap-y-2 px-4 py-6 text-sm text-soft sm:px-8">
          <span className="me-auto font-semibold text-text">JobFlow</span>
          <Link to="/dashboard" className={FOOT}>
            {t.jobs}
          </Link>
          <Link to="/queues" className={FOOT}>
            {t.queues}
          </Link>
          <Link to="/errors" className={FOOT}>
            {t.errors}
          </Link>
          <a href="/reference/" className={FOOT}>
            {t.apiReference}
          </a>
        </div>
      </footer>
    </div>
  );
}

const FOOT = "hover:text-text hover:underline underline-offset-4";

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="border-t border-line first-of-type:border-t-0">
      <div className="mx-auto max-w-6xl px-4 py-14 sm:px-8">
        <h2 className="mb-3 text-2xl font-semibold tracking-tight">{title}</h2>
        {children}
      </div>
    </section>
  );
}
