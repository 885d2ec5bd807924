"""What a new repository pins."""

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
