import { useState } from "react";
import { signIn, useSession } from "@/session/session";
import { Button } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";

/** The field is the only thing to do here, so it takes the focus. */
function focus(field: HTMLInputElement | null): void {
  field?.focus();
}

/** Ask for a token in place of the page; the page follows at the same address. */
export function SignIn() {
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
        <h1 className="text-lg font-semibold">Sign in</h1>
        <p className="mt-1 text-sm text-soft">
          Use an API token. It is kept for this tab only. To get one, ask an admin, or run{" "}
          <code className="font-mono text-text">make token</code> in the project.
        </p>
      </div>
      <Field label="Token" error={refused ? "Invalid or revoked token." : undefined}>
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
        Sign in
      </Button>
    </form>
  );
}
