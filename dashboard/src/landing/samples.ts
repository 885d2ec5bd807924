import { t } from "@/texts/en/landing";
/** A complete job type, as a user writes it. */
export const ONE_FILE = `# handlers/invoice_render.py
from pydantic import BaseModel, Field

from chalicelib import JobContext, PermanentError, consume, job


class InvoiceRender(BaseModel):
    """An invoice to render."""

    order: int = Field(ge=1, description="The order's number.", examples=[1042])
    paper: str = Field("A4", pattern="^(A4|Letter)$")


@job("invoice.render", max_attempts=5, timeout=60)
def invoice_render(payload: InvoiceRender, ctx: JobContext) -> dict:
    order = find_order(payload.order)
    if order is None:
        raise PermanentError("Order not found.")    # failed at once
    ctx.progress(50, "Rendering")                   # shown in the console
    return {"pages": render(order, payload.paper)}  # any other error: retried


handler = consume(invoice_render)  # the Lambda`;

/** Output of `make dev`. */
export const UP = `JobFlow is up in 2.89 s
  API        http://127.0.0.1:8000
  Dashboard  http://localhost:8080`;

/** A first job with curl, and the answer. */
export const FIRST_CALL: readonly (readonly [line: string, said: "typed" | "answered"])[] = [
  ['$ curl $API/jobs -H "Authorization: Bearer $TOKEN" \\', "typed"],
  ["  -H 'Content-Type: application/json' -d '{", "typed"],
  ['    "type": "email.send",', "typed"],
  ['    "payload": {"to": ["ada@example.com"],', "typed"],
  ['                "subject": "Shipped",', "typed"],
  ['                "text": "It is on its way."}}\'', "typed"],
  ["", "answered"],
  ["201 Created", "answered"],
  ['{"id": "5f0c9f52-…", "status": "queued",', "answered"],
  [' "attempts": 0, "max_attempts": 3, …}', "answered"],
];

/** What JobFlow makes from one file. */
export const FOLLOWS = [
  t.accepts,
  t.aFormInThis,
  t.aQueueAndA,
  t.aLambdaFunctionWith,
  t.retriesProgressLogsPercentiles,
] as const;
