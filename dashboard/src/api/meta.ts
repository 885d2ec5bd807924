import { createStore } from "@/lib/store";
import { ask } from "./client";
import type { WireMeta } from "./wire";

/** The sets of statuses and the limits of the API, which do not change while it runs; null until they are loaded. */
export const meta = createStore<WireMeta | null>(null);

let asked: Promise<void> | null = null;

/** Load them once; after a failure, the next call tries again. */
export async function loadMeta(): Promise<void> {
  if (meta.get()) return;
  asked ??= ask("get", "/meta", {})
    .then(meta.set)
    .finally(() => (asked = null));
  await asked;
}
