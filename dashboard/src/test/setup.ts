import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";
import { meta } from "@/api/meta";
import { setConfig } from "@/config";
import { META } from "./meta";

beforeEach(() => {
  setConfig({ apiUrl: "https://api.test", stage: "test", region: "us-east-1" });
  meta.set(META);
});
afterEach(cleanup);
