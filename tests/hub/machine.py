"""A machine with a hub on it, as docs/jupyterhub.md sets it up: with accounts, and without traces.

Folders, groups and accounts have other names than on the page: this machine may have those.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.hub.environment import (
    PAGE,
    installed_proxy,
    make_environment,
    start_to_install_proxy,
)
from tests.support.course import ROOT

#: What accounts and groups of the page are called here.
NAMES = {name: f"lxhub-{name}" for name in ("ines", "otto", "ada", "bob", "graders", "students")}
GROUPS = ("graders", "students")
#: Beside the notebooks of a course: caches and environments are not copied.
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "build", "work", "demo", "tests", ".*_cache", "__pycache__", "*.egg-info"
)
SECONDS = 120
RUNUSER = shutil.which("runuser") or "runuser"


@dataclass
class Machine:
    """Where everything is."""

    root: Path
    passwords: dict[str, str] = field(default_factory=dict)
    url: str = ""

    @property
    def course(self) -> Path:
        return self.root / "course"

    @property
    def exchange(self) -> Path:
        return self.root / "exchange"

    @property
    def environment(self) -> Path:
        return self.root / "environment"

    @property
    def log(self) -> Path:
        return self.root / "hub" / "hub.log"

    def home(self, who: str) -> Path:
        return self.root / "home" / NAMES[who]

    def run_as(self, who: str, *command: str, cwd: Path | None = None):
        """Run a command as one of the accounts, with the environment that its server has."""
        home = self.home(who)
        variables = {
            "HOME": str(home),
            "PATH": f"{self.environment / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "LXMLS_NB_CORPUS": "snippets",
        }
        if who in ("ines", "otto"):
            graders = self.course / "deploy" / "jupyterhub" / "graders"
            variables["JUPYTER_CONFIG_PATH"] = str(graders)
        return subprocess.run(
            [RUNUSER, "-u", NAMES[who], "--", *command],
            cwd=cwd or home,
            env=variables,
            capture_output=True,
            text=True,
        )


def require_accounts() -> None:
    """Fail where no accounts can be made."""
    missing = [name for name in ("useradd", "groupadd", "runuser") if not shutil.which(name)]
    if os.geteuid() != 0 or missing:
        why = f"there is no {missing[0]}" if missing else "that takes root"
        pytest.fail(
            f"these tests make accounts on this machine, and remove them: {why}. "
            "Run them as root, on a Linux with useradd: sudo make test-hub",
            pytrace=False,
        )


@contextlib.contextmanager
def machine() -> Iterator[Machine]:
    """Set up a machine by the page, and yield it while its hub runs; leave no traces."""
    require_accounts()
    remove_accounts()  # of a run that was killed
    Path("/srv").mkdir(exist_ok=True)
    here = Machine(Path(tempfile.mkdtemp(prefix="lxmls_nb-hub-", dir="/srv")))
    here.root.chmod(0o755)
    try:
        proxy = here.root / "proxy"
        installing = start_to_install_proxy(proxy)
        set_up(here)
        with hub(here, installed_proxy(proxy, installing)):
            yield here
    finally:
        remove_accounts()
        shutil.rmtree(here.root, ignore_errors=True)


def set_up(here: Machine) -> None:
    """Follow the page: the environment, the accounts, the course with its modes."""
    shutil.copytree(ROOT, here.course, ignore=NOT_COPIED)
    (here.root / "home").mkdir()
    (here.root / "skel").mkdir()
    make_kit = ["python3", "tools/make_kit.py"]
    subprocess.run(make_kit, cwd=here.course, check=True, capture_output=True)
    make_environment(here.environment, here.course)
    nbgrader = here.course / "deploy" / "jupyterhub" / "nbgrader_config.py"
    nbgrader.write_text(nbgrader.read_text().replace("/srv/exchange", str(here.exchange)))
    play(here, "What everybody gets", "Accounts", "The course")
    for who in NAMES:
        if who not in GROUPS:
            here.passwords[who] = secrets.token_urlsafe(12)
            line = f"{NAMES[who]}:{here.passwords[who]}"
            subprocess.run(["chpasswd"], input=line, text=True, check=True)


def play(here: Machine, *headings: str) -> None:
    """Run the commands below headings of the page, with this machine's folders and names."""
    for heading in headings:
        for command in commands(heading):
            line = translated(here, command)
            done = subprocess.run(
                ["bash", "-euc", line], cwd=here.course, capture_output=True, text=True
            )
            assert done.returncode == 0, f"$ {line}\n{done.stdout}{done.stderr}"


def commands(heading: str) -> list[str]:
    """Return the commands below a heading of the page."""
    [section] = re.findall(rf"^##+ {heading}\n(.*?)(?=^##|\Z)", PAGE.read_text(), re.M | re.S)
    lines = "\n".join(re.findall(r"^```console\n(.*?)^```", section, re.M | re.S)).splitlines()
    assert lines, heading
    return [re.split(r"\s+# ", line.removeprefix("$ "))[0].strip() for line in lines]


def translated(here: Machine, command: str) -> str:
    """Return a command of the page as this machine needs it."""
    folders = {
        "/srv/lxmls_nb": here.course,
        "/srv/exchange": here.exchange,
        "/opt/lxmls_nb": here.environment,
        "/etc/skel": here.root / "skel",
        "useradd": f"useradd --base-dir {here.root / 'home'} --skel {here.root / 'skel'}",
    }
    for old, new in folders.items():
        command = re.sub(rf"{old}(?![\w-])", str(new), command)
    command = re.sub(r"\bsudo ", "", command)
    return re.sub(rf"(?<![\w/-])({'|'.join(NAMES)})\b", lambda m: NAMES[m[1]], command)


@contextlib.contextmanager
def hub(here: Machine, proxy: Path) -> Iterator[None]:
    """Run the hub with the page's configuration: its ports, and the proxy's place, are this test's.

    Raises
    ------
    AssertionError
        If it ends, or does not answer in time; with its log.
    """
    folder = here.log.parent
    folder.mkdir(mode=0o700)
    door, api, own = free_ports(3)
    config = folder / "config.py"
    config.write_text(
        "c = get_config()\n"
        f"load_subconfig({str(here.course / 'deploy/jupyterhub/jupyterhub_config.py')!r})\n"
        f"c.JupyterHub.bind_url = 'http://127.0.0.1:{door}'\n"
        f"c.JupyterHub.hub_port = {own}\n"
        f"c.ConfigurableHTTPProxy.api_url = 'http://127.0.0.1:{api}'\n"
        f"c.ConfigurableHTTPProxy.command = [{str(proxy)!r}]\n"
    )
    variables = {"LXMLS_NB_COURSE": str(here.course)}
    variables |= {f"LXMLS_NB_{name.upper()}": NAMES[name] for name in GROUPS}
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "HOME")}
    with here.log.open("w") as log:
        process = subprocess.Popen(
            [here.environment / "bin" / "jupyterhub", "-f", config],
            cwd=folder,
            env=kept | variables,
            stdout=log,
            stderr=log,
        )
    here.url = f"http://127.0.0.1:{door}/"
    try:
        wait_for(here, process)
        yield
    finally:
        process.terminate()  # it ends the proxy and all servers
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_for(here: Machine, process: subprocess.Popen) -> None:
    end = time.monotonic() + SECONDS
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{here.url}hub/health", timeout=5).close()
            return
        assert process.poll() is None, here.log.read_text()
        assert time.monotonic() < end, here.log.read_text()
        time.sleep(0.3)


def free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def remove_accounts() -> None:
    """Remove the accounts of these tests, with what still runs as one of them."""
    accounts = {user.pw_name: user.pw_uid for user in pwd.getpwall()}
    accounts = {name: accounts[name] for name in NAMES.values() if name in accounts}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.uids().real in accounts.values():
                process.kill()
    for name in accounts:
        subprocess.run(["userdel", "--force", name], check=True, capture_output=True)
    for name in {group.gr_name for group in grp.getgrall()} & set(NAMES.values()):
        subprocess.run(["groupdel", name], check=True, capture_output=True)
