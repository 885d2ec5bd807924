/** An OpenAPI document as far as this page reads it itself. */
export interface Described {
  info: { title: string };
  tags?: { name: string }[];
  paths?: Record<string, Record<string, { tags?: string[] } | undefined>>;
}

/** Return the groups of an OpenAPI document in the order in which they are shown, each with the number of its calls. */
export function groupsOf({ tags = [], paths = {} }: Described): { name: string; calls: number }[] {
  const counts = new Map(tags.map(({ name }) => [name, 0]));
  for (const operations of Object.values(paths))
    for (const operation of Object.values(operations))
      for (const tag of operation?.tags ?? []) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].map(([name, calls]) => ({ name, calls })).filter(({ calls }) => calls > 0);
}

/** Fill the list beside the calls with a link for each group. The links scroll, because Swagger UI owns the address. */
export function showContents(into: HTMLElement, described: Described): void {
  into.replaceChildren(...groupsOf(described).map(({ name, calls }) => entry(name, calls)));
}

function entry(name: string, calls: number): HTMLElement {
  const link = document.createElement("a");
  link.href = `#/${encodeURIComponent(name)}`;
  const title = document.createElement("span");
  title.textContent = name;
  const count = document.createElement("span");
  count.textContent = String(calls);
  link.append(title, count);
  link.onclick = (event) => {
    const heading = headingOf(name);
    if (!heading) return;
    event.preventDefault();
    heading.scrollIntoView({ block: "start" });
    heading.querySelector<HTMLElement>("button")?.focus({ preventScroll: true });
  };
  return link;
}

const headingOf = (name: string) =>
  [...document.querySelectorAll<HTMLElement>(".opblock-tag")].find((one) => one.dataset.tag === name);
