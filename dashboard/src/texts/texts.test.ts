import { expect, onTestFinished, test, vi } from "vitest";
import { chooseLanguage } from "./texts";

test("the stored language comes first, then the browser's languages in their order, then English", () => {
  expect(chooseLanguage("en", ["de-AT"])).toBe("en");
  expect(chooseLanguage(undefined, ["de-AT", "en"])).toBe("de");
  expect(chooseLanguage(undefined, ["fr-FR", "DE", "en"])).toBe("de");
  expect(chooseLanguage("xx", ["fr-FR"])).toBe("en");
});

const modules = import.meta.glob<Record<string, unknown>>("./{en,de}/*.ts", { eager: true });

function rooms(language: "en" | "de"): Map<string, Record<string, unknown>> {
  return new Map(
    Object.entries(modules).flatMap(([path, module]) => {
      const [, code, room = ""] = /^\.\/(\w+)\/(\w+)\.ts$/.exec(path) ?? [];
      const texts = language === "en" ? module.english : module[room];
      return code === language && room !== "index" ? [[room, texts as Record<string, unknown>]] : [];
    }),
  );
}

test("German has the rooms and the texts of English, each a text or a function of the same arguments", () => {
  const [english, german] = [rooms("en"), rooms("de")];
  expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
  for (const [room, texts] of english) {
    const other = german.get(room) ?? {};
    expect(Object.keys(other).sort(), room).toEqual(Object.keys(texts).sort());
    for (const [key, text] of Object.entries(texts)) expect(typeof other[key], key).toBe(typeof text);
  }
});

test("once German is spoken, texts, plural forms and numbers are German", async () => {
  vi.resetModules();
  onTestFinished(() => {
    vi.resetModules();
  });
  const { speak } = await import("./texts");
  speak("de", (await import("./de")).german);
  const { t } = await import("./en/health");
  const { count, decimal, plural } = await import("./numbers");
  const { dayMonth, relative } = await import("@/lib/time");
  expect(t.allHealthyUnfinished(1)).toBe("Alles in Ordnung. 1 offener Job.");
  expect(t.allHealthyUnfinished(2000)).toBe("Alles in Ordnung. 2.000 offene Jobs.");
  expect([count(1234.5), decimal(4.25, 1)]).toEqual(["1.234,5", "4,3"]);
  expect([plural(0, "Job", "Jobs"), plural(1, "Job", "Jobs")]).toEqual(["0 Jobs", "1 Job"]);
  expect(relative(0, 60_000)).toBe("vor 1 min");
  expect(dayMonth(Date.parse("2026-03-05"), "utc")).toBe("05. März");
});
