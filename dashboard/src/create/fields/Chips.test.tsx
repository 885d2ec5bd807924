import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test } from "vitest";
import { Chips } from "./Chips";

function Held({ sent }: { sent: () => void }) {
  const [values, setValues] = useState<string[]>([]);
  return (
    <form onSubmit={sent}>
      <label htmlFor="chips">Tags</label>
      <Chips input={{ id: "chips" }} values={values} onChange={setValues} />
      <output>{values.join("|")}</output>
    </form>
  );
}

test("what is typed becomes chips by Enter, comma, paste and leaving; each is taken away", async () => {
  const user = userEvent.setup();
  let sends = 0;
  render(<Held sent={() => sends++} />);
  const input = screen.getByLabelText("Tags");
  const values = () => screen.getByRole("status").textContent;
  await user.type(input, "one{Enter}two,one,");
  expect(values()).toBe("one|two");
  await user.paste("three, four\nfive");
  expect(values()).toBe("one|two|three|four|five");
  await user.click(screen.getByRole("button", { name: "Remove one" }));
  await user.type(input, "{Backspace}{Backspace}");
  expect(values()).toBe("two|three");
  await user.type(input, "  six ");
  await user.tab();
  expect(values()).toBe("two|three|six");
  expect(sends, "Enter adds and sends nothing").toBe(0);
});
