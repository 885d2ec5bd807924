import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";
import { meta } from "@/api/meta";
import { setConfig } from "@/config";
import { META } from "./meta";

// A part of the page that is loaded on demand can take seconds on a busy machine.
configure({ asyncUtilTimeout: 20_000 });
beforeEach(() => {
  setConfig({ apiUrl: "https://api.test", stage: "test", region: "us-east-1" });
  meta.set(META);
});
afterEach(cleanup);
