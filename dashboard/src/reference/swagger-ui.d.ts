declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  import type { ReactNode } from "react";

  interface Outgoing {
    url: string;
    headers: Record<string, string>;
  }
  export interface System {
    React: { createElement: (tag: string, props: object, ...children: ReactNode[]) => ReactNode };
  }
  interface Options {
    domNode: HTMLElement;
    spec: object;
    deepLinking?: boolean;
    docExpansion?: "list" | "full" | "none";
    defaultModelsExpandDepth?: number;
    displayRequestDuration?: boolean;
    filter?: boolean;
    tryItOutEnabled?: boolean;
    validatorUrl?: string | null;
    requestInterceptor?: (request: Outgoing) => Outgoing;
    plugins?: ((system: System) => { components: Record<string, (props: never) => ReactNode> })[];
    onComplete?: () => void;
  }
  export default function SwaggerUI(options: Options): unknown;
}
