import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { detail } from "@/test/factories";
import { Payload } from "./JobAside";
import { t } from "@/texts/en/detail";

test("a payload that is not in the answer is said to be missing, not to be null", () => {
  const job = detail("completed", []);
  const { rerender } = render(<Payload job={job} />);
  expect(screen.queryByText(t.payloadNotHere)).toBeNull();
  rerender(<Payload job={{ ...job, payload: null, payloadBytes: 3_500_000 }} />);
  expect(screen.getByText(t.payloadNotHere)).toBeTruthy();
  expect(document.body.textContent).not.toContain("null");
});
