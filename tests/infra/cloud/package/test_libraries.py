"""Test how the requirements files of job types are read."""

from pathlib import Path

import pytest

from infra.cloud.package import libraries

DIGEST = "--hash=sha256:0"


def write(root: Path, **files: str) -> Path:
    """Write requirements files."""
    (root / "handlers").mkdir()
    for name, text in files.items():
        libraries.file_of(root, name).write_text(text)
    return root


def test_a_list_is_shared_by_types_that_name_its_file(tmp_path: Path) -> None:
    pdf = f"fpdf2==2.8.3 \\\n    {DIGEST}\n# a note\npillow==12.0 {DIGEST}\n"
    root = write(
        tmp_path, pdf=pdf, a="-r pdf.requirements.txt\n", b="# as a\n-r a.requirements.txt\n-r pdf.requirements.txt"
    )
    assert libraries.names(root, "b") == libraries.names(root, "a") == ["fpdf2", "pillow"]
    assert libraries.names(root, "none") == []


def test_two_files_that_name_each_other_are_read_once(tmp_path: Path) -> None:
    root = write(tmp_path, a="-r b.requirements.txt\nx==1\n", b="-r a.requirements.txt\ny==1\n")
    assert sorted(libraries.names(root, "a")) == ["x", "y"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Acme_Lib==1.2", "acme-lib"),
        ("acme[fast]==1.2 ; python_version > '3'", "acme"),
        (f"./wheels/acme_lib-1.2-py3-none-any.whl \\\n    {DIGEST}", "acme-lib"),
        ("acme-lib @ ./wheels/acme_lib-1.2-py3-none-any.whl", "acme-lib"),
        ("acme", None),
        ("./lib", None),
        ("./odd.whl", None),
        ("https://example.com/acme_lib-1.2-py3-none-any.whl", None),
    ],
)
def test_a_line_says_its_distribution_if_it_is_pinned_or_a_wheel(line: str, name: str | None) -> None:
    assert libraries.name_of(line) == name
