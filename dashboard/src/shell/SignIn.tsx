import { useState } from "react";
import { signIn, useSession } from "@/session/session";
import { Button } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";
import { t } from "@/texts/en/shell";

/** The field is the only control here, so it gets the focus. */
function focus(field: HTMLInputElement | null): void {
  field?.focus();
}

/** Ask for a token instead of showing the page; then show the page at the same address. */
export default function SignIn() {
  const { refused } = useSession();
  const [token, setToken] = useState("");
  return (
    <form
      className="mx-auto mt-[10vh] flex max-w-sm flex-col gap-4 border border-line bg-panel p-6"
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim()) signIn(token.trim());
      }}
    >
      <div>
        <h1 className="text-lg font-semibold">{t.signIn}</h1>
        <p className="mt-1 text-sm text-soft">
          {t.howToGetAToken} <code className="font-mono text-text">make token</code> {t.inTheProject}
        </p>
      </div>
      <Field label={t.token} error={refused ? t.invalidOrRevokedToken : undefined}>
        {(control) => (
          <input
            {...control}
            ref={focus}
            type="password"
            autoComplete="off"
            className={inputClass}
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" tone="primary" disabled={!token.trim()}>
        {t.signIn}
      </Button>
    </form>
  );
}
