/** Begin a build: delete the files of the last build, and copy the repository's licence into the package. */
import { copyFileSync, rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
copyFileSync("../../LICENSE", "LICENSE");
