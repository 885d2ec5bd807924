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

test("a text is found also in a folded part, and Enter goes from match to match", async () => {
  const user = userEvent.setup();
  const value = { items: Array.from({ length: 20 }, (_, n) => ({ sku: `S-${n}`, price: 7 })) };
  render(<JsonView value={value} label="Payload" />);
  await user.click(screen.getByRole("button", { name: "Fold $.items" }));
  const search = screen.getByRole("searchbox", { name: "Search: Payload" });
  await user.type(search, "s-1");
  expect(screen.getByRole("status").textContent).toBe("11 found, Enter shows the next");
  await user.keyboard("{Enter}{Enter}");
  expect(screen.getByRole("status").textContent).toBe("2 of 11");
  expect(screen.getByRole("button", { name: "Copy the path $.items[10].sku" })).toBeTruthy();
});

test("the path of a value can be copied", async () => {
  const user = userEvent.setup();
  render(<JsonView value={{ to: ["ada"], meta: { crop: 1 } }} label="Payload" />);
  await user.click(screen.getByText('"crop"'));
  await user.click(screen.getByRole("button", { name: "Copy the path $.meta.crop" }));
  expect(await navigator.clipboard.readText()).toBe("$.meta.crop");
});

test("a text that does not fit into its line is shown whole when it is chosen, also one without a name", async () => {
  const user = userEvent.setup();
  const text = "فاتورة شهر نوفمبر جاهزة · ".repeat(9);
  render(<JsonView value={[text, "short"]} label="Payload" />);
  expect(screen.queryByRole("region", { name: "The whole text" })).toBeNull();
  await user.click(screen.getByRole("button", { name: JSON.stringify(text).replace(/\s+/g, " ") }));
  const whole = screen.getByRole("region", { name: "The whole text" });
  expect([whole.textContent, whole.getAttribute("dir")]).toEqual([text, "auto"]);
  screen.getByRole("button", { name: "Copy the path $[0]" });
});
