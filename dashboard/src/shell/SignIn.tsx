import { useLocation } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { config, type Provider } from "@/config";
import { signIn, useSession } from "@/session/session";
import { begin } from "@/session/signIn";
import { Button } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";
import { t } from "@/texts/en/shell";
import { t as own } from "@/texts/en/signIn";

/** The page asks for one thing: the way in that the user has taken before, or else the first one, gets the focus. */
function focus(control: HTMLElement | null): void {
  control?.focus();
}

/** Ask who the user is instead of showing the page; then show the page at the same address. */
export default function SignIn({ problem, back }: { problem?: string; back?: string }) {
  const { refused, was } = useSession();
  const provider = config().signIn;
  const [token, setToken] = useState("");
  const [stuck, setStuck] = useState(false);
  const ended = refused && was === "session";
  const byToken = !provider || (refused && !ended);
  const why = stuck ? own.cannotBegin : (problem ?? (ended ? own.ended : null));
  return (
    <form
      className="mx-auto mt-[10vh] flex max-w-sm flex-col gap-4 border border-line bg-panel p-6"
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim()) signIn(token.trim());
      }}
    >
      <h1 className="text-lg font-semibold">{t.signIn}</h1>
      {why !== null && (
        <p role="alert" className="text-sm text-rose">
          {why}
        </p>
      )}
      {provider && <WithProvider provider={provider} back={back} focused={!byToken} onStuck={setStuck} />}
      <p className="text-sm text-soft">
        {provider ? own.orToken : t.howToGetAToken} <code className="font-mono text-text">make token</code>{" "}
        {t.inTheProject}
      </p>
      <Field label={t.token} error={refused && !ended ? t.invalidOrRevokedToken : undefined}>
        {(control) => (
          <input
            {...control}
            ref={byToken ? focus : undefined}
            type="password"
            autoComplete="off"
            className={inputClass}
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" tone={provider ? "plain" : "primary"} disabled={!token.trim()}>
        {t.signIn}
      </Button>
    </form>
  );
}

/** Go to the provider; the user comes back to the page that was asked for. */
function WithProvider(props: {
  provider: Provider;
  back: string | undefined;
  focused: boolean;
  /** The browser does not let the sign-in begin, or it lets it now. */
  onStuck: (stuck: boolean) => void;
}) {
  const { provider, back, focused, onStuck } = props;
  const [going, setGoing] = useState(false);
  const here = useLocation({ select: ({ href }) => href });
  const go = async () => {
    setGoing(true);
    onStuck(false);
    try {
      location.assign(await begin(provider, back ?? here));
    } catch {
      setGoing(false);
      onStuck(true);
    }
  };
  // Back from the provider, a browser may show this page as it was left.
  useEffect(() => {
    const again = () => setGoing(false);
    addEventListener("pageshow", again);
    return () => removeEventListener("pageshow", again);
  }, []);
  return (
    <Button
      type="button"
      tone="primary"
      {...(focused && { ref: focus })}
      disabled={going}
      onClick={() => void go()}
    >
      {own.signInWith(provider.name)}
    </Button>
  );
}
