import { useState } from "react";
import { signIn, useSession } from "@/session/session";
import { Button } from "@/ui/Button";
import { Field, inputClass } from "@/ui/Field";

/** Asks for a token in the place of the page, and shows the page once it has one. */
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
          With an API token. It stays in this tab and is forgotten when you close it. You come back to the
          page you asked for.
        </p>
      </div>
      <Field
        label="Token"
        error={refused ? "That token is not valid, or not any more. Try another." : undefined}
      >
        {(control) => (
          <input
            {...control}
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
