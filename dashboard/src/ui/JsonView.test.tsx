import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { JsonView } from "./JsonView";

test("a document of 10,000 lines draws only what is in view", () => {
  render(<JsonView value={Array.from({ length: 10_000 }, (_, n) => n)} label="Payload" />);
  const box = screen.getByRole("region", { name: "Payload" });
  expect(box.querySelectorAll("div.absolute").length).toBeLessThan(150);
  expect((box.firstElementChild as HTMLElement).style.height).toBe("240048px");
});

test("markup in a value is text", () => {
  render(<JsonView value={{ html: "<img src=x onerror=alert(1)>" }} label="Payload" />);
  expect(document.querySelector("img")).toBeNull();
  expect(screen.getByRole("region").textContent).toContain("<img src=x");
});

test("a part is folded and opened", async () => {
  const user = userEvent.setup();
  render(<JsonView value={{ a: { b: 1, c: 2 } }} label="Payload" />);
  await user.click(screen.getByRole("button", { name: "Fold $.a" }));
  expect(screen.getByRole("region").textContent).toContain("{ 2 keys }");
  expect(screen.queryByText('"b"', { exact: false })).toBeNull();
  await user.click(screen.getByRole("button", { name: "Fold $.a" }));
  expect(screen.getByRole("region").textContent).toContain('"b"');
});
