"""What holds for the repository as a whole: nothing of one machine in it, the arrows between rooms, sizes, locks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot import errors

ROOT = Path(__file__).parents[1]
ROOMS = ("bot", "handlers", "content", "safety", "storage", "clinic", "demo")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-dev.lock")

FOREIGN = {
    "a path of one machine": r"/(?:work|root|home|Users)/[A-Za-z.]",
    "the address of a package index": r"pypi\.(?:org|python)|pythonhosted|registry\.npm|npmjs\.|deb\.debian|\bfile:///(?!\S*\{)",
    "an option that names an index": r"(?<!no-emit-)(?:index-url|find[-]links)|[-]-trusted-host",
    "a download address in a lock": r"\"resol[v]ed\":",
    "the folder the plans lie in": r"\.\./sh[a]red|\bsh[a]red/\w+\.md",
    "a mark of the plans": r"\[(?:V:)?[SM]\d*\](?![\"'+*?{)])",
    "the workshop's own tools": r"\bfarm-(?:bench|studio)\b|\btool librar[y]\b",
}


@cache
def files() -> dict[str, str]:
    """The text files git has or would take, by path."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    texts = {}
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (raw := path.read_bytes()):
            texts[name] = raw.decode("utf-8")
    return texts


def modules(*rooms: str) -> dict[str, str]:
    return {name: text for name, text in files().items() if name.endswith(".py") and name.split("/")[0] in rooms}


def imports(text: str) -> set[str]:
    """Every module a file imports, as dotted names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_git_lists_the_repository() -> None:
    assert {"pyproject.toml", "Makefile", ".ci/run", ".env.example", "bot/log.py"} <= files().keys()


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_of_one_machine_is_committed(what: str) -> None:
    pattern = re.compile(FOREIGN[what])
    here = Path(__file__).relative_to(ROOT).as_posix()
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in files().items()
        if name != here
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, f"{what}: " + "; ".join(found)


def test_what_is_looked_for_would_be_found() -> None:
    """The net itself: each pattern catches what it is there for."""
    caught = {
        "a path of one machine": "open('/" + "root/x')",
        "the address of a package index": "https://" + "pypi.org/simple",
        "an option that names an index": "--extra-" + "index-url x",
        "a download address in a lock": '"resolved"' + ': "https://x"',
        "the folder the plans lie in": "see ../" + "shared/design.md",
        "a mark of the plans": "twice as fast " + "[S]",
        "the workshop's own tools": "farm-" + "bench make",
    }
    assert caught.keys() == FOREIGN.keys()
    assert not [what for what, line in caught.items() if not re.search(FOREIGN[what], line)]


def test_the_arrows_between_the_rooms_hold() -> None:
    ran = subprocess.run([Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def test_handlers_import_only_flows_words_and_the_standard_library() -> None:
    allowed = sys.stdlib_module_names | {"handlers", "content"}
    odd = [
        (name, module)
        for name, text in modules("handlers").items()
        for module in imports(text)
        if module.split(".")[0] not in allowed and not (module + ".").startswith("bot.flow.")
    ]
    assert not odd


def test_the_demo_takes_only_constants_from_the_telegram_library() -> None:
    taken = {module for text in modules("demo").values() for module in imports(text) if module.split(".")[0] == "telegram"}
    assert all(module.startswith("telegram.constants") for module in taken)


def test_files_are_short_enough_to_read_at_once() -> None:
    written = {name: text for name, text in modules(*ROOMS).items() if "/migrations/versions/" not in name}  # those are generated
    long = {name: lines for name, text in written.items() if (lines := text.count("\n")) > 300}
    assert not long


def test_every_module_says_what_it_is_for() -> None:
    assert not [name for name, text in modules(*ROOMS).items() if text.strip() and not ast.get_docstring(ast.parse(text))]


def test_the_command_between_is_there() -> None:
    (command,) = (point for point in entry_points(group="console_scripts", name="between"))
    assert callable(command.load())


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_names_versions_and_hashes_of_all_that_is_needed(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    pinned: dict[str, str] = {}
    for entry in entries:
        head, *hashes = entry.split(" \\\n")
        assert hashes, f"{head} has no hash"
        assert all(re.fullmatch(r"\s+--hash=sha256:[0-9a-f]{64}", each) for each in hashes), head
        requirement = Requirement(head)
        assert requirement.url is None
        (version,) = requirement.specifier
        assert version.operator == "=="
        pinned[canonicalize_name(requirement.name)] = version.version

    wanted = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"] + PROJECT["build-system"]["requires"]
    if "dev" in lock:
        wanted += PROJECT["project"]["optional-dependencies"]["dev"]
    stale = [each for each in map(Requirement, wanted) if not each.specifier.contains(pinned.get(canonicalize_name(each.name), "0"))]
    assert not stale, "run `make lock`"


def test_both_locks_agree() -> None:
    run, dev = (set(re.findall(r"^\S.*?(?= \\$)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)) for lock in LOCKS)
    assert run <= dev


FACTS = {"why": "w", "where": "w", "found": 2, "known": 1, "port": 80, "week": "w", "code": "c", "format": "f", "what": "w"} | {
    "instead": "i",
    "fault": "f",
    "setting": "S",
    "ref": "r",
}


KINDS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.BetweenError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_tells_what_to_do_in_whole_sentences(kind: type[errors.BetweenError]) -> None:
    message = str(kind(**FACTS))
    assert "{" not in message
    assert "\n" not in message
    assert kind.exit_code in (1, 2)
    assert kind is errors.SettingsError or message.endswith((".", " w", " i"))
