import { Validator } from "@cfworker/json-schema";
import { isObject, type JsonObject } from "../../src/lib/json";
import { Problem } from "../http";
import { types } from "./types";

/** The payload, if it is one of the type, or of another schema that the type has; raises 422. */
export function checkPayload(type: string, payload: unknown, schema?: object): JsonObject {
  const known = types.find((one) => one.type === type);
  if (!known)
    throw new Problem(422, "Unknown job type", `There is no job type ${type}.`, [
      { loc: ["type"], msg: "must be a known type" },
    ]);
  if (!isObject(payload))
    throw new Problem(422, "The request is not valid", "The payload is no object.", [
      { loc: ["payload"], msg: "Input should be an object" },
    ]);
  const { valid, errors } = new Validator(schema ?? known.schema, "2020-12", false).validate(payload);
  if (!valid) {
    const found = errors.map((one) => ({
      loc: ["payload", ...one.instanceLocation.split("/").slice(1)],
      msg: one.error,
    }));
    throw new Problem(
      422,
      "The payload does not match its job type",
      `The payload does not match ${type}.`,
      found,
    );
  }
  // As pydantic's own validators do, a rule that a schema cannot tell.
  if (
    type === "email.send" &&
    schema === undefined &&
    !(payload.to as unknown[] | undefined)?.length &&
    !(payload.cc as unknown[] | undefined)?.length
  ) {
    throw new Problem(
      422,
      "The payload does not match its job type",
      "The payload does not match email.send.",
      [{ loc: ["payload", "to"], msg: "needs at least one recipient" }],
    );
  }
  return payload;
}
