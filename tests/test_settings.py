from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.agents import config_path
from sloth_tui.errors import InvalidAgentName, InvalidConfig
from sloth_tui.settings import DEFAULT_SECRET_SEGMENTS, chosen_agent, load_settings

if TYPE_CHECKING:
    from pathlib import Path


def write(base: Path, text: str) -> None:
    base.mkdir(exist_ok=True)
    (base / "config.toml").write_text(text)


def test_no_file_means_the_documented_defaults() -> None:
    settings = load_settings()
    assert (settings.agent, settings.keep_revisions, settings.keep_deleted_days) == ("local", 50, 90)
    assert settings.keep_backups == 5
    assert settings.secret_segments == DEFAULT_SECRET_SEGMENTS


def test_the_file_overrides_the_defaults(base: Path) -> None:
    write(
        base,
        'agent = "web"\n[history]\nkeep = 3\nkeep_deleted_days = 0.5\n[secrets]\nsegments = ["pin"]\n'
        "[backups]\nkeep = 0\n[tui]\ncopy_command = \"xclip -selection 'clip board'\"\n",
    )
    settings = load_settings()
    assert (settings.agent, settings.keep_revisions, settings.keep_deleted_days) == ("web", 3, 0.5)
    assert settings.keep_backups == 0
    assert settings.secret_segments == ("pin",)
    assert settings.copy_command == ("xclip", "-selection", "clip board")


def test_how_the_terminal_ui_looks_can_be_set(base: Path) -> None:
    assert (load_settings().theme, load_settings().motion) == (None, True)
    write(base, '[tui]\ntheme = "sloth-day"\nmotion = false\n')
    assert (load_settings().theme, load_settings().motion) == ("sloth-day", False)


def test_hosts_and_groups(base: Path) -> None:
    write(
        base,
        '[agents.web1]\nssh = "deploy@web1"\nbecome = true\ncwd = "/srv"\nenv = { A = "1" }\n'
        '[agents.web2]\nbecome = "app"\n[agents.web3]\nbecome = false\n'
        '[groups]\nweb = ["web2", "web1", "web2"]\n',
    )
    settings = load_settings()
    hosts = {name: (each.ssh, each.become, each.cwd, each.env) for name, each in settings.hosts.items()}
    assert hosts == {
        "web1": ("deploy@web1", "root", "/srv", {"A": "1"}),
        "web2": (None, "app", None, {}),
        "web3": (None, None, None, {}),
    }
    assert settings.groups == {"web": ("web2", "web1")}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "[agents.web1]\nsshh = 'x'",
            "config.toml:2: agents.web1.sshh: no such setting; there are: ssh, become",
        ),
        ("[agents.web1]\nssh = '-oProxyCommand=x'", "agents.web1.ssh: must be a destination of ssh"),
        ("[agents.web1]\nbecome = 'a b'", "agents.web1.become: must be true, false or the name of a user"),
        ("[agents.web1]\nenv = { 'a.b' = 'x' }", "cannot be set by a shell"),
        ("[agents.web1]\nenv = { A = 1 }", "agents.web1.env.A: must be text, like '1'"),
        ("[agents]\nweb1 = 'x'", "config.toml:2: agents.web1: must be a table"),
        ("[agents.'../x']", "'../x' is not an agent name"),
        ("[agents.local]", "agents.local: this machine, which is not reached by ssh"),
        ("[groups]\nweb = []", "groups.web: must name a host"),
        (
            "[groups]\nweb = ['a', 'db']\ndb = ['b']",
            "groups.web: 'db' is a group, and a group holds hosts only",
        ),
        ("[agents.web]\n[groups]\nweb = ['a']", "groups.web: a host has this name"),
        ("agent = ", "config.toml: line 1, column 9: invalid value"),
        ("agent = 'a'\nagent = 'b'", "line 2, column 1: key 'agent' occurs twice, first at line 1, column 1"),
        ("[tui]\ntheme = 99999999999999999999", "tui.theme: an integer beyond 64 bits"),
        pytest.param(
            ".".join("a" * 32_000) + " = 1", "line 1, column 401: nested more than 200 deep", id="dots"
        ),
        pytest.param("a = " + "[" * 100_000, "nested more than 200 deep", id="lists"),
        pytest.param("#" * (1024 * 1024 + 1), "config.toml: is larger than 1 MiB", id="size"),
        ("agnet = 'x'", "agnet: no such setting; there are: agent"),
        ("agent = 1", "agent: must be text"),
        ("agent = '../x'", "agent: '../x' is not an agent name"),
        ("history = 1", "history: must be a table"),
        ("[history]\nkeep = 0", "history.keep: must be at least 1"),
        ("[history]\nkeep = true", "history.keep: must be a whole number"),
        ("[history]\nkeep = 1.5", "history.keep: must be a whole number"),
        ("[history]\nkept = 1", "history.kept: no such setting"),
        ("[history]\nkeep_deleted_days = -1", "must not be negative"),
        ("[backups]\nkeep = -1", "backups.keep: must not be negative"),
        ("[backups]\nkeep = 1.5", "backups.keep: must be a whole number"),
        ("[backups]\nkept = 1", "backups.kept: no such setting; there are: keep"),
        ("keys = 1", "keys: must be a table"),
        ("[keys]\nzoom = 1", "keys.zoom: must be text"),
        ("[tui]\ncopy_command = 1", "tui.copy_command: must be text"),
        ("[tui]\ncopy_command = 'a \"b'", "tui.copy_command: cannot be divided into words"),
        ("[tui]\nmotion = 'no'", "tui.motion: must be true or false"),
        ("[tui]\ntheme = ''", "tui.theme: must be non-empty text"),
        ("[tui]\ncolour = 1", "tui.colour: no such setting; there are: theme"),
        ("[secrets]\nsegments = 'x'", "secrets.segments: must be a list"),
        ("[secrets]\nsegments = ['']", "secrets.segments: must be a list of non-empty"),
    ],
)
def test_a_mistake_names_file_and_setting(base: Path, text: str, complaint: str) -> None:
    write(base, text)
    with pytest.raises(InvalidConfig) as error:
        load_settings()
    assert error.value.message.startswith(config_path() + ":")
    assert complaint in error.value.message


def test_a_file_that_is_no_text_is_a_clear_error(base: Path) -> None:
    base.mkdir()
    (base / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidConfig, match=r"config\.toml"):
        load_settings()


def test_flag_then_environment_then_file_then_default(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen_agent(None) == "local"
    write(base, 'agent = "file"')
    assert chosen_agent(None) == "file"
    monkeypatch.setenv("SLOTH_RUNNER_AGENT", "environment")
    assert chosen_agent(None) == "environment"
    assert chosen_agent("flag") == "flag"


def test_a_chosen_name_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidAgentName):
        chosen_agent("")
    monkeypatch.setenv("SLOTH_RUNNER_AGENT", "../up")
    with pytest.raises(InvalidAgentName):
        chosen_agent(None)
