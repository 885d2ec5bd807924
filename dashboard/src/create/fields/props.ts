import type { Json } from "@/lib/json";
import type { FieldSpec } from "./controls";
import type { Problems } from "./problems";

export interface SchemaFieldProps {
  field: FieldSpec;
  value: Json | undefined;
  problems: Problems;
  /** undefined removes the field, so that the API uses its default. */
  onChange: (next: Json | undefined) => void;
}

export interface InputProps {
  input: { id: string; "aria-describedby"?: string; "aria-invalid"?: true };
  value: Json | undefined;
  onChange: (next: Json | undefined) => void;
}
