import { lazy, Suspense, useState } from "react";
import { Button } from "@/ui/Button";
import { IconCheck } from "@/ui/icons";
import { t } from "@/texts/en/detail";

const PostEvent = lazy(() => import("./PostEvent"));

/** Offer to post the event that the job waits for. */
export function PostEventButton({ jobId, name }: { jobId: string; name: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        size="sm"
        tone="primary"
        icon={<IconCheck width={13} height={13} />}
        className="max-w-full sm:ms-auto"
        onClick={() => setOpen(true)}
      >
        <span className="truncate">{t.postEvent(name)}</span>
      </Button>
      {open && (
        <Suspense>
          <PostEvent jobId={jobId} name={name} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
