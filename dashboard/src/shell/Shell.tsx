import { Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { asking } from "@/jobs/actions/actions";
import { loadMeta, meta } from "@/api/meta";
import { useStore } from "@/lib/store";
import { onDemand } from "@/lib/onDemand";
import { useSession } from "@/session/session";
import { Toaster } from "@/ui/overlay/toast";
import { Banner } from "./Banner";
import { palette, useShortcuts } from "./shortcuts";
import { useTitle } from "./title";
import { BottomNav, TopBar } from "./TopBar";
import { t } from "@/texts/en/shell";

const Palette = onDemand(() => import("./Palette"));
const ActionDialog = onDemand(() => import("@/jobs/actions/ActionDialog"));
const SignIn = onDemand(() => import("./SignIn"));
const Help = onDemand(() => import("./Help"));

/** The frame of every page. Without a token, the sign-in is shown instead of the page, at the same address. */
export function Shell() {
  const { token } = useSession();
  const path = useLocation({ select: (location) => location.pathname });
  const question = useStore(asking);
  const [open, setOpen] = useState<"palette" | "help" | null>(null);
  useShortcuts(setOpen, open);
  useTitle(path);
  useEffect(() => palette.subscribe(() => setOpen("palette")), []);
  const known = useMeta(token);
  const gated = token === null && path !== "/" && path !== "/signed-in";
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:start-2 focus:top-2 focus:z-50 focus:bg-accent focus:px-3 focus:py-2 focus:text-on-accent"
      >
        {t.skipToTheContent}
      </a>
      <TopBar onPalette={() => setOpen("palette")} />
      <Banner />
      <main
        id="main"
        tabIndex={-1}
        className="mx-auto w-full max-w-[1600px] flex-1 p-3 pb-24 sm:p-4 sm:pb-24"
      >
        {gated ? <SignIn /> : <Outlet key={known ? "known" : "new"} />}
      </main>
      {!gated && <BottomNav />}
      {question && <ActionDialog question={question} />}
      {open === "palette" && <Palette onClose={() => setOpen(null)} onHelp={() => setOpen("help")} />}
      {open === "help" && <Help onClose={() => setOpen(null)} />}
      <Toaster />
    </div>
  );
}

/** Load the API's statuses and limits once there is a token; return true when they are loaded. */
function useMeta(token: string | null): boolean {
  const known = useStore(meta) !== null;
  useEffect(() => {
    if (token === null || known) return;
    const load = () => void loadMeta().catch(() => undefined);
    load();
    const timer = setInterval(load, META_AGAIN_MS);
    return () => clearInterval(timer);
  }, [token, known]);
  return known;
}

/** Milliseconds until the next try after a failure. */
const META_AGAIN_MS = 5000;
