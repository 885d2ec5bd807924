import type { Plugin } from "vite";

const FRAME = "src/start.tsx";
/** Runs before the frame, so that what it needs must not bring the frame along. */
const FIRST = "src/main.tsx";
/** What chooses the language, and what the texts of any language need. */
const LANGUAGE = /\/src\/texts\/\w+\.ts$/;
/**
 * What the API reference shares with the console. It has texts, so it must not run with the first script, which chooses
 * their language.
 */
const SHARED = /\/src\/(?:texts\/en\/base|lib\/json|config|session\/token)\.ts$/;
/** What nearly every screen needs: a file of its own costs more than these bytes do. */
const SMALL =
  /\/src\/(?:lib\/(?:format|useRows)|live\/(?:Age|When)|ui\/(?:Field|overlay\/Popover)|jobs\/(?:StatusChip|measure|queueName|ranges|rates|trail))\.tsx?$/;
/** A page without the frame. */
const REFERENCE = "src/reference/main.ts";

interface Modules {
  getModuleInfo(id: string): { importers: readonly string[] } | null;
}

/** The chunk for a module: all that the frame needs at once is one file, because each file is one more thing to wait for. */
export function chunkOf(id: string, modules: Modules): string | null {
  const roots = ancestors(id, modules);
  const from = (root: string) => [...roots].some((one) => one.endsWith(root));
  if (id.endsWith(FIRST) || id.endsWith(".css")) return null;
  if (SHARED.test(id)) return "shared";
  if (from(FIRST) || LANGUAGE.test(id)) return "first";
  return (from(FRAME) && !from(REFERENCE)) || SMALL.test(id) ? "frame" : null;
}

/** The module and everything that imports it, however far, but for imports that wait until they are wanted. */
function ancestors(id: string, modules: Modules, found = new Set<string>()): Set<string> {
  if (found.has(id)) return found;
  found.add(id);
  modules.getModuleInfo(id)?.importers.forEach((importer) => ancestors(importer, modules, found));
  return found;
}

/** What runs as a whole before the first view is drawn. */
const RUN_AT_START = ["first", "shared", "frame", "JobsPage"];

/**
 * Has Chromium compile every function of these files while it loads them, beside the main thread. Otherwise the main thread
 * compiles each function when it is first called: a quarter of its work until the first row.
 */
export function compileAtStart(): Plugin {
  return {
    name: "compile-at-start",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        for (const name of RUN_AT_START) {
          const file = Object.values(bundle).find((one) => one.type === "chunk" && one.name === name);
          if (file?.type !== "chunk") throw new Error(`There is no file ${name} to compile at the start.`);
          file.code = `//# allFunctionsCalledOnLoad\n${file.code}`;
        }
      },
    },
  };
}

/**
 * Has the page name the frame's files, so that the browser fetches them beside the first script and not after it. The
 * first script runs as soon as it is there, and does not wait for the document and its style sheet.
 */
export function preloadFrame(): Plugin {
  return {
    name: "preload-frame",
    transformIndexHtml: {
      order: "post",
      handler: (html, { bundle, filename }) => {
        const chunks = Object.values(bundle ?? {}).filter((chunk) => chunk.type === "chunk");
        const frame = chunks.find((chunk) => chunk.moduleIds.some((id) => id.endsWith(FRAME)));
        if (!frame || filename.endsWith("reference/index.html")) return [];
        const files = [frame.fileName, ...frame.imports.filter((file) => !html.includes(file))];
        const early = html.replace('<script type="module"', '<script type="module" async');
        if (early === html) throw new Error("The page has no script that could run early.");
        return {
          html: early,
          tags: files.map((file) => ({
            tag: "link",
            attrs: { rel: "modulepreload", crossorigin: true, href: `/${file}` },
            injectTo: "head" as const,
          })),
        };
      },
    },
  };
}
