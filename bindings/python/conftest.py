"""TAP for CI: pytest --tap -p no:terminal"""
from typing import List

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--tap", action="store_true", help="print TAP lines")


class Tap:
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.partition("python/")[2] or report.nodeid
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            print(f"ok - {name} # SKIP {reason}", flush=True)
        elif report.failed:
            print(f"not ok - {name} ({report.when})", *self.indented(report.longreprtext), sep="\n", flush=True)
        elif report.when == "call":
            print(f"ok - {name}", flush=True)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            print(f"not ok - {report.nodeid} (collect)", *self.indented(str(report.longrepr)), sep="\n", flush=True)

    @staticmethod
    def indented(text: str) -> List[str]:
        return ["# " + line for line in text.splitlines()[-60:]]


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--tap"):
        config.pluginmanager.register(Tap())
