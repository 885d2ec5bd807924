import { act, render } from "@testing-library/react";
import { Component, type ReactNode } from "react";
import { expect, test, vi } from "vitest";
import { onDemand } from "./onDemand";

const Hello = ({ name }: { name: string }) => <p>Hello {name}</p>;
const settled = () => act(() => Promise.resolve());

test("the fallback stands until the code is there, and no longer", async () => {
  const load = vi.fn(() => Promise.resolve({ default: Hello }));
  const Late = onDemand(load);
  const { container } = render(<Late name="Ada" fallback={<i>…</i>} />);
  expect(container.textContent).toBe("…");
  await settled();
  expect(container.textContent).toBe("Hello Ada");
  expect(load).toHaveBeenCalledTimes(1);
});

test("what was fetched before is drawn at once, without its fallback", async () => {
  const Late = onDemand(() => Promise.resolve({ default: Hello }));
  await Late.load();
  expect(render(<Late name="Ada" />).container.textContent).toBe("Hello Ada");
});

test("code that does not come is told to the page's boundary", async () => {
  const Late = onDemand<{ name: string }>(() => Promise.reject(new Error("gone")));
  vi.spyOn(console, "error").mockReturnValue();
  const { container } = render(
    <Boundary>
      <Late name="Ada" />
    </Boundary>,
  );
  await settled();
  expect(container.textContent).toBe("Error: gone");
});

class Boundary extends Component<{ children: ReactNode }> {
  override state = { error: "" };
  static getDerivedStateFromError(error: unknown) {
    return { error: String(error) };
  }
  override render() {
    return this.state.error || this.props.children;
  }
}
