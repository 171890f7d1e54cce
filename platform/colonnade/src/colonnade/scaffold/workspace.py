"""Makes every member's package importable in an environment: one `.pth` line for each source folder.

It imports the standard library only, because the launcher runs it before anything is installed:
`python workspace.py ROOT VENV`.
"""

import sys
import sysconfig
from pathlib import Path

PTH_FILE = "colonnade-workspace.pth"
MEMBERS = ("platform/*/src", "services/*/src", "bffs/*/src", "benchmarks/src")


def source_folders(root: Path) -> list[Path]:
    """Return the source folder of every member of the workspace, sorted within its group."""
    return [folder for pattern in MEMBERS for folder in sorted(root.glob(pattern)) if folder.is_dir()]


def pth_text(folders: list[Path]) -> str:
    """Return what the `.pth` file says for `folders`."""
    return "".join(f"{folder}\n" for folder in folders)


def pth_file(venv: Path) -> Path:
    """Return where the environment `venv` keeps its `.pth` file, whichever Python it was made of."""
    paths = sysconfig.get_paths("venv", vars={"base": str(venv), "platbase": str(venv)})
    return Path(paths["purelib"]) / PTH_FILE


def write_pth(root: Path, venv: Path) -> None:
    """Make the members below `root`, and only them, importable in `venv`."""
    file = pth_file(venv)
    text = pth_text(source_folders(root))
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        partial = file.with_suffix(".tmp")
        partial.write_text(text, encoding="utf-8")
        partial.replace(file)


def main(arguments: list[str]) -> int:
    """Write the `.pth` file for `ROOT VENV`; return the exit code."""
    if len(arguments) != 2:  # noqa: PLR2004 - the two are named in the usage line
        sys.stderr.write("usage: workspace.py ROOT VENV\n")
        return 2
    root, venv = (Path(argument).resolve() for argument in arguments)
    try:
        write_pth(root, venv)
    except OSError as error:
        sys.stderr.write(f"bff: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
