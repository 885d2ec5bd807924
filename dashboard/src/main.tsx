import { holdKeys } from "./lib/heldKeys";
import { warm } from "./pages";
import "./styles.css";

// The data and the page first; the frame, which is the largest part, loads meanwhile.
holdKeys();
warm(location);
const root = document.getElementById("root");
if (root) void import("./start").then(({ start }) => start(root));
