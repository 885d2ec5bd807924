import SwaggerUI, { type System } from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { accessible, nameControls } from "./accessible";
import { errorsFolded } from "./errors";
import { inline } from "./inline";

/** Show an OpenAPI document; requests that the user tries out contain the token. */
export function render(into: HTMLElement, spec: object, token: () => string): void {
  nameControls(into);
  SwaggerUI({
    domNode: into,
    spec,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    validatorUrl: null,
    requestInterceptor: (request) => ({
      ...request,
      headers: { ...request.headers, Authorization: `Bearer ${token()}` },
    }),
    plugins: [asText, accessible, errorsFolded],
  });
}

/** Show descriptions as plain text: Swagger UI would make HTML from them, which the page's policy refuses. */
function asText({ React }: System) {
  const Markdown = ({ source }: { source?: string }) =>
    source
      ? React.createElement(
          "p",
          { className: "renderedMarkdown" },
          ...inline(source).map(({ tag, text }) => (tag ? React.createElement(tag, {}, text) : text)),
        )
      : null;
  return { components: { Markdown } };
}
