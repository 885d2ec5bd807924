import type { ReactNode, SVGProps } from "react";

/**
 * A small set of our own icons: 16 px grid, square ends, 1.5 px strokes. They are decorative: there are always words
 * beside them.
 */
function Icon({ children, ...rest }: SVGProps<SVGSVGElement> & { children: ReactNode }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      aria-hidden="true"
      focusable="false"
      {...rest}
    >
      {children}
    </svg>
  );
}

type Props = SVGProps<SVGSVGElement>;
const make = (shape: ReactNode) =>
  function Drawn(props: Props) {
    return <Icon {...props}>{shape}</Icon>;
  };

export const IconQueued = make(<path d="M3 4.5h10M3 8h10M3 11.5h6" />);
export const IconClock = make(
  <path d="M8 1.75a6.25 6.25 0 1 1 0 12.5 6.25 6.25 0 0 1 0-12.5ZM8 4.5V8l2.5 1.75" />,
);
export const IconSpinner = make(<path d="M8 1.75A6.25 6.25 0 1 1 1.75 8" />);
export const IconRetry = make(<path d="M13.5 3v3.5H10M13.2 6.5A5.6 5.6 0 1 0 13.6 9" />);
export const IconCheck = make(<path d="m2.75 8.5 3.5 3.5 7-8" strokeWidth="2" />);
export const IconCross = make(<path d="m3.5 3.5 9 9M12.5 3.5l-9 9" strokeWidth="2" />);
export const IconDead = make(
  <path d="M5.25 1.75h5.5l3.5 3.5v5.5l-3.5 3.5h-5.5l-3.5-3.5v-5.5ZM8 4.75V8.5M8 10.25v1.5" />,
);
export const IconBan = make(
  <path d="M8 1.75a6.25 6.25 0 1 1 0 12.5 6.25 6.25 0 0 1 0-12.5ZM3.6 3.6l8.8 8.8" />,
);
export const IconTrash = make(
  <path d="M2.5 4h11M6 4V2.25h4V4M4 4l.75 9.75h6.5L12 4M6.75 6.5v5M9.25 6.5v5" />,
);
export const IconSearch = make(
  <path d="M7 2.25a4.75 4.75 0 1 1 0 9.5 4.75 4.75 0 0 1 0-9.5ZM10.5 10.5l3.75 3.75" />,
);
export const IconPlus = make(<path d="M8 2.5v11M2.5 8h11" />);
export const IconClose = make(<path d="m4 4 8 8M12 4l-8 8" />);
export const IconDown = make(<path d="m4 6 4 4 4-4" />);
export const IconRight = make(<path d="m6 4 4 4-4 4" />);
export const IconLeft = make(<path d="M10 4 6 8l4 4" />);
export const IconUp = make(<path d="m4 10 4-4 4 4" />);
export const IconBlocked = make(<path d="M12.5 3v10M2 8h7M6.5 5.5 9 8l-2.5 2.5" />);
export const IconPause = make(<path d="M5.5 3v10M10.5 3v10" strokeWidth="2" />);
export const IconPlay = make(<path d="M4.5 2.75v10.5L13 8Z" />);
export const IconCopy = make(<path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />);
export const IconSun = make(
  <path d="M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3.05 3.05l1.05 1.05M11.9 11.9l1.05 1.05M12.95 3.05 11.9 4.1M4.1 11.9l-1.05 1.05" />,
);
export const IconMoon = make(<path d="M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z" />);
export const IconScreen = make(<path d="M1.75 2.75h12.5v8.5H1.75zM5.5 13.75h5" />);
export const IconColumns = make(<path d="M2 2.75h12v10.5H2zM6 2.75v10.5M10 2.75v10.5" />);
export const IconRows = make(<path d="M2 3.5h12M2 8h12M2 12.5h12" />);
export const IconBookmark = make(<path d="M4 2h8v12l-4-3-4 3Z" />);
export const IconEdit = make(<path d="M2.5 13.5v-3l8-8 3 3-8 8ZM8.75 4.25l3 3" />);
export const IconExternal = make(<path d="M9 2.5h4.5V7M13.5 2.5 7 9M6.5 3.5h-4v10h10v-4" />);
export const IconUpload = make(<path d="M8 11V2.5M4.5 6 8 2.5 11.5 6M2.5 13.5h11" />);
export const IconAlert = make(<path d="M8 2 1.5 13.5h13ZM8 6.5v3.25M8 11v1.25" />);
export const IconUser = make(
  <path d="M8 2.25a2.75 2.75 0 1 1 0 5.5 2.75 2.75 0 0 1 0-5.5ZM2.5 14c.5-3 2.5-4.25 5.5-4.25S13 11 13.5 14" />,
);
export const IconKeyboard = make(<path d="M1.5 4h13v8h-13zM4 6.75h.75M7 6.75h.75M10 6.75h.75M4.5 9.5h7" />);
export const IconJobs = make(<path d="M2 3h5v4H2zM9 5h5M2 10h5v3H2zM9 11.5h5" />);
export const IconQueues = make(<path d="M2 3h12v2.5H2zM2 7h9v2.5H2zM2 11h5.5v2.5H2z" />);
export const IconErrors = IconAlert;
export const IconFilter = make(<path d="M2 3h12l-4.5 5.5v5l-3-1.5V8.5Z" />);
export const IconArrowRight = make(<path d="M2.5 8h11M9 3.5 13.5 8 9 12.5" />);
