import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { chunkOf, compileAtStart, preloadFrame } from "./chunks.ts";
import { localRunner } from "./local.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: "/",
  plugins: [react(), tailwindcss(), preloadFrame(), compileAtStart(), localRunner()],
  resolve: {
    alias: {
      "@": here("./src"),
      // From its sources, so that a build needs nothing but this checkout.
      "jobflow-aws": here("../clients/typescript/src/index.ts"),
      // Radix locks scrolling by writing a <style> element, which the content security policy forbids.
      "react-remove-scroll": here("./src/ui/overlay/scroll-lock.tsx"),
    },
  },
  server: {
    host: "127.0.0.1",
    port: Number(process.env.DASHBOARD_PORT ?? 8080),
    fs: { allow: [here("."), here("../clients/typescript/src")] },
  },
  build: {
    target: "es2022",
    // A font or picture as a data: URL would need a wider policy than the one we ship.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: true,
    chunkSizeWarningLimit: 1600, // the renderer of the API reference, which nothing else loads
    // Two pages: the console, and the API reference that GET /docs leads to.
    rolldownOptions: {
      input: { main: here("./index.html"), reference: here("./reference/index.html") },
      output: {
        codeSplitting: {
          groups: [{ name: chunkOf, debugName: "frame" }],
          includeDependenciesRecursively: false,
        },
      },
    },
  },
  test: {
    environment: "happy-dom",
    // One window for all files takes an eighth of the time. Whoever changes a module's state puts it back.
    isolate: false,
    include: ["src/**/*.test.{ts,tsx}", "fake/**/*.test.ts"],
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
    // Typing into a form takes 1 s on a quiet machine, and more than the default of 5 s on a busy one.
    testTimeout: 30_000,
    server: { deps: { inline: [/@radix-ui/] } },
  },
});
