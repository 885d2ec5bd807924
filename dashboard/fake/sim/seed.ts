import { Sim, type SimOptions } from "./sim";
import { examplePayload, types } from "./types";
import { iso } from "./model";
import { pick } from "./rng";
import { decide, lasts, tagsFor } from "./outcomes";

const MINUTE = 60_000;

/** A system with a past: `jobs` jobs over the last six hours, all run to their end, and a few that wait. */
export function seeded(options: SimOptions, jobs: number): Sim {
  const now = options.clock();
  let at = now - 6 * 60 * MINUTE;
  const sim = new Sim({ ...options, clock: () => at });
  const gap = (now - at) / Math.max(1, jobs);
  for (let n = 0; n < jobs; n++) {
    // Busier and quieter times.
    at += gap * (1 + 0.6 * Math.sin(n / 60)) * (0.4 + 1.2 * sim.random());
    if (at > now - MINUTE / 2) break;
    const { type } = pick(sim.random, types);
    const job = sim.add(type, examplePayload(type, sim.random), { tags: tagsFor(sim.random) });
    let clock = at + 40 + sim.random() * 900;
    while (job.status === "queued" || job.status === "retrying") {
      sim.claim(job, clock);
      clock += lasts(job, sim.random);
      const world = { random: sim.random, files: new Set<string>(), filesUrl: options.filesUrl, now: clock };
      sim.settle(job, clock, decide(job, world));
      if (job.status === "retrying") clock = job.nextAttemptAt ?? clock;
    }
  }
  at = now;
  const live = Object.assign(new Sim(options), { jobs: sim.jobs, minutes: sim.minutes });
  if (jobs > 0) {
    live.deploys.push(
      { at: iso(now - 240 * MINUTE), version: "v0.4.0" },
      { at: iso(now - 25 * MINUTE), version: "v0.4.1-2-g3c1f9ab" },
    );
    for (const hours of [1, 20]) {
      live.add(
        "report.generate",
        { hours: 24, formats: ["html"] },
        { status: "scheduled", nextAttemptAt: now + hours * 60 * MINUTE, tags: ["nightly"] },
      );
    }
    live.add(
      "email.send",
      { to: ["ada@example.com"], subject: "Never sent" },
      {
        status: "cancelled",
        createdAt: now - 9 * MINUTE,
        updatedAt: now - 8 * MINUTE,
        finishedAt: now - 8 * MINUTE,
      },
    );
  }
  return live;
}
