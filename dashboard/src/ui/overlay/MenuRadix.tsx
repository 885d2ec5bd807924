import * as Radix from "@radix-ui/react-dropdown-menu";
import type { ReactElement } from "react";
import { IconCheck } from "@/ui/icons";
import type { Check, MenuEntry } from "./menuEntries";

const ITEM =
  "flex min-h-8 cursor-default items-center gap-2 px-2.5 text-sm text-text outline-none select-none data-[highlighted]:bg-hover data-[disabled]:text-faint";

/** The menu itself, open from the start, because its button was pressed. */
export default function MenuRadix({ trigger, entries }: { trigger: ReactElement; entries: MenuEntry[] }) {
  return (
    <Radix.Root modal={false} defaultOpen>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      {/* Inside the page's landmark, so that its content belongs to a region. */}
      <Radix.Portal container={document.getElementById("main")}>
        <Radix.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          tabIndex={0} // on a small screen it scrolls
          onCloseAutoFocus={keepFocus}
          className="pop z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-44 overflow-y-auto border border-strong bg-panel py-1 shadow-float"
        >
          {entries.map((entry, at) => (
            <Entry key={at} entry={entry} />
          ))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** If an action has moved the focus, leave it there; else return it to the trigger. */
function keepFocus(event: Event): void {
  if (document.activeElement !== document.body) event.preventDefault();
}

function Entry({ entry }: { entry: MenuEntry }) {
  switch (entry.kind) {
    case "line":
      return <Radix.Separator className="my-1 h-px bg-line" />;
    case "text":
      return <div className="px-2.5 py-1.5 text-sm">{entry.text}</div>;
    case "label":
      return <Label text={entry.text} />;
    case "item":
      return (
        <Radix.Item className={ITEM} onSelect={entry.run}>
          <span className="flex w-4 justify-center text-soft">{entry.icon}</span>
          <span className="min-w-0 flex-1">{entry.text}</span>
          {entry.hint && <span className="font-mono text-2xs text-faint">{entry.hint}</span>}
        </Radix.Item>
      );
    case "check":
      return <CheckItem {...entry} />;
    case "checks":
      return (
        <Radix.Group aria-label={entry.label}>
          <Label text={entry.label} />
          <div className="grid grid-cols-2">
            {entry.options.map((one) => (
              <CheckItem key={one.text} {...one} />
            ))}
          </div>
        </Radix.Group>
      );
    case "radio":
      return (
        <Radix.RadioGroup value={entry.value} onValueChange={entry.set} aria-label={entry.label}>
          <Label text={entry.label} />
          {entry.options.map(([option, text]) => (
            <Radix.RadioItem key={option} value={option} className={ITEM}>
              <Mark on={option === entry.value} />
              {text}
            </Radix.RadioItem>
          ))}
        </Radix.RadioGroup>
      );
  }
}

function CheckItem({ text, hint, checked, set }: Check) {
  return (
    <Radix.CheckboxItem
      className={ITEM}
      checked={checked}
      onCheckedChange={set}
      onSelect={(event) => event.preventDefault()}
    >
      <Mark on={checked} />
      <span className="min-w-0 flex-1">
        {text}
        {hint && <span className="block text-2xs text-faint">{hint}</span>}
      </span>
    </Radix.CheckboxItem>
  );
}

function Label({ text }: { text: string }) {
  return (
    <Radix.Label className="px-2.5 pt-2 pb-1 text-2xs font-medium tracking-wide text-faint uppercase">
      {text}
    </Radix.Label>
  );
}

function Mark({ on }: { on: boolean }) {
  return (
    <span className="flex w-4 justify-center text-accent-text">
      {on && <IconCheck width={12} height={12} />}
    </span>
  );
}
