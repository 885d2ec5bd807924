import type { Component, System } from "swagger-ui-dist/swagger-ui-es-bundle.js";

/** Add what Swagger UI lacks for screen readers and keyboards. */
export function accessible({ React }: System) {
  // In Swagger UI, a path is a link inside the button that opens its operation, which is not valid HTML. Remove the
  // link; the address still names the open operation.
  const DeepLink = ({ text }: { text?: string }) =>
    React.createElement("span", { className: "nostyle" }, text);
  const underHeading = (Operations: Component) => (props: object) =>
    React.createElement(
      "section",
      { "aria-label": "Calls" },
      React.createElement("h2", { className: "calls" }, "Calls"),
      React.createElement(Operations, props),
    );
  return { components: { DeepLink }, wrapComponents: { operations: underHeading } };
}

const NAMES: Record<string, string> = {
  "select.examples-select-element": "Example",
  "select.content-type": "Media type",
  "textarea.body-param__text": "Request body",
  "input.operation-filter-input": "Filter by tag or path",
};

const REGIONS: Record<string, string> = { ".information-container": "About", ".filter-container": "Filter" };

/**
 * Return the method and path of the operation that contains an element: several open operations have elements with the
 * same names.
 */
function callOf(part: Element): string {
  const call = part.closest(".opblock");
  return [".opblock-summary-method", ".opblock-summary-path"]
    .map((selector) => call?.querySelector(selector)?.textContent ?? "")
    .join(" ");
}

/**
 * Name the controls and regions that have no name, and let users scroll by keyboard, whenever such an element appears.
 */
export function nameControls(root: HTMLElement): void {
  const mend = () => {
    for (const [selector, name] of Object.entries(NAMES)) {
      for (const control of root.querySelectorAll(`${selector}:not([aria-label])`)) {
        control.setAttribute("aria-label", name);
      }
    }
    for (const [selector, name] of Object.entries(REGIONS)) {
      const region = root.querySelector(`${selector}:not([role])`);
      region?.setAttribute("role", "region");
      region?.setAttribute("aria-label", name);
    }
    for (const control of root.querySelectorAll(
      "[data-param-name] :is(select, input, textarea):not([aria-label])",
    )) {
      const parameter = control.closest<HTMLElement>("[data-param-name]");
      control.setAttribute("aria-label", parameter?.dataset.paramName ?? "");
    }
    for (const table of root.querySelectorAll(".responses-table[role]:not([aria-label])")) {
      table.setAttribute("aria-label", `Responses of ${callOf(table)}`);
    }
    for (const code of root.querySelectorAll("pre:not([tabindex])")) code.setAttribute("tabindex", "0");
  };
  new MutationObserver(mend).observe(root, { childList: true, subtree: true });
}
