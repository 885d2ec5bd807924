import { lazy, Suspense, useState } from "react";
import { Button } from "@/ui/Button";
import { IconTrash } from "@/ui/icons";
import { t } from "@/texts/en/detail";

const DeleteJob = lazy(() => import("./DeleteJob"));

/** Offer to delete a finished job. */
export function DeleteJobButton({ jobId }: { jobId: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button tone="danger" icon={<IconTrash />} onClick={() => setOpen(true)}>
        {t.deleteJob}
      </Button>
      {open && (
        <Suspense>
          <DeleteJob jobId={jobId} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
