"""The site is refused when a page would load something from another host, and may link there."""

from pathlib import Path

import pytest

from scripts.site.build import elsewhere


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        "<script async src=//cdn.example/x.js></script>",
        '<link rel="stylesheet" href="https://fonts.example/css">',
        '<img alt="" src="http://images.example/x.png">',
        '<pre class="mermaid"><code>stateDiagram-v2</code></pre>',
        "<style>body{background:url(https://images.example/x.png)}</style>",
    ],
)
def test_what_is_loaded_from_elsewhere_is_found(tmp_path: Path, html: str) -> None:
    (tmp_path / "page.html").write_text(html)
    assert len(list(elsewhere(tmp_path))) == 1


def test_a_link_and_a_file_of_the_site_are_not(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        '<a href="https://aws.amazon.com/">a</a><script src="x.js"></script><link rel="canonical" href="https://me/">'
    )
    assert list(elsewhere(tmp_path)) == []
