/**
 * An identity provider for browser tests, on the loopback address: everybody is signed in at once, as one person. Prints
 * its address as JSON, and ends when its standard input closes.
 */
import { OAuth2Server } from "oauth2-mock-server";

const provider = new OAuth2Server();
await provider.issuer.keys.generate("RS256");
provider.service.on("beforeTokenSigning", (token: { payload: Record<string, unknown> }) => {
  Object.assign(token.payload, { sub: "ada", name: "Ada Lovelace", groups: ["console-operators", "other"] });
});
await provider.start(0, "127.0.0.1");
console.log(JSON.stringify({ issuer: provider.issuer.url }));
process.stdin.on("end", () => process.exit(0)).resume();
