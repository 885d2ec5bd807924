import {
  asking,
  NotReached,
  type Answer,
  type Ask,
  type Input,
  type Method,
  type Operation,
  type PathOf,
  type Sending,
} from "jobflow-aws";
import { config } from "@/config";
import { parse, stringify } from "@/lib/json";
import { createStore } from "@/lib/store";
import { takeEarly } from "./early";
import { moved } from "./movement";
import { shownJob } from "./personal";

/**
 * The time of the API's last answer that was no error of its own, the time since when it has not answered, and whether
 * its newest answer was an error of its own; milliseconds.
 */
export interface Connection {
  lastOk: number | null;
  downSince: number | null;
  failing: boolean;
}
export const connection = createStore<Connection>({ lastOk: null, downSince: null, failing: false });

interface Hooks {
  token: () => string | null;
  onUnauthorized: () => void;
}
let hooks: Hooks = { token: () => null, onUnauthorized: () => undefined };

/** The session passes the tokens to the client; the client does not import the session. */
export function connectSession(next: Hooks): void {
  hooks = next;
}

/**
 * A page polls fewer addresses than this. The map must be limited, because a moving time range makes a new address each
 * time.
 */
const KEPT_ANSWERS = 24;

const sender = {
  url: "", // `reach` stores the failure
  token: () => hooks.token(),
  fetch: reach,
  json: { parse, stringify },
};
const hiding = asking({ ...sender, keep: KEPT_ANSWERS, personal: "hide" });
/** These answers can have personal values, so none of them is kept. */
const showing = asking(sender);

/**
 * Send one request to the API, without repeating it: the query or its reader decides what is repeated, and when. Raises
 * ApiError, NotReached.
 */
export const askFully: Ask = (method, path, call) =>
  (isAboutShown(call) ? showing : hiding)(method, path, call).catch((error: unknown) => {
    if (error instanceof NotReached)
      connection.update((now) => ({ ...now, downSince: now.downSince ?? Date.now() }));
    throw error;
  });

/** Return whether a request is about the job whose personal fields are shown. */
function isAboutShown({ path }: Sending & { path?: Readonly<Record<string, unknown>> | undefined }): boolean {
  return path?.job_id !== undefined && path.job_id === shownJob.get();
}

/** Do the same, but return the answer without its headers. */
export async function ask<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  call: Input<Operation<M, P>> & Sending,
): Promise<Answer<Operation<M, P>>> {
  return (await askFully(method, path, call)).body;
}

/** Send a request, or use the answer to an early request. Update the session and the network state from the answer. */
async function reach(path: string, init: RequestInit): Promise<Response> {
  const url = config().apiUrl + path;
  const token = hooks.token();
  const reads = init.method === "GET";
  const answer = await ((reads ? takeEarly(url, token) : undefined) ?? fetch(url, init));
  const failing = answer.status >= 500;
  connection.update(({ lastOk }) => ({ lastOk: failing ? lastOk : Date.now(), downSince: null, failing }));
  if (answer.status === 401 && token === hooks.token()) hooks.onUnauthorized();
  if (!reads && answer.ok) moved();
  return answer;
}
