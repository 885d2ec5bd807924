import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { Act } from "./Act";

test("the button acts at once, and the one beside it with a reason, which Enter confirms", async () => {
  const act = vi.fn();
  render(<Act word="Resume" label="Resume email.send" onAct={act} />);
  await userEvent.click(screen.getByRole("button", { name: "Resume email.send" }));
  expect(act).toHaveBeenLastCalledWith("");
  await userEvent.click(screen.getByRole("button", { name: "Resume email.send, with a reason" }));
  await userEvent.type(
    await screen.findByRole("textbox", { name: "Reason" }),
    " The provider is back {Enter}",
  );
  expect(act).toHaveBeenLastCalledWith("The provider is back");
  expect(act).toHaveBeenCalledTimes(2);
});
