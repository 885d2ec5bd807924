/** A whole job type, as a user writes it. */
export const ONE_FILE = `# handlers/invoice_render.py
from pydantic import BaseModel, Field

from chalicelib.context import JobContext
from chalicelib.errors import PermanentError
from chalicelib.jobtype import job
from chalicelib.worker import consume


class InvoiceRender(BaseModel):
    """An invoice to render."""

    order: int = Field(ge=1, description="The order's number.", examples=[1042])
    paper: str = Field("A4", pattern="^(A4|Letter)$")


@job("invoice.render", max_attempts=5, timeout=60)
def invoice_render(payload: InvoiceRender, ctx: JobContext) -> dict:
    order = find_order(payload.order)
    if order is None:
        raise PermanentError("There is no such order.")  # failed at once
    ctx.progress(50, "Rendering")                        # seen live in the console
    return {"pages": render(order, payload.paper)}       # any other error: retried


handler = consume(invoice_render)  # the Lambda`;
