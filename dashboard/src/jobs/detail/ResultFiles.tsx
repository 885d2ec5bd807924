import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { buttonClass } from "@/ui/Button";
import { IconExternal } from "@/ui/icons";
import { Skeleton } from "@/ui/states";
import { csvRows, type ResultFile } from "./preview";
import { t } from "@/texts/en/detail";

/** Show the files to which a result links: pictures and tables on the page, others as links. */
export function ResultFiles({ files }: { files: ResultFile[] }) {
  return (
    <ul className="flex min-w-0 flex-col gap-3">
      {files.map((file) => (
        <li key={file.url} className="min-w-0">
          {file.kind === "image" && <Picture file={file} />}
          {file.kind === "csv" && <Table file={file} />}
          <a href={file.url} target="_blank" rel="noopener noreferrer" className={buttonClass("plain", "sm")}>
            <IconExternal width={13} height={13} />
            <span className="max-w-64 truncate">{t.open(file.name)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

async function load(url: string): Promise<Blob> {
  const answer = await fetch(url);
  if (!answer.ok)
    throw new Error(answer.status === 403 ? t.theLinkHasExpired : t.theStorageAnswered(answer.status));
  return answer.blob();
}

const useFile = (file: ResultFile) =>
  useQuery({ queryKey: ["file", file.url], queryFn: () => load(file.url), staleTime: Infinity, retry: 1 });

function Picture({ file }: { file: ResultFile }) {
  const { data, error } = useFile(file);
  const url = useObjectUrl(data);
  if (error) return <NoPreview error={error} />;
  if (!url) return <Skeleton className="mb-2 h-48 w-full" />;
  return (
    <div className="mb-2 flex justify-center border border-line bg-bg p-2">
      <img src={url} alt={t.resultFile(file.name)} className="max-h-80 max-w-full object-contain" />
    </div>
  );
}

/** Show a file as a picture only if it has a picture's content type, whatever its name is. */
function useObjectUrl(blob: Blob | undefined): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!blob) return;
    const made = URL.createObjectURL(blob);
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the address lives exactly as long as this effect
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return url;
}

function Table({ file }: { file: ResultFile }) {
  const { data: blob } = useFile(file);
  const { data, error } = useQuery({
    queryKey: ["file-text", file.url],
    queryFn: async () => csvRows(await (blob ?? (await load(file.url))).slice(0, 20_000).text()),
    staleTime: Infinity,
    retry: 1,
  });
  if (error) return <NoPreview error={error} />;
  if (!data) return <Skeleton className="mb-2 h-32 w-full" />;
  const [head = [], ...rows] = data;
  return (
    <div
      role="region"
      aria-label={t.previewOf(file.name)}
      tabIndex={0}
      className="mb-2 max-h-64 overflow-auto border border-line bg-bg"
    >
      <table className="nums w-full text-start text-xs">
        <thead className="text-soft">
          <tr>
            {head.map((cell, at) => (
              <th
                key={at}
                scope="col"
                className="border-b border-line px-2 py-1 text-start font-medium whitespace-nowrap"
              >
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at} className="border-b border-line last:border-0">
              {row.map((cell, i) => (
                <td key={i} className="max-w-60 truncate px-2 py-1">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function NoPreview({ error }: { error: Error }) {
  return <p className="mb-2 text-xs text-soft">{t.noPreview(error.message)}</p>;
}
