import type { Plugin } from "vite";

const FRAME = "src/start.tsx";
/** Runs before the frame, so that what it needs must not bring the frame along. */
const FIRST = "src/main.tsx";
/** What the texts of any language need: before the frame, so that they can be loaded without it. */
const TEXTS = /\/src\/texts\/\w+\.ts$/;
/** What nearly every screen needs: a file of its own costs more than these bytes do. */
const SMALL = /\/src\/(?:lib\/format|live\/When|jobs\/(?:StatusChip|trail|ranges|rates))\.tsx?$/;
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
  if (from(FIRST) || TEXTS.test(id)) return "first";
  return (from(FRAME) && !from(REFERENCE)) || SMALL.test(id) ? "frame" : null;
}

/** The module and everything that imports it, however far, but for imports that wait until they are wanted. */
function ancestors(id: string, modules: Modules, found = new Set<string>()): Set<string> {
  if (found.has(id)) return found;
  found.add(id);
  modules.getModuleInfo(id)?.importers.forEach((importer) => ancestors(importer, modules, found));
  return found;
}

/** Has the page name the frame's files, so that the browser fetches them beside the first script and not after it. */
export function preloadFrame(): Plugin {
  return {
    name: "preload-frame",
    transformIndexHtml: {
      order: "post",
      handler: (html, { bundle, filename }) => {
        const chunks = Object.values(bundle ?? {}).filter((chunk) => chunk.type === "chunk");
        const frame = chunks.find((chunk) => chunk.moduleIds.some((id) => id.endsWith(FRAME)));
        if (!frame || filename.endsWith("reference/index.html")) return [];
        return [frame.fileName, ...frame.imports.filter((file) => !html.includes(file))].map((file) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: `/${file}` },
          injectTo: "head",
        }));
      },
    },
  };
}
