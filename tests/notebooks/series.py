"""What `data/series.json` must say: minutes, exercises and quizzes on each route and in all.

`python -m tests.notebooks.series` prints the file that fits the notebooks as they are.
"""

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ROUTES = (45, 90, 180)


def read_series() -> list[dict[str, Any]]:
    return [read_notebook(path) for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]


def read_notebook(path: Path) -> dict[str, Any]:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    number = path.stem[:2]
    routes = (*map(str, ROUTES), "all")
    minutes, solve = dict.fromkeys(routes, 0), {route: [] for route in routes}
    about: dict[str, Any] = {}
    for cell in cells:
        source = "".join(cell["source"])
        about = cell["metadata"].get("authlab", about)
        if "authlab" in cell["metadata"]:
            for route in (*about["routes"], "all"):
                minutes[str(route)] += about["minutes"]
        items = re.findall(r'^check\("(\d\d\.\d+)"', source, re.MULTILINE)
        items += [number] if source.startswith("quiz(") else []
        for route in (*about.get("routes", ()), "all"):
            solve[str(route)] += items
    title = "".join(cells[0]["source"]).partition("\n")[0].removeprefix("# ")
    return {
        "number": number,
        "file": path.stem,
        "title": title,
        "minutes": minutes,
        "solve": solve,
    }


if __name__ == "__main__":
    rows = ",\n".join(f"  {json.dumps(notebook)}" for notebook in read_series())
    print(f'{{\n "notebooks": [\n{rows}\n ]\n}}')
