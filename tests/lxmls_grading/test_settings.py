"""One object says how notebooks are executed, from the configuration to the fork."""

from __future__ import annotations

import json

from traitlets.config import Config

from lxmls_grading.execution.execute_apart import ExecuteApart
from lxmls_grading.settings import Settings

CHANGED = Settings(
    timeout=7,
    ungraded_timeout=3,
    notebook_timeout=70,
    max_output=2**10,
    memory=2**30,
    processes=9,
    disk=2**20,
    files=5,
    sandbox=False,
    user_namespace=True,
    hide=("/course",),
)


def test_settings_come_out_of_json_as_they_went_in():
    default = Settings()
    different = [name for name in vars(default) if vars(default)[name] != vars(CHANGED)[name]]
    assert different == list(vars(default)), "a setting that the test does not change"
    assert Settings.from_dict(json.loads(json.dumps(CHANGED.to_dict()))) == CHANGED


def test_the_configuration_decides(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = {"timeout": 5, "memory": 100, "disk": 3, "max_output": 4}
    config = Config({"ExecuteApart": values})
    settings = ExecuteApart(config=config).settings()
    assert (settings.timeout, settings.memory) == (5, 100 * 2**20)
    assert (settings.disk, settings.max_output) == (3 * 2**20, 4 * 2**10)
    assert settings.hide == (str(tmp_path),)


def test_what_is_configured_by_default_are_the_defaults(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ExecuteApart().settings() == Settings(hide=(str(tmp_path),))
