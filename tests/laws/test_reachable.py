"""Every public function and class has a use beside its tests: a page, a command, a job, a reader.

What only tests call helps nobody. A name is in use if a part of the product refers to it that is in
use itself, if a decorator registers it, or if a text names it by its dotted path (settings,
relations, annotations).
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PACKAGES = ("clinic", "courses", "quizzes", "attendance")
# Decorators that enter what they decorate somewhere, by the first part of their name.
REGISTERING = frozenset({
    "api", "beat_init", "hooks", "job", "keep_for", "receiver", "register", "router", "rule",
    "shared_task", "worker_before_create_process", "worker_init", "worker_process_init",
    "worker_ready",
})  # fmt: skip
# What a framework finds by itself: commands, sessions and database by name; apps and pages by base.
CALLED_BY_NAME = frozenset({"Command", "SessionStore", "DatabaseWrapper"})
CALLED_BY_BASE = frozenset({"AppConfig", "Page"})
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

Name = tuple[str, str]  # module and name


@dataclass
class Module:
    """One module of the product: what it defines, and what each part of it refers to.

    Attributes:
        path: dotted.
        aliases: what an imported name stands for: a module, or a name of a module.
        users: for each definition, or "" for the module's own statements, what it refers to.
        registered: definitions that are found without being referred to.
    """

    path: str
    aliases: dict[str, Name] = field(default_factory=dict)
    users: dict[str, set[Name]] = field(default_factory=lambda: defaultdict(set))
    registered: set[str] = field(default_factory=set)


def read_module(path: str, text: str) -> Module:
    module, tree = Module(path), ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                module.aliases[name.asname or name.name] = (node.module, name.name)
        elif isinstance(node, ast.Import):
            for name in node.names:
                module.aliases[name.asname or name.name] = ((name.asname and name.name) or "", "")
    own = {node.name for node in tree.body if isinstance(node, DEFINITIONS)}
    for node in tree.body:
        owner = node.name if isinstance(node, DEFINITIONS) else ""
        if not isinstance(node, ast.Import | ast.ImportFrom):
            module.users[owner] |= set(find_references(node, module, own))
        if is_registered(node):
            module.registered.add(owner)
    return module


def is_registered(node: ast.AST) -> bool:
    """Say whether a framework or one of our own lists finds the definition by itself."""
    decorators = {name_of(each).split(".")[0] for each in getattr(node, "decorator_list", [])}
    bases = {name_of(each).rpartition(".")[2] for each in getattr(node, "bases", [])}
    is_named = getattr(node, "name", "") in CALLED_BY_NAME
    return is_named or bool(decorators & REGISTERING or bases & CALLED_BY_BASE)


def name_of(node: ast.AST) -> str:
    """Return ``a.b.c`` of a chain of attributes, called or not."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def find_references(node: ast.AST, module: Module, own: set[str]) -> Iterator[Name]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            if part.id in own:
                yield module.path, part.id
            elif part.id in module.aliases:
                yield module.aliases[part.id]
        elif isinstance(part, ast.Attribute):
            first, _dot, rest = name_of(part).partition(".")
            if first in module.aliases:
                yield ".".join(filter(None, module.aliases[first])), rest.split(".")[0]
            else:
                package, _dot, name = name_of(part).rpartition(".")
                yield package, name
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            path, _dot, name = part.value.replace(":", ".").rpartition(".")
            yield path or module.path, name


def exported(modules: Mapping[str, Module]) -> dict[Name, Name]:
    """Return where a name of a package is defined that its ``__init__`` re-exports."""
    return {
        (path, alias): target
        for path, module in modules.items()
        if any(other.startswith(f"{path}.") for other in modules)
        for alias, target in module.aliases.items()
    }


def unreached(texts: Mapping[str, str], programs: Mapping[str, str] | None = None) -> list[str]:
    """Return the public definitions that nothing in use refers to.

    Args:
        texts: source by dotted path of the module.
        programs: sources that are run as they are; all that they refer to is in use.
    """
    programs = {path: read_module(path, text) for path, text in (programs or {}).items()}
    modules = {path: read_module(path, text) for path, text in texts.items()} | programs
    exports = exported(modules)
    defined = {(path, name) for path, module in modules.items() for name in module.users if name}
    waiting: list[Name] = [(path, "") for path in modules]
    waiting += [(path, name) for path, module in programs.items() for name in module.users]
    for path, module in modules.items():
        waiting += [(path, name) for name in module.registered]
    in_use: set[Name] = set()
    while waiting:
        user = waiting.pop()
        if user in in_use:
            continue
        in_use.add(user)
        for used in modules[user[0]].users[user[1]]:
            target = exports.get(used, used)
            if target in defined:
                waiting.append(target)
    public = {(path, name) for path, name in defined if not name.startswith("_")}
    return sorted(f"{path}.{name}" for path, name in public - in_use)


def read_sources(*folders: str) -> dict[str, str]:
    paths = [
        path
        for folder in folders
        for path in sorted(Path(folder).rglob("*.py"))
        if "migrations" not in path.parts
    ]
    return {
        ".".join(path.with_suffix("").parts).removesuffix(".__init__"): path.read_text()
        for path in paths
    }


def test_nothing_is_there_for_tests_alone():
    assert unreached(read_sources(*PACKAGES), read_sources("scripts")) == []


class TestTheLawItself:
    SHOP = """
from django.db import models
from registry import job

class Order(models.Model):
    buyer = models.ForeignKey("Buyer")

class Buyer(models.Model): ...

def send(order):
    return pack(order)

def pack(order): ...

def count(): return count_again()

def count_again(): return count()

def _sort(): ...

@job("shop.sweep")
def sweep(): ...
"""

    def test_what_nothing_refers_to_is_named_with_what_it_alone_uses(self):
        pages = (
            "from shop import orders\nfrom shop.orders import Order\nurls = [orders.send, Order]"
        )

        assert unreached({"shop.orders": self.SHOP, "shop.urls": pages}) == [
            "shop.orders.count",
            "shop.orders.count_again",
        ]

    def test_an_import_alone_is_no_use(self):
        pages = "from shop.orders import Order, send"

        found = unreached({"shop.orders": self.SHOP, "shop.urls": pages})

        assert "shop.orders.send" in found
        assert "shop.orders.pack" in found
        assert "shop.orders.sweep" not in found

    def test_a_package_hands_on_what_it_re_exports(self):
        texts = {
            "shop": "from shop.orders import Order",
            "shop.orders": self.SHOP,
            "shop.urls": "from shop import Order\nurls = [Order]",
        }

        assert "shop.orders.Order" not in unreached(texts)
        assert "shop.orders.Buyer" not in unreached(texts)

    def test_what_a_program_refers_to_is_in_use(self):
        found = unreached(
            {"shop.orders": self.SHOP}, {"scripts.fill": "from shop import orders\norders.send(1)"}
        )

        assert "shop.orders.send" not in found
        assert "shop.orders.pack" not in found

    def test_a_dotted_path_in_a_text_is_a_use(self):
        texts = {"shop.orders": self.SHOP, "settings": 'SENDER = "shop.orders.send"'}

        assert "shop.orders.send" not in unreached(texts)
