import { QueryFailure } from "@/live/QueryFailure";
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { schedules } from "@/api/queues/schedules";
import { usePolling } from "@/live/live";
import { useMe } from "@/session/session";
import { buttonClass } from "@/ui/Button";
import { IconPlus } from "@/ui/icons";
import { Empty, PanelToCome } from "@/ui/states";
import { EditPage } from "./EditPage";
import { ScheduleCard } from "./ScheduleCard";
import { t } from "@/texts/en/schedules";

/** /schedules: every schedule with its next and last firings; ?edit= opens the form of one ("new": of a new one). */
export function SchedulesPage() {
  const { edit } = useSearch({ from: "/schedules" });
  return edit === undefined ? <List /> : <EditPage key={edit} id={edit === "new" ? null : edit} />;
}

function List() {
  const query = useQuery({ ...schedules(), ...usePolling({ atLeast: 5000 }) });
  const { can } = useMe();
  const found = query.data ?? [];
  return (
    <div className="flex flex-col gap-3">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2 py-1">
        <h1 className="text-lg font-semibold">{t.schedules}</h1>
        <p className="me-auto min-h-5 text-sm text-soft" aria-live="polite">
          {query.data ? t.summary(found.length, found.filter((one) => one.paused).length) : ""}
        </p>
        {can.administer && (
          <Link to="/schedules" search={{ edit: "new" }} className={buttonClass("primary")}>
            <IconPlus /> {t.newSchedule}
          </Link>
        )}
      </header>
      {query.isPending && (
        <div role="status" aria-busy="true" aria-label={t.loading} className="grid gap-3 lg:grid-cols-2">
          {[1, 2, 3, 4].map((n) => (
            <PanelToCome key={n} className="h-64" />
          ))}
        </div>
      )}
      {query.isError && !query.data && <QueryFailure framed title={t.couldntLoad} query={query} />}
      {query.data?.length === 0 && (
        <Empty framed title={t.noSchedules}>
          {t.howToAddOne}
        </Empty>
      )}
      <ul className="grid items-start gap-3 lg:grid-cols-2">
        {found.map((one) => (
          <li key={one.id} id={one.id} className="min-w-0 scroll-mt-16">
            <ScheduleCard schedule={one} />
          </li>
        ))}
      </ul>
    </div>
  );
}
