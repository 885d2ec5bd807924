"""Test which versions a new repository pins."""

from jobflow import __version__
from jobflow.project import pins

LOCK = """\
annotated-types==0.8.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via pydantic
django==5.2.19 ; python_full_version < '3.12' \\
    --hash=sha256:cc
    # via moto
django==6.1.3 ; python_full_version >= '3.12' \\
    --hash=sha256:dd
"""


def test_each_library_keeps_its_hashes_and_its_markers() -> None:
    found = pins.blocks(LOCK)
    assert found["annotated-types"] == "annotated-types==0.8.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb"
    assert [line.split(" \\")[0] for line in found["django"].splitlines()[::2]] == [
        "django==5.2.19 ; python_full_version < '3.12'", "django==6.1.3 ; python_full_version >= '3.12'",
    ]  # fmt: skip


def test_what_a_distribution_needs_is_followed_with_the_extras_that_are_asked_for() -> None:
    found = pins.reached("typer")
    assert {"typer", "rich", "markdown-it-py", "mdurl"} <= found
    assert "sphinx" not in found, "an extra that nobody asked for"


def test_what_was_installed_from_no_file_is_pinned_by_version_alone() -> None:
    assert pins.requirements() == f"jobflow-aws=={__version__}\njobflow-aws-platform=={__version__}\n"


OLD = """\
# Our tools. Keep this line.
jobflow-aws==0.1.0 \\
    --hash=sha256:01
jobflow-aws-platform==0.1.0 \\
    --hash=sha256:02
rich==14.0.0 \\
    --hash=sha256:03 \\
    --hash=sha256:04
mine==1.2.3 \\
    --hash=sha256:05
"""
NEW = """\
jobflow-aws==0.3.0 \\
    --hash=sha256:a1
jobflow-aws-platform==0.3.0 \\
    --hash=sha256:a2
anyio==4.0.0 \\
    --hash=sha256:a5
rich==15.0.0 \\
    --hash=sha256:a3
"""


def test_an_upgrade_pins_the_new_version_and_keeps_the_lines_of_the_repository() -> None:
    found = pins.renewed(OLD, NEW)
    assert pins.blocks(found) == {**pins.blocks(NEW), "mine": pins.blocks(OLD)["mine"]}
    assert found.startswith("# Our tools. Keep this line.\njobflow-aws==0.3.0")
    assert pins.renewed(found, NEW) == found


def test_lines_without_hashes_are_renewed_and_are_never_mixed_with_hashes() -> None:
    plain = "jobflow-aws==0.1.0\njobflow-aws-platform==0.1.0\nmine==1.2.3\n"
    new = "jobflow-aws==0.3.0\njobflow-aws-platform==0.3.0\n"
    assert pins.renewed(plain, new) == new + "mine==1.2.3\n"
    assert pins.renewed(OLD, new) == OLD
    assert pins.renewed("mine==1.2.3\n", new) == "mine==1.2.3\n"


def test_the_line_of_a_library_whose_name_ends_with_the_name_of_another_one_stays() -> None:
    old = "acme-jobflow-aws==0.1.0\njobflow-aws==0.1.0\njobflow-aws-platform==0.1.0\n"
    new = "jobflow-aws==0.3.0\njobflow-aws-platform==0.3.0\n"
    assert pins.renewed(old, new) == "acme-jobflow-aws==0.1.0\n" + new
