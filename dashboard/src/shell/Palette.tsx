import * as Radix from "@radix-ui/react-dialog";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Command } from "cmdk";
import { useState, type ReactNode } from "react";
import { batchOne } from "@/api/jobs/batches";
import { jobHead, jobOne, type JobDetail } from "@/api/jobs/jobs";
import { schedules as scheduleList } from "@/api/queues/schedules";
import { metrics } from "@/api/numbers/metrics";
import { jobTypes } from "@/api/types";
import { shortId } from "@/lib/format";
import { togglePaused } from "@/live/live";
import { ask } from "@/jobs/actions/actions";
import { queueName } from "@/jobs/queueName";
import { readQuery, type JobsSearch } from "@/jobs/search";
import { accepts, STATUS, STATUSES } from "@/jobs/status";
import { StatusChip } from "@/jobs/StatusChip";
import { PauseForm, pausedName, usePause, type Pausable } from "@/queues/PauseForm";
import { nextTheme, nextTimes, prefs, setPrefs } from "@/session/prefs";
import { signOut, useMe } from "@/session/session";
import { Dialog } from "@/ui/overlay/Dialog";
import { t as actions } from "@/texts/en/actions";
import { t as bulk } from "@/texts/en/bulk";
import { t as queues } from "@/texts/en/queues";
import { t } from "@/texts/en/palette";

/** Find jobs, open pages and run commands by keyboard. */
export default function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const [text, setText] = useState("");
  const navigate = useNavigate();
  const { can } = useMe();
  const types = useQuery(jobTypes()).data ?? [];
  const typed = text.trim();
  const found = useFound(typed);
  const batch = useBatchOf(typed);
  const schedules = useQuery({ ...scheduleList(), enabled: typed.length > 1 }).data ?? [];
  const open = useOpenJob();
  const byType = useQuery({ ...metrics(), enabled: can.administer && typed.length > 1 }).data?.byType ?? {};
  const pause = usePause();
  const [pausing, setPausing] = useState<Pausable | null>(null);
  const run = (action: () => unknown) => () => {
    onClose();
    action();
  };
  if (pausing)
    return (
      <Dialog open onClose={onClose} title={queues.pause(pausedName(pausing))}>
        <PauseForm
          of={pausing}
          onPause={(reason) => run(() => pause.mutate({ of: pausing, next: true, reason }))()}
        />
      </Dialog>
    );
  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-backdrop" />
        <Radix.Content
          aria-describedby={undefined}
          className="pop fixed inset-x-3 top-[10vh] z-50 mx-auto max-w-xl border border-strong bg-panel shadow-float"
        >
          <Radix.Title className="sr-only">{t.commandPalette}</Radix.Title>
          <Command label={t.commandPalette} loop>
            <Command.Input
              value={text}
              onValueChange={setText}
              placeholder={t.paletteHint}
              className="h-12 w-full border-b border-line bg-panel px-4 text-base outline-none"
            />
            <Command.List className="max-h-[60vh] overflow-y-auto p-1.5">
              <Command.Empty className="px-3 py-6 text-center text-sm text-soft">{t.noResults}</Command.Empty>
              {found.map((job) => (
                <Item
                  key={job.id}
                  value={`${typed} ${job.id}`}
                  onSelect={run(() => navigate({ to: "/jobs/$id", params: { id: job.id } }))}
                >
                  <span className="font-mono text-xs">
                    {job.type} · {shortId(job.id)}
                  </span>
                  <span className="ms-auto">
                    <StatusChip status={job.status} />
                  </span>
                </Item>
              ))}
              {batch && (
                <Item
                  value={`${typed} ${batch.id} batch`}
                  onSelect={run(() => navigate({ to: "/batches/$id", params: { id: batch.id } }))}
                >
                  {t.batchPage} <bdi className="truncate">{batch.key}</bdi>
                  <Hint>{shortId(batch.id)}</Hint>
                </Item>
              )}
              {typed && (
                <Item
                  value={t.findKeywords(typed)}
                  onSelect={run(() => navigate({ to: "/dashboard", search: soughtBy(typed) }))}
                >
                  {t.findJobsBy(placeOf(typed))} <span className="truncate font-mono text-xs">{typed}</span>
                </Item>
              )}
              {open && can.act && (
                <Group heading={t.thisJob}>
                  {JOB_ACTIONS.filter((action) => accepts(open, action)).map((action) => (
                    <Item
                      key={action}
                      value={t.actKeywords(actions.actNow[action])}
                      onSelect={run(() => ask({ kind: "one", action, job: open }))}
                    >
                      {actions.actNow[action]} <Hint>{shortId(open.id)}</Hint>
                    </Item>
                  ))}
                </Group>
              )}
              <Group heading={t.commands}>
                {can.act &&
                  types
                    .filter((one) => !one.retired)
                    .map((one) => (
                      <Item
                        key={one.type}
                        value={t.createKeywords(one.type, one.title)}
                        onSelect={run(() => navigate({ to: "/create", search: { type: one.type } }))}
                      >
                        {t.createJobOf(one.title)} <Hint>{one.type}</Hint>
                      </Item>
                    ))}
                {can.administer &&
                  typed.length > 1 &&
                  types.flatMap((one) => {
                    const numbers = byType[one.type];
                    if (!numbers) return [];
                    return (
                      <Item
                        key={one.type}
                        value={
                          numbers.paused
                            ? t.resumeKeywords(one.type, one.title)
                            : t.pauseKeywords(one.type, one.title)
                        }
                        onSelect={
                          numbers.paused
                            ? run(() => pause.mutate({ of: one, next: false }))
                            : () => setPausing(one)
                        }
                      >
                        {numbers.paused ? queues.resume : queues.pauseShort} <Hint>{one.type}</Hint>
                      </Item>
                    );
                  })}
                <Item value={t.keysLive} onSelect={run(togglePaused)}>
                  {t.pauseOrResumeLive} <Hint>.</Hint>
                </Item>
                <Item value={t.keysTheme} onSelect={run(nextTheme)}>
                  {t.switchTheme} <Hint>t</Hint>
                </Item>
                <Item value={t.keysTimes} onSelect={run(nextTimes)}>
                  {t.switchTimes} <Hint>w</Hint>
                </Item>
                <Item
                  value={t.keysZone}
                  onSelect={run(() => setPrefs({ zone: prefs.get().zone === "utc" ? "local" : "utc" }))}
                >
                  {t.switchBetweenLocalTime}
                </Item>
                <Item value={t.keysHelp} onSelect={onHelp}>
                  {t.keyboardShortcuts} <Hint>?</Hint>
                </Item>
                <Item value={t.keysSignOut} onSelect={run(signOut)}>
                  {t.signOut}
                </Item>
              </Group>
              <Group heading={t.goTo}>
                <Item value={t.keysJobs} onSelect={run(() => navigate({ to: "/dashboard" }))}>
                  {t.jobs} <Hint>g j</Hint>
                </Item>
                <Item value={t.keysQueues} onSelect={run(() => navigate({ to: "/queues" }))}>
                  {t.queues} <Hint>g q</Hint>
                </Item>
                <Item value={t.keysSchedules} onSelect={run(() => navigate({ to: "/schedules" }))}>
                  {t.schedules} <Hint>g s</Hint>
                </Item>
                <Item value={t.keysBatches} onSelect={run(() => navigate({ to: "/batches" }))}>
                  {t.batches} <Hint>g b</Hint>
                </Item>
                <Item value={t.keysLimits} onSelect={run(() => navigate({ to: "/limits", search: {} }))}>
                  {t.limits} <Hint>g l</Hint>
                </Item>
                <Item value={t.keysCosts} onSelect={run(() => navigate({ to: "/usage" }))}>
                  {t.costs}
                </Item>
                <Item value={t.keysBulk} onSelect={run(() => navigate({ to: "/bulk" }))}>
                  {bulk.bulkActions}
                </Item>
                <Item value={t.keysWebhooks} onSelect={run(() => navigate({ to: "/webhooks" }))}>
                  {t.webhooks}
                </Item>
                {can.administer && (
                  <>
                    <Item value={t.keysAudit} onSelect={run(() => navigate({ to: "/audit" }))}>
                      {t.auditLog}
                    </Item>
                    <Item value={t.keysTokens} onSelect={run(() => navigate({ to: "/tokens" }))}>
                      {t.tokens}
                    </Item>
                  </>
                )}
                <Item value={t.keysErrors} onSelect={run(() => navigate({ to: "/errors" }))}>
                  {t.errors} <Hint>g e</Hint>
                </Item>
                <Item value={t.keysReference} onSelect={run(() => location.assign("/reference/"))}>
                  {t.apiReference}
                </Item>
                {typed.length > 1 &&
                  types.map((one) => (
                    <Item
                      key={one.type}
                      value={t.typeKeywords(one.type, one.title)}
                      onSelect={run(() =>
                        navigate({ to: "/queues/$queue", params: { queue: queueName(one.type) } }),
                      )}
                    >
                      {t.typePage} <Hint>{one.type}</Hint>
                    </Item>
                  ))}
                {schedules.map((one) => (
                  <Item
                    key={one.id}
                    value={t.scheduleKeywords(one.id)}
                    onSelect={run(() => navigate({ to: "/schedules", search: {}, hash: one.id }))}
                  >
                    {t.schedulePage} <Hint>{one.id}</Hint>
                  </Item>
                ))}
                {STATUSES.map((status) => (
                  <Item
                    key={status}
                    value={t.statusKeywords(STATUS[status].label)}
                    onSelect={run(() => navigate({ to: "/dashboard", search: { status } }))}
                  >
                    {t.jobsOfStatus(STATUS[status].label)}
                  </Item>
                ))}
              </Group>
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

const JOB_ACTIONS = ["retry", "run", "cancel", "discard"] as const;

/** Return the job whose page is open, with the data that the page has loaded. */
function useOpenJob(): JobDetail | undefined {
  const id = useParams({ strict: false, select: (params) => params.id });
  return useQuery({ ...jobOne(id ?? ""), enabled: false }).data;
}

/** Return the search for the typed text; text that is not a filter is searched unchanged. */
function soughtBy(typed: string): JobsSearch {
  const { sought, unknown } = readQuery(typed);
  return unknown ? { q: typed } : sought;
}

function placeOf(typed: string): string {
  const [first] = Object.keys(soughtBy(typed));
  return first === undefined || first === "q" ? t.anything : first;
}

/** Find jobs whose id begins with the typed text, once the text is long enough. */
function useFound(typed: string) {
  const { id, q = "" } = soughtBy(typed);
  const prefix = id ?? (/^[0-9a-f-]{4,36}$/i.test(q) ? q.toLowerCase() : undefined);
  const query = useQuery({ ...jobHead({ idPrefix: prefix }, 5), enabled: prefix !== undefined });
  return prefix === undefined ? [] : (query.data?.jobs ?? []);
}

/** Find the batch whose whole id is typed, also behind "batch:". */
function useBatchOf(typed: string) {
  const id = /^(?:batch:\s*)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.exec(typed)?.[1]?.toLowerCase();
  return useQuery({ ...batchOne(id ?? ""), enabled: id !== undefined, retry: false }).data;
}

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:tracking-wide [&_[cmdk-group-heading]]:text-faint [&_[cmdk-group-heading]]:uppercase"
    >
      {children}
    </Command.Group>
  );
}

function Item({ value, onSelect, children }: { value: string; onSelect: () => void; children: ReactNode }) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex min-h-9 items-center gap-2 px-2.5 text-sm data-[selected=true]:bg-hover"
    >
      {children}
    </Command.Item>
  );
}

function Hint({ children }: { children: ReactNode }) {
  return <span className="ms-auto font-mono text-2xs text-faint">{children}</span>;
}
