/** Begins a build: nothing of the one before is left, and the licence of the repository lies beside the code. */
import { copyFileSync, rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
copyFileSync("../../LICENSE", "LICENSE");
