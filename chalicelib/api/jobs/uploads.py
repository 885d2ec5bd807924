"""Serve upload forms for files that jobs read."""

from chalicelib.api.http.endpoint import Call, Endpoints, Unaudited
from chalicelib.api.models.responses import UploadForm
from chalicelib.api.models.schemas import NewUpload
from chalicelib.api.models.views import upload_form
from chalicelib.assembly import parts

endpoints = Endpoints()


@endpoints.post(
    "/uploads",
    UploadForm,
    body=NewUpload,
    examples={"a picture": {"content_type": "image/png", "bytes": 81920}},
    audit=Unaudited("nothing is stored before the file is uploaded, for a job to be made"),
)
def create_upload(call: Call) -> UploadForm:
    """Return a form that uploads one image directly to S3 within five minutes; put its key into a job's payload."""
    return upload_form(parts.uploads.permit(call.body.content_type, call.body.bytes))
