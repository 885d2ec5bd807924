import { expect, test } from "vitest";
import { job } from "@/test/factories";
import { csvRows, resultFiles } from "./preview";
import { client, curl, literal, python, typescript } from "@/jobs/snippets";

test("links in a result are files only when they are web addresses", () => {
  const result = {
    url: "https://files.test/a/photo.webp?sig=1",
    files: [{ url: "https://files.test/r.csv" }, { url: "javascript:alert(1)" }, { url: "//no" }],
    deep: { deeper: { deepest: { url: "https://files.test/too-deep" } } },
  };
  expect(resultFiles(result).map((file) => [file.name, file.kind])).toEqual([
    ["photo.webp", "image"],
    ["r.csv", "csv"],
  ]);
  expect(resultFiles("https://files.test/x.png")).toEqual([]);
});

test("CSV is read with quotes, commas and line breaks in cells", () => {
  expect(csvRows('a,b\r\n"1,5","say ""hi"""\n"two\nlines",\n')).toEqual([
    ["a", "b"],
    ["1,5", 'say "hi"'],
    ["two\nlines", ""],
  ]);
});

test("snippets cannot be broken out of, and hold no token", () => {
  const evil = job("a", { payload: { text: `it's """ $(rm -rf /) \\` } });
  expect(curl(evil, "https://api.test")).toContain(String.raw`it'\''s`);
  expect(python(evil, "https://api.test").match(/"""/g)).toHaveLength(2);
  expect(curl(evil, "https://api.test")).toContain("$JOBFLOW_TOKEN");
});

test("a lone percent sign in an address is part of the name", () => {
  expect(resultFiles({ url: "https://files.test/100%25%.png" })[0]?.name).toBe("100%25%.png");
});

test("the client's call is Python: its own words for true, false and null, and whole integers", () => {
  const payload = { deep: { on: true, off: [], none: null }, order: 9007199254740993n, say: 'a "b"\n' };
  const code = client(job("j", { payload, tags: ["night"], maxAttempts: 5 }), "https://api.test");
  expect(code).toBe(
    [
      "from jobflow import JobFlow",
      "",
      'with JobFlow("https://api.test") as jobs:',
      "    job = jobs.submit(",
      '        "email.send",',
      "        {",
      '            "deep": {',
      '                "on": True,',
      '                "off": [],',
      '                "none": None,',
      "            },",
      '            "order": 9007199254740993,',
      '            "say": "a \\"b\\"\\n",',
      "        },",
      "        tags=[",
      '            "night",',
      "        ],",
      "        max_attempts=5,",
      "    )",
      "    print(jobs.result(job))",
    ].join("\n"),
  );
  expect(literal(false)).toBe("False");
});

test("the call of the TypeScript client has the real address and no token", () => {
  const code = typescript(
    job("j", { payload: { to: ["ada"] }, tags: ["night"], maxAttempts: 5 }),
    "https://api.test",
  );
  expect(code).toContain('new JobFlow({ url: "https://api.test", token: process.env.JOBFLOW_TOKEN ?? "" })');
  expect(code).toMatch(
    /jobs\.submit\("email\.send", \{\s+"to": \[\s+"ada"\s+\]\s+\}, \{\s+"tags": .*"max_attempts": 5\s+\}\);/s,
  );
});
