import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { sentence } from "@/api/numbers/errors";
import { upload } from "@/api/types";
import { cx } from "@/lib/cx";
import { bytes } from "@/lib/format";
import { Button } from "@/ui/Button";
import { inputClass } from "@/ui/Field";
import { IconUpload } from "@/ui/icons";
import type { InputProps } from "./props";
import { t } from "@/texts/en/create";

/** Enter the key of an uploaded file: choose or drop a file, or type a key. */
export function UploadControl({ input, value, onChange }: InputProps & { value: string }) {
  const picker = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [over, setOver] = useState(false);
  const send = useMutation({ mutationFn: upload, onSuccess: (key) => onChange(key) });
  const take = (picked: File | null | undefined) => {
    if (!picked) return;
    setFile(picked);
    send.mutate(picked);
  };
  return (
    <div
      role="presentation"
      className={cx(
        "flex flex-col gap-2 border border-dashed p-3",
        over ? "border-accent-text bg-wash" : "border-strong",
      )}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files[0]);
      }}
    >
      <div className="flex flex-wrap items-center gap-3">
        <Thumbnail file={file} />
        <Button icon={<IconUpload />} onClick={() => picker.current?.click()} disabled={send.isPending}>
          {send.isPending ? t.uploading : t.chooseAFile}
        </Button>
        <p
          role="status"
          className={cx("min-w-0 flex-1 text-xs break-words", send.isError ? "text-red" : "text-soft")}
        >
          {send.isError
            ? sentence(send.error)
            : file
              ? `${file.name}, ${bytes(file.size)}${send.isSuccess ? `: ${t.uploaded}` : ""}`
              : t.orDropOneHere}
        </p>
      </div>
      <input
        ref={picker}
        type="file"
        accept="image/*"
        className="sr-only"
        tabIndex={-1}
        aria-label={t.fileToUpload}
        onChange={(event) => take(event.target.files?.[0])}
      />
      <input
        {...input}
        className={cx(inputClass, "font-mono text-xs")}
        placeholder="uploads/…"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}

function Thumbnail({ file }: { file: File | null }) {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!file?.type.startsWith("image/")) return;
    const made = URL.createObjectURL(file);
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the address lives exactly as long as this effect
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url && <img src={url} alt="" className="size-12 border border-line object-cover" />;
}
