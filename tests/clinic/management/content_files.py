"""The shipped content as plain values, and the texts a reader meets in it."""

import re
import tomllib
from pathlib import Path

CONTENT = Path("clinic/management/content")
FRAMEWORKS = Path("clinic/assessments/framework_files")
# Fields that a program reads, or that are written in English or quoted from elsewhere.
NOT_READ = {"slug", "stem_en", "statement_en", "title_en", "english", "node", "nodes", "edition"}
NOT_READ |= {"question", "outcome", "outcomes", "regulation", "source", "calculation", "type"}


def read(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


def texts(value):
    """Every sentence-bearing string below ``value``, without its mark-up."""
    if isinstance(value, str):
        yield re.sub(r"<[^>]+>", "", re.sub(r"</(p|li|h2|h3)>", ". ", value))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in NOT_READ:
                yield from texts(item)


def sentences(text):
    return [part for part in re.split(r"(?<=[.?!])\s+", text) if part.strip(" .\n")]


def words(sentence):
    return re.findall(r"[\w'%/-]+", re.sub(r"(?<=\d)\.(?=\d)", "", sentence))


OUTCOMES = {row["slug"]: row for row in read(CONTENT / "outcomes.toml")["outcome"]}
MODULES = [read(path) for path in sorted((CONTENT / "modules").glob("*.toml"))]
BANKS = {
    path.stem: read(path)["question"]
    for path in sorted((CONTENT / "bank").glob("*.toml"))
    if path.stem != "blueprint"
}
QUESTIONS = [question for bank in BANKS.values() for question in bank]
BY_SLUG = {question["slug"]: question for question in QUESTIONS}
QUIZZES = read(CONTENT / "bank" / "blueprint.toml")["quiz"]
REGULATIONS = read(CONTENT / "regulations.toml")["regulation"]
TERMS = read(CONTENT / "glossary.toml")["term"]
NODES = {
    edition: {node["code"]: node for node in read(FRAMEWORKS / f"{edition}.toml")["node"]}
    for edition in ("zi-2021", "pmprb-2020-unit", "akip-2021")
}
