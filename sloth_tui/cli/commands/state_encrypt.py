"""``state encrypt``, ``state decrypt``, ``state rekey``: encryption of an agent's database on the disk."""

from __future__ import annotations

from sloth_tui.cli.output import unlocked
from sloth_tui.cli.output.diagnostics import confirm, narrate, tell, warn
from sloth_tui.cli.output.passphrase import ask_new
from sloth_tui.cli.parsing.spec import WHOSE, YES, Arguments, Command, Option
from sloth_tui.errors import Conflict, ExitCode, PassphraseNeeded
from sloth_tui.settings import chosen_agent
from sloth_tui.store import encryption

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.store.encryption import Encryption

_UNREADABLE = "programs that read the file themselves, like sqlite3, then no longer can"


def encrypt(arguments: Arguments, out: Output) -> int:
    agent, now = _begin(arguments)
    if now.key_id is not None:
        encryption.encrypt(agent)  # says that it is encrypted already
    details = f": {_UNREADABLE}, and without the key from {now.source} nobody can"
    confirm(f"encrypt the database of agent '{agent}'", details, yes=arguments.yes)
    key_id = unlocked(lambda: encryption.encrypt(agent))
    tell(f"encrypted agent '{agent}' with the key {key_id} from {now.source}; keep a copy of it elsewhere")
    _warn_of_key(agent, arguments)
    for path in encryption.plain_files(agent):
        warn(f"still readable without a key: {path}")
    return ExitCode.OK


def decrypt(arguments: Arguments, out: Output) -> int:
    agent, now = _begin(arguments)
    _require_encrypted(agent, now)
    details = ": whoever can read the file can then read everything in it"
    confirm(f"decrypt the database of agent '{agent}'", details, yes=arguments.yes)
    unlocked(lambda: encryption.decrypt(agent))
    tell(f"decrypted agent '{agent}'; its backups still need the key {now.key_id} from {now.source}")
    return ExitCode.OK


def rekey(arguments: Arguments, out: Output) -> int:
    agent, now = _begin(arguments)
    _require_encrypted(agent, now)
    if arguments.passphrase:
        return _change_passphrase(agent, now, arguments)
    details = f": a new key from {now.source} takes the place of {now.key_id}"
    confirm(f"encrypt the database of agent '{agent}' anew", details, yes=arguments.yes)
    key_id = unlocked(lambda: encryption.rekey(agent))
    tell(f"agent '{agent}' has the key {key_id}; backups made before need {now.key_id}, which stays there")
    _warn_of_key(agent, arguments)
    return ExitCode.OK


def _change_passphrase(agent: str, now: Encryption, arguments: Arguments) -> int:
    confirm(
        f"protect the key of agent '{agent}' by a new passphrase",
        f": {now.source} is written anew, the database stays as it is",
        yes=arguments.yes,
    )
    needed = PassphraseNeeded("there is no terminal to ask for a passphrase", key_file="", key_id=None)
    unlocked(lambda: encryption.check_key(agent))
    passphrase = ask_new(needed)
    path = encryption.change_passphrase(agent, passphrase)
    tell(f"the new passphrase protects the key {now.key_id} in {path}")
    return ExitCode.OK


def _begin(arguments: Arguments) -> tuple[str, Encryption]:
    """Return the agent, and how it is encrypted. Raises DatabaseUnusable, after the commands that help, if
    this installation cannot encrypt."""
    agent = chosen_agent(arguments.agent, arguments.settings)
    encryption.require_files(arguments.settings)
    for installer, command in encryption.exchanges():
        narrate(f"{installer}: {command}")
    encryption.require_ciphers(agent)
    if arguments.key is not None:
        encryption.choose_source(arguments.key)
    return agent, encryption.encryption_of(agent)


def _require_encrypted(agent: str, now: Encryption) -> None:
    if now.key_id is None:
        raise Conflict(f"agent '{agent}' is not encrypted", hint="state encrypt does it")


def _warn_of_key(agent: str, arguments: Arguments) -> None:
    """Say what else has to be known of where the key is."""
    warning = encryption.key_warning(agent)
    if warning is not None:
        warn(warning)
    if arguments.key is not None:
        warn(
            "other commands look for the key where [encryption] key in config.toml "
            f"or $SLOTH_RUNNER_KEY names it: set it to {arguments.key}"
        )


_KEY = Option(
    ("--key",),
    "where the key comes from: file, file:PATH, command:COMMAND, env:NAME, credential:NAME or ask",
    metavar="SOURCE",
)
_SOURCES = (
    "The key comes from $SLOTH_RUNNER_KEY or config.toml ([encryption] key, or key of [agents.NAME]),\n"
    "which name a source, never a key; by default from a file in <base>/keys, made if not there.\n"
)

COMMANDS = (
    Command(
        ("state", "encrypt"),
        "encrypt an agent's database on the disk, after asking",
        encrypt,
        options=[*WHOSE, YES, _KEY],
        details=(
            _SOURCES
            + "ask protects that file by a passphrase. No other program may have the database open.\n"
            "What is left of it in plain under <base>, like backups, is named; what was exported stays plain."
        ),
        example=(
            "sloth-runner state encrypt --agent production\n"
            "sloth-runner state encrypt --key ask\n"
            "sloth-runner state encrypt --yes --key 'command:age -d -i ~/.ssh/id_ed25519 ~/sloth.key.age'"
        ),
    ),
    Command(
        ("state", "decrypt"),
        "make an agent's database plain again, after asking",
        decrypt,
        options=[*WHOSE, YES, _KEY],
        details="The key stays where it is: backups made before need it. No other program may have it open.",
        example="sloth-runner state decrypt --agent staging",
    ),
    Command(
        ("state", "rekey"),
        "encrypt an agent's database with another key, after asking",
        rekey,
        options=[
            *WHOSE,
            YES,
            _KEY,
            Option(("--passphrase",), "only protect the key file by another passphrase; the key stays"),
        ],
        details=(
            "A key file gets a new key in its first line and keeps the old one, for backups. Any other\n"
            "source has to give the new key first and the one in use after it."
        ),
        example="sloth-runner state rekey --agent production\nsloth-runner state rekey --passphrase",
    ),
)
