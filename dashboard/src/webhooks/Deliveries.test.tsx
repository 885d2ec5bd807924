import { screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { showWithin } from "@/test/screen";
import { Deliveries } from "./Deliveries";

afterEach(() => vi.unstubAllGlobals());

test("a delivery of the end of a batch leads to the batch", async () => {
  const delivery = {
    ...{ id: "f32fd87c-36b1-5e4d-8085-c08500bfbb32", webhook_id: "w", job_id: null, ended: null },
    ...{ batch: "0b8f4d52-5c0a-4c55-9d6c-6f0c7c2f5a11", state: "delivered", attempts: 1, status: 204 },
    ...{ answer: "", created_at: "2026-11-29T00:00:00Z", finished_at: null, next_attempt_at: null },
  };
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ deliveries: [delivery], next_cursor: null })));
  showWithin(<Deliveries name="billing" />);
  const link = await screen.findByRole("link", { name: /0b8f4d52/ });
  expect(link.getAttribute("href")).toBe(`/batches/${delivery.batch}`);
});
