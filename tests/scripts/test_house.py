"""The numbers of the layout, and that each can be past its limit."""

import ast

from scripts import house


def test_every_number_is_within_its_limit() -> None:
    assert [(f.name, f.value) for f in house.figures() if not f.fits] == []


def test_a_circle_and_a_module_in_no_layer_are_found() -> None:
    assert house.circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert sorted(set(house.circles({"a": {"b"}, "b": {"c"}, "c": {"a"}})[0])) == ["a", "b", "c"]
    assert "worker" in house.unplaced(house.layers() - {"worker"})
    assert house.squashed({"p.a.x": {"p.a.y", "p.b.z"}, "p.b.z": set()}) == {"p.a": {"p.b"}, "p.b": set()}
    assert house.squashed({"p.a.x.k": {"p.a.y.l"}}, parts=3) == {"p.a.x": {"p.a.y"}}


def test_the_modules_of_each_folder_are_counted() -> None:
    found = house.folders(*house.CODE, *house.TOOLS)
    assert {"chalicelib/api/http", "infra/definition", "handlers", "jobflow/cli", "tests/contract/jobs"} <= found.keys()
    assert found["chalicelib/api"] == len([*(house.LIBRARY / "api").glob("*.py")]) - 1


def test_each_package_says_what_is_in_it_and_what_is_not() -> None:
    packages = [path for part in house.CODE for path in (house.ROOT / part).rglob("__init__.py")]
    said = {path: ast.get_docstring(ast.parse(path.read_text())) or "" for path in packages}
    assert [str(path) for path, text in said.items() if "\n\n" not in text] == []
    assert len(said) > 50


def test_what_the_table_lists_exists() -> None:
    listed = house.touches((house.ROOT / "docs" / "develop.md").read_text())
    assert listed.keys() == house.TOUCHES.keys()
    for files in listed.values():
        for name in files:
            assert list(house.ROOT.glob(name)), name
