import { Link } from "@tanstack/react-router";
import { useMe } from "@/session/session";
import { buttonClass } from "@/ui/Button";
import { Code } from "@/ui/Code";
import { IconArrowRight } from "@/ui/icons";
import { Diagram } from "./Diagram";
import { Features } from "./Features";
import { LiveNumbers } from "./LiveNumbers";
import { ONE_FILE } from "./oneFile";

/** /: what JobFlow is, proved by the running system. */
export function LandingPage() {
  const { role, can } = useMe();
  return (
    <div className="-m-3 sm:-m-4">
      <section className="relative overflow-hidden border-b border-line">
        <div aria-hidden="true" className="grid-paper absolute inset-0" />
        <div className="relative mx-auto max-w-6xl px-4 py-14 sm:px-8 sm:py-24">
          <p className="mb-4 font-mono text-xs text-accent-text">Chalice · Lambda · SQS · DynamoDB</p>
          <h1 className="max-w-3xl text-4xl leading-[1.08] font-semibold tracking-tight text-balance sm:text-6xl">
            Background jobs in your own AWS account. No servers.
          </h1>
          <p className="mt-5 max-w-2xl text-base leading-7 text-soft sm:text-lg">
            Write one file with one function. JobFlow makes its API, its form, its queue, its dead-letter
            queue, its worker, its permissions and its alarms. It retries what fails, keeps what cannot be
            saved, and loses nothing. The same thing runs on your laptop, offline.
          </p>
          <div className="mt-8 flex flex-wrap gap-3">
            <Link to="/dashboard" className={`${buttonClass("primary")} h-11! px-5!`}>
              Open the console <IconArrowRight />
            </Link>
            {(role === null || can.act) && (
              <Link to="/create" className={`${buttonClass()} h-11! px-5!`}>
                Create a first job
              </Link>
            )}
            <a href="/reference/" className={`${buttonClass("ghost")} h-11! px-5!`}>
              API reference
            </a>
          </div>
        </div>
      </section>
      <LiveNumbers />
      <Part title="How a job travels">
        <p className="mb-6 max-w-2xl text-soft">
          The record in DynamoDB is the truth, the message only a nudge. A worker claims a job with one
          conditional write; the pair of run and attempt is a fencing token, so that a late worker cannot
          overwrite a newer one.
        </p>
        <Diagram />
      </Part>
      <Part title="What you get">
        <Features />
      </Part>
      <div className="border-t border-line">
        <div className="mx-auto grid max-w-6xl gap-x-10 gap-y-8 px-4 py-14 sm:px-8 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          <section aria-labelledby="one-file" className="min-w-0">
            <h2 id="one-file" className="mb-3 text-2xl font-semibold tracking-tight">
              A job type is one file
            </h2>
            <Code
              text={ONE_FILE}
              label="handlers/invoice_render.py"
              wrap={false}
              className="[&_pre]:max-h-none"
            />
          </section>
          <section aria-labelledby="commands" className="min-w-0">
            <h2 id="commands" className="mb-3 text-2xl font-semibold tracking-tight">
              Two commands
            </h2>
            <p className="mb-2 text-soft">
              Everything on your machine: the AWS it needs, the API, the workers, this console.
            </p>
            <Code text="make dev" label="Run it" />
            <p className="mt-5 mb-2 text-soft">Every test, from the pure rules to real Lambda processes.</p>
            <Code text="make test" label="Test it" />
          </section>
        </div>
      </div>
    </div>
  );
}

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
