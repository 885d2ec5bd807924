import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Schemas } from "jobflow-aws";
import { ask } from "@/api/client";
import { because } from "@/api/reason";

export type Ended = Schemas["WebhookSettings"]["statuses"] extends (infer One)[] | undefined ? One : never;
export type DeliveryState = Schemas["DeliveryRow"]["state"];

/** The settings of a webhook that a person can choose. */
export interface WebhookSettings {
  url: string;
  types: string[];
  tags: string[];
  statuses: Ended[];
}

export interface Webhook extends WebhookSettings {
  name: string;
  createdBy: string;
  rotatedAt: number;
  failures: number;
  pausedUntil: number | null;
  disabledAt: number | null;
  disabledBecause: string | null;
}

export interface Delivery {
  id: string;
  webhookId: string;
  jobId: string | null;
  /** The batch whose end is delivered, in place of a job's end. */
  batch: string | null;
  ended: string | null;
  state: DeliveryState;
  attempts: number;
  createdAt: number;
  nextAttemptAt: number | null;
  status: number | null;
  answer: string | null;
}

/** A webhook with its new secret, which no other answer contains. */
export interface NewSecret {
  name: string;
  secret: string;
}

/** All webhooks by name, and whether this stage can have webhooks. */
export const webhooks = () =>
  queryOptions({
    queryKey: ["webhooks"],
    queryFn: async ({ signal }) => {
      const found = await ask("get", "/webhooks", { signal });
      return { available: found.available, webhooks: found.webhooks.map(read) };
    },
  });

/** Requests for one page: the API looks at the newest jobs of the type page by page, also at those of other webhooks. */
const LOOKS = 5;

/**
 * The deliveries to a webhook, newest first, page by page. A page without deliveries can have a next one. `looks` is the number of requests that a page needed.
 */
export const deliveryPages = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["webhooks", name, "deliveries"],
    queryFn: async ({ pageParam, signal }) => {
      let cursor = pageParam;
      for (let look = 1; ; look++) {
        const query = { limit: 50, ...(cursor !== null && { cursor }) };
        const page = await ask("get", "/webhooks/{name}/deliveries", { path: { name }, query, signal });
        cursor = page.next_cursor;
        if (page.deliveries.length > 0 || cursor === null || look === LOOKS) {
          return { deliveries: page.deliveries.map(readDelivery), nextCursor: cursor, looks: look };
        }
      }
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });

export async function createWebhook(
  name: string,
  settings: WebhookSettings,
  reason?: string,
): Promise<NewSecret> {
  return ask("post", "/webhooks", { body: { name, ...settings, ...because(reason) } });
}

export async function changeWebhook(name: string, settings: WebhookSettings, reason?: string): Promise<void> {
  await ask("put", "/webhooks/{name}", { path: { name }, body: { ...settings, ...because(reason) } });
}

export async function rotateSecret(name: string, reason?: string): Promise<NewSecret> {
  return ask("post", "/webhooks/{name}/rotate", { path: { name }, body: because(reason) });
}

export async function enableWebhook(name: string, reason?: string): Promise<void> {
  await ask("post", "/webhooks/{name}/enable", { path: { name }, body: because(reason) });
}

export async function deleteWebhook(name: string, reason?: string): Promise<void> {
  await ask("delete", "/webhooks/{name}", { path: { name }, body: because(reason) });
}

export async function sendAgain(name: string, delivery: string, reason?: string): Promise<void> {
  await ask("post", "/webhooks/{name}/deliveries/{delivery_id}/send-again", {
    path: { name, delivery_id: delivery },
    body: because(reason),
  });
}

const time = (at: string | null | undefined) => (at == null ? null : Date.parse(at));

function read(wire: Schemas["WebhookRow"]): Webhook {
  return {
    name: wire.name,
    url: wire.url,
    types: wire.types,
    tags: wire.tags,
    statuses: wire.statuses as Ended[],
    createdBy: wire.created_by,
    rotatedAt: Date.parse(wire.rotated_at),
    failures: wire.failures,
    pausedUntil: time(wire.paused_until),
    disabledAt: time(wire.disabled_at),
    disabledBecause: wire.disabled_because,
  };
}

function readDelivery(wire: Schemas["DeliveryRow"]): Delivery {
  return {
    id: wire.id,
    webhookId: wire.webhook_id,
    jobId: wire.job_id,
    batch: wire.batch,
    ended: wire.ended,
    state: wire.state,
    attempts: wire.attempts,
    createdAt: Date.parse(wire.created_at),
    nextAttemptAt: time(wire.next_attempt_at),
    status: wire.status,
    answer: wire.answer,
  };
}
