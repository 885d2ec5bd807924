import type { JobType } from "@/api/types";
import { isObject, type Json, type JsonObject } from "@/lib/json";

/** Return the first payload of a form: the type's example, else its required fields. */
export function starter({ example, schema }: Pick<JobType, "example" | "schema">): JsonObject {
  if (isObject(example)) return example;
  const value = valueFor(schema, schema, 0);
  return isObject(value) ? value : {};
}

/** Schemas may refer to themselves: values below this depth are left empty. */
const DEEPEST = 6;
const EMPTY: Record<string, Json> = { string: "", integer: 0, number: 0, boolean: false, array: [] };

/** Return the schema's default, its first example or choice, or an empty value of its type. */
function valueFor(schema: JsonObject, root: JsonObject, depth: number): Json {
  const { $ref, anyOf, allOf, enum: choices, examples, required, properties, type } = schema;
  for (const known of [schema.default, schema.const, first(examples), first(choices)])
    if (known !== undefined) return known;
  const inner = typeof $ref === "string" ? lookUp($ref, root) : (first(anyOf) ?? first(allOf));
  if (isObject(inner) && depth < DEEPEST) return valueFor(inner, root, depth + 1);
  if (!isObject(properties) || depth >= DEEPEST)
    return schema.minimum ?? (typeof type === "string" ? (EMPTY[type] ?? {}) : null);
  const names = Array.isArray(required) ? required.filter((name) => typeof name === "string") : [];
  return Object.fromEntries(
    names.map((name) => {
      const field = properties[name];
      return [name, isObject(field) ? valueFor(field, root, depth + 1) : null];
    }),
  );
}

function first(value: Json | undefined): Json | undefined {
  return Array.isArray(value) ? value[0] : undefined;
}

/** Follow a reference inside the document: "#/$defs/Name". */
function lookUp(ref: string, root: JsonObject): Json | undefined {
  return ref
    .replace(/^#\//, "")
    .split("/")
    .reduce<Json | undefined>((at, name) => (isObject(at) ? at[name] : undefined), root);
}
