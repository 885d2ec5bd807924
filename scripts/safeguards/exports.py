"""List the safeguards of exports: each finished job of a day is in the parts of a manifest exactly once."""

from scripts.safeguards.safeguard import Safeguard

EXPORTS_TESTS = ("tests/chalicelib/builtin/test_exports.py",)

EXPORTS = (
    Safeguard(
        "an export goes on behind the last part that was noted",
        "chalicelib.builtin.exports:export",
        "work.so_far()",
        "Progress()",
        EXPORTS_TESTS,
    ),
    Safeguard(
        "a part is there before it is noted",
        "chalicelib.builtin.exports:Export.part",
        """
self.bucket.write(key, gzip.compress(b''.join(lines), mtime=0), 'application/gzip')
done = Progress([*progress.parts, [key, len(lines)]], unfinished, position, ended)
self.bucket.write(self._note, json.dumps(asdict(done)).encode(), 'application/json')
""",
        """
done = Progress([*progress.parts, [key, len(lines)]], unfinished, position, ended)
self.bucket.write(self._note, json.dumps(asdict(done)).encode(), 'application/json')
self.bucket.write(key, gzip.compress(b''.join(lines), mtime=0), 'application/gzip')
""",
        EXPORTS_TESTS,
    ),
    Safeguard(
        "an export whose time ends comes again before it is cut off",
        "chalicelib.builtin.exports:export",
        "not progress.ended and ctx.remaining_seconds() < 2 * RESERVE",
        "False",
        EXPORTS_TESTS,
    ),
    Safeguard(
        "a day that is not over is not exported",
        "chalicelib.builtin.exports:JobExport.start",
        "day >= today",
        "False",
        EXPORTS_TESTS,
    ),
    Safeguard(
        "a job that has not finished is left out of an export",
        "chalicelib.builtin.exports:Export._lines",
        "job.terminal",
        "True",
        EXPORTS_TESTS,
    ),
    Safeguard(
        "another export of a day has a folder of its own",
        "chalicelib.builtin.exports:export",
        "f\"{prefix.strip('/')}/{day}/{ctx.job_id}-{ctx.job.gen}\"",
        "f\"{prefix.strip('/')}/{day}\"",
        EXPORTS_TESTS,
    ),
)
