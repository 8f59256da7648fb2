"""``web``: the terminal UI in a web browser."""

from __future__ import annotations

from sloth_tui.agents import named_agent
from sloth_tui.cli.parsing.spec import READ_ONLY, WHOSE, Arguments, Command, Option
from sloth_tui.errors import SlothError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output

_PORT = 8440


def serve_web(arguments: Arguments, out: Output) -> int:
    """Serve until the program is stopped. Raises UsageError and SlothError."""
    agent = named_agent(arguments.agent)
    if arguments.read_only and arguments.write:
        raise UsageError("--read-only and --write exclude each other")
    try:
        from sloth_tui.web.serving import Options, serve
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "aiohttp":
            raise
        raise SlothError(
            "sloth-runner web needs the package aiohttp", hint="pip install 'sloth_tui[web]'"
        ) from None
    arguments.settings()  # what is wrong with them is said here, and not on a page

    def announce(address: str) -> None:
        out.line(address)
        out.flush()

    options = Options(
        agent=agent,
        host=arguments.host,
        port=arguments.port,
        cert=arguments.cert,
        key=arguments.key,
        names=tuple(arguments.name),
        read_only=arguments.read_only,
        write=arguments.write,
        open=arguments.open,
        debug=arguments.debug,
    )
    return serve(options, announce)


def _port(word: str) -> int:
    if not (word.isascii() and word.isdigit() and int(word) < 65536):
        raise ValueError(f"'{word}' is no port: 0 to 65535")
    return int(word)


def _name(word: str) -> str:
    from sloth_tui.web.addresses import check_name

    return check_name(word)


COMMANDS = (
    Command(
        ("web",),
        "the terminal UI in a web browser, for you alone",
        serve_web,
        options=[
            *WHOSE,
            Option(
                ("--port",),
                f"where to listen; 0: any free port; default: {_PORT}",
                metavar="P",
                default=_PORT,
                convert=_port,
            ),
            Option(
                ("--host",),
                "listen on this address; one that other machines reach needs --cert and --key, and is "
                "read-only without --write; default: 127.0.0.1",
                metavar="H",
                default="127.0.0.1",
            ),
            Option(("--cert",), "the certificate, in PEM", metavar="FILE", complete="files"),
            Option(("--key",), "its key, in PEM, not encrypted", metavar="FILE", complete="files"),
            Option(
                ("--name",),
                "another name that browsers reach it by, HOST or HOST:PORT",
                metavar="HOST",
                convert=_name,
                repeated=True,
            ),
            READ_ONLY,
            Option(
                ("--write",),
                "with --host: let the browser change things and run Lua files, as you",
            ),
            Option(("--open",), "open it in your browser"),
        ],
        details=(
            "Prints an address that ends in a secret token: whoever has it can do here what you can. It is\n"
            "valid until the program ends. A session ends 10 seconds after its page was closed."
        ),
        example="sloth-runner web --open\nsloth-runner web --read-only --agent production\n"
        "sloth-runner web --host 192.0.2.7 --cert web.pem --key web.key",
    ),
)
