"""Say what this machine lacks for the course, and the command that mends it.

It runs where packages are missing: it imports the standard library, authlab's root and, beside it,
only what does the same.
"""

import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import metadata, util
from pathlib import Path

from authlab import data_path
from authlab.classroom.progress import progress_path

__all__ = ["Finding", "Machine", "doctor", "examine", "main"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `mend` is the command that puts it right, empty where all is well."""

    what: str
    ok: bool
    mend: str = ""
    needed: bool = True  # False: the course runs without it


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _requires(name: str) -> list[str] | None:
    """Return what a package says it needs, Python first, or None where it is not installed."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    python = about.get_all("Requires-Python") or [""]
    return [f"Python{python[0]}", *(about.get_all("Requires-Dist") or [])]


def _files(name: str) -> list[Path] | None:
    """Return where a package's files should lie, or None where it does not say."""
    try:
        files = metadata.files(name)
    except metadata.PackageNotFoundError:
        return None
    return None if files is None else [Path(str(file.locate())) for file in files]


def _progress() -> Path | None:
    try:
        return progress_path()
    except RuntimeError:  # a user without a home folder, as in some containers
        return None


@dataclass(frozen=True)
class Machine:
    """All that `examine` asks of a machine; a test hands it another one."""

    python: str = field(default_factory=lambda: ".".join(map(str, sys.version_info[:3])))
    executable: str = field(default_factory=lambda: sys.executable)
    conda: bool = field(default_factory=lambda: (Path(sys.prefix) / "conda-meta").is_dir())
    pip: bool = field(default_factory=lambda: util.find_spec("pip") is not None)
    version: Callable[[str], str | None] = _version
    requires: Callable[[str], Sequence[str] | None] = _requires
    files: Callable[[str], Sequence[Path] | None] = _files
    which: Callable[[str], str | None] = shutil.which
    data: Path = field(default_factory=data_path)
    progress: Path | None = field(default_factory=_progress)


def examine(machine: Machine | None = None) -> list[Finding]:
    """Look at everything the course uses and return one `Finding` for each.

    The packages and their bounds come from the metadata of the installed package itself, those of
    `jupyterlab_widgets` from ipywidgets. Nothing is started, written or asked over a network.
    """
    machine = machine or Machine()
    rules = machine.requires("authlab")
    if rules is None:
        whole = Finding("authlab itself is not installed", False, _install(machine, "-e", "."))
        return [whole, *_surroundings(machine)]
    findings = []
    for rule in rules:
        name, bounds = _split(rule)
        if name == "Python":
            fix = f"install Python {bounds}, then make the environment anew"
            findings.append(_compare("Python", machine.python, bounds, fix))
        elif name:
            findings.append(_package(machine, name, bounds))
    return [*findings, _panels(machine), *_surroundings(machine)]


def doctor(machine: Machine | None = None) -> None:
    """Print what `examine` found, each problem with the command that mends it."""
    _report(examine(machine))


def main(machine: Machine | None = None) -> int:
    """Do the same for `python -m authlab doctor`; return 1 if something needed is missing."""
    return _report(examine(machine))


def _report(findings: list[Finding]) -> int:
    for finding in findings:
        mark = "ok" if finding.ok else "MEND" if finding.needed else "--"
        print(f"{mark:<6}{finding.what}")
        if finding.mend:
            print(f"      {finding.mend}")
    missing = sum(finding.needed and not finding.ok for finding in findings)
    print()
    if missing:
        print(f"{missing} to mend: the command stands below each. Then start JupyterLab again.")
    else:
        print("Everything the course needs is here.")
    return 1 if missing else 0


def _package(machine: Machine, name: str, bounds: str) -> Finding:
    fix = _install(machine, f"{name}{bounds}")
    return _compare(name, machine.version(name), bounds, fix)


def _panels(machine: Machine) -> Finding:
    """Check the part that draws panels in the browser: without it they stay blank, silently."""
    bounds = ""
    for rule in machine.requires("ipywidgets") or ():
        name, wanted = _split(rule)
        if name.replace("-", "_").lower() == "jupyterlab_widgets":
            bounds = wanted
    found = _package(machine, "jupyterlab_widgets", bounds)
    files = machine.files("jupyterlab_widgets")
    extension = [f for f in files or () if f.name == "package.json" and "labextensions" in f.parts]
    if found.ok and files is not None and not any(f.is_file() for f in extension):
        fix = _install(machine, "--force-reinstall", f"jupyterlab_widgets{bounds}")
        return Finding("jupyterlab_widgets has lost its files: panels stay blank", False, fix)
    return found


def _surroundings(machine: Machine) -> list[Finding]:
    findings = []
    if machine.data.is_dir():
        findings.append(Finding("the course's data", True))
    else:
        fix = f"install again from a whole checkout: {_install(machine, '-e', '.')}"
        findings.append(Finding(f"the course's data is not at {machine.data}", False, fix))

    path = machine.progress
    if path and _writable(path):
        findings.append(Finding(f"progress is kept in {path}", True, needed=False))
    else:
        why = f"{path} is not writable" if path else "there is no home folder"
        what = f"progress cannot be kept: {why}; lessons run all the same"
        fix = "set AUTHLAB_PROGRESS to a file you may write, before JupyterLab starts"
        findings.append(Finding(what, False, fix, needed=False))

    for program, use in (
        ("redis-server", "notebooks 06, 10 and 13 use it, and run without it on a stand-in"),
        ("chromium", "only `make test` uses it"),
    ):
        if machine.which(program):
            findings.append(Finding(program, True, needed=False))
        else:
            what = f"{program} is not installed: {use}"
            findings.append(Finding(what, False, _system_install(machine, program), needed=False))
    return findings


def _writable(path: Path) -> bool:
    if os.path.lexists(path):  # unlike Path.exists, no error for a folder one may not enter
        return path.is_file() and os.access(path, os.W_OK)
    folder = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _install(machine: Machine, *what: str) -> str:
    """Return the command that installs `what` into the environment this Python runs in."""
    wanted = " ".join(part if part[0] in "-." else f'"{part}"' for part in what)
    if machine.conda and "-e" not in what:
        return f"conda install -c conda-forge {wanted.lower()}"
    python = f'"{machine.executable}"' if " " in machine.executable else machine.executable
    if not machine.pip and machine.which("uv"):  # what `make lab` makes with uv has no pip
        return f"uv pip install --python {python} {wanted.replace('--force-', '--')}"
    return f"{python} -m pip install {wanted}"


def _system_install(machine: Machine, program: str) -> str:
    if machine.which("apt-get"):
        return f"sudo apt install {program}"
    if machine.which("brew"):
        return f"brew install {program.removesuffix('-server')}"
    return f"install {program} with your system's package manager"


def _compare(name: str, version: str | None, bounds: str, fix: str) -> Finding:
    if version is None:
        return Finding(f"{name} is not installed", False, fix)
    if not _within(version, bounds):
        return Finding(f"{name} {version} does not fit: the course needs {bounds}", False, fix)
    return Finding(f"{name} {version}", True)


def _split(rule: str) -> tuple[str, str]:
    """Split "PyJWT[crypto]<3,>=2.10" into name and bounds; the rule of an extra gives "", ""."""
    text, _, condition = rule.partition(";")
    match = re.match(r"\s*([\w.-]+)\s*(?:\[[^\]]*\])?\s*\(?([^)]*)", text)
    if match is None or "extra" in condition:
        return "", ""
    clauses = (clause.replace(" ", "") for clause in match[2].split(","))
    return match[1], ",".join(sorted((c for c in clauses if c), reverse=True))


def _within(version: str, bounds: str) -> bool:
    have = _numbers(version)
    for operator, text in re.findall(r"(>=|<|~=)([^,]+)", bounds):
        want = _numbers(text)
        series = text.rpartition(".")[0] + "."  # "~=3.0.15" stays within 3.0
        if operator == "<" and have >= want:
            return False
        if operator != "<" and have < want:
            return False
        if operator == "~=" and not f"{version}.".startswith(series):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    """Return (8, 1, 5) for "8.1.5" and for "8.1.5rc1"; trailing zeros say nothing and go."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    parts = [int(part) for part in match[0].split(".")] if match else []
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
