import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";
import { setConfig } from "@/config";

beforeEach(() => setConfig({ apiUrl: "http://api.test", stage: "test", region: "us-east-1" }));
afterEach(cleanup);
