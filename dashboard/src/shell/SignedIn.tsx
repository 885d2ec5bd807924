import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { config } from "@/config";
import { signIn, useSession } from "@/session/session";
import { complete, RETURN, SignInFailed } from "@/session/signIn";
import { Skeleton } from "@/ui/states";
import SignIn from "./SignIn";
import { t } from "@/texts/en/signIn";

/**
 * The sign-in that ends here. A code can be used once, and React shows this page anew when the session is there, so it is
 * kept until the next sign-in, which loads everything again.
 */
let ending: ReturnType<typeof complete> | null = null;

/** Show while a sign-in ends; then show the page that the user had asked for, or say what went wrong. */
export function SignedIn() {
  const navigate = useNavigate();
  const { token } = useSession();
  const [failed, setFailed] = useState<SignInFailed | null>(null);
  useEffect(() => {
    const provider = config().signIn;
    const query = location.search;
    // The code must not stay in the address or the history.
    if (query) history.replaceState(history.state, "", RETURN);
    if (provider) ending ??= complete(provider, query);
    if (!ending) {
      void navigate({ to: "/dashboard", replace: true });
      return;
    }
    ending
      .then(({ token, back }) => {
        signIn(token);
        void navigate({ to: back, replace: true });
      })
      .catch((error: unknown) => {
        setFailed(error instanceof SignInFailed ? error : new SignInFailed("unavailable"));
      });
  }, [navigate]);
  // The page offers a token, too: with one, the user goes on.
  useEffect(() => {
    if (failed && token !== null) void navigate({ to: failed.back, replace: true });
  }, [failed, token, navigate]);
  if (failed) return <SignIn problem={t.failed[failed.why](failed.detail)} back={failed.back} />;
  return (
    <div
      role="status"
      aria-busy="true"
      aria-label={t.signingIn}
      className="mx-auto mt-[10vh] flex max-w-sm flex-col gap-4 p-6"
    >
      <Skeleton className="h-8" />
      <Skeleton className="h-8" />
    </div>
  );
}
