declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  import type { ReactNode } from "react";

  interface Outgoing {
    url: string;
    headers: Record<string, string>;
  }
  export type Component = (props: never) => ReactNode;
  export interface System {
    React: {
      createElement: (tag: string | Component, props: object, ...children: ReactNode[]) => ReactNode;
      Fragment: Component;
      useState: <T>(first: T) => [T, (next: T) => void];
    };
  }
  interface Plugin {
    components: Record<string, Component>;
    wrapComponents?: Record<string, (original: Component) => Component>;
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
    plugins?: ((system: System) => Plugin)[];
    onComplete?: () => void;
  }
  export default function SwaggerUI(options: Options): unknown;
}
