import { inline } from "./inline";
import type { Component, System } from "swagger-ui-dist/swagger-ui-es-bundle.js";

/** What Swagger UI gives to the row of one response. */
interface Documented {
  code: string;
  response: { get: (name: "description") => unknown };
}

/**
 * Show an error of a call as one line, with a button that opens its body and headers: all errors have the same body, so
 * nine of them would be nine times the same page.
 */
export function errorsFolded({ React }: System) {
  const { createElement: element, useState } = React;
  const folded = (Response: Component) =>
    function Folded(props: Documented) {
      const [open, setOpen] = useState(false);
      const { code, response } = props;
      if (!/^[45]/.test(code)) return element(Response, props);
      const said = response.get("description");
      const description = typeof said === "string" ? said : "";
      const line = element(
        "tr",
        { className: "response response-error" },
        element("td", { className: "response-col_status" }, code),
        element(
          "td",
          { className: "response-col_description" },
          element(
            "span",
            {},
            ...inline(description).map(({ tag, text }) => (tag ? element(tag, {}, text) : text)),
          ),
          element(
            "button",
            {
              type: "button",
              className: "fold",
              "aria-expanded": open,
              "aria-label": `Body and headers of ${code}: ${description}`,
              onClick: () => setOpen(!open),
            },
            open ? "Hide body" : "Show body",
          ),
        ),
      );
      return element(React.Fragment, {}, line, open ? element(Response, props) : null);
    };
  return { components: {}, wrapComponents: { response: folded } };
}
