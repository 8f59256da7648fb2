"""``completion``: print the script that lets a shell complete commands, agents and keys."""

from __future__ import annotations

from sloth_tui.cli.parsing.spec import Arguments, Command, Positional
from sloth_tui.errors import ExitCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output

_SHELLS = ("bash", "zsh", "fish")
_PROGRAMS = ["sloth-runner", "sloth-tui"]


def print_script(arguments: Arguments, out: Output) -> int:
    from argcomplete.shell_integration import shellcode

    script = shellcode(_PROGRAMS, shell=arguments.shell)
    out.line(script.strip("\n"), lines=True)
    return ExitCode.OK


def _shell(word: str) -> str:
    if word not in _SHELLS:
        raise ValueError(f"'{word}' is not one of {', '.join(_SHELLS)}")
    return word


COMMANDS = (
    Command(
        ("completion",),
        "print the completion script of a shell",
        print_script,
        positionals=[Positional("shell", "SHELL", "bash, zsh or fish", convert=_shell, complete="shells")],
        details="Completes commands, options, agents, and the keys and locks there are at that moment.",
        example=(
            'eval "$(sloth-runner completion bash)"                # in ~/.bashrc\n'
            'eval "$(sloth-runner completion zsh)"                 # in ~/.zshrc, after compinit\n'
            "sloth-runner completion fish > ~/.config/fish/completions/sloth-runner.fish"
        ),
    ),
)
