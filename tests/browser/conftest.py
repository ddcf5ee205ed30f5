"""One JupyterLab and one Chromium for the whole session; each notebook is opened and run once."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.lab import Lab, run_lab
from tests.browser.reader import FLAGS, Reader, open_notebook
from tests.needs import needs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser last, when the other worker has done its share: here time is measured."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = needs("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with run_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="session")
def read(browser: Browser, lab: Lab) -> Callable[[str], Reader]:
    """Return a function from a notebook's name to the page where it is open and has run."""
    opened: dict[str, Reader] = {}

    def read(notebook: str) -> Reader:
        if notebook not in opened:
            opened[notebook] = open_notebook(browser, lab, notebook)
        opened[notebook].page.bring_to_front()
        return opened[notebook]

    return read
