"""Programs for shells that complete commands, options, and the values that are a choice or a file.

Each is made of the parsers of all commands, so that it never knows less than these.
Absent on purpose: names out of a database, for a shell would open it at every Tab.
"""

from collections.abc import Callable, Iterator

from libredb.cli.commands import COMMANDS
from libredb.cli.described import Argument, described

PROGRAM_OPTIONS = ("--help", "--version", "--debug")


def bash() -> Iterator[str]:
    """Yield the lines for bash."""
    yield "# bash completion for libredb; made by `libredb completion bash`"
    yield "_libredb() {"
    yield '    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"'
    yield '    local command="" words="" index'
    yield "    for ((index = 1; index < COMP_CWORD; index++)); do"
    yield '        [[ "${COMP_WORDS[index]}" == -* ]] || { command="${COMP_WORDS[index]}"; break; }'
    yield "    done"
    yield "    COMPREPLY=()"
    yield '    case "$command,$before" in'
    for command in described():
        for option in command.options:
            if option.choices:
                names = "|".join(f"{command.name},{name}" for name in option.names)
                yield f'        {names}) words="{" ".join(option.choices)}" ;;'
            elif option.metavar and not option.is_file:
                names = "|".join(f"{command.name},{name}" for name in option.names)
                yield f"        {names}) return ;;"
    yield "    esac"
    yield '    if [[ -z "$words" ]]; then'
    yield '        case "$command" in'
    yield f'            "") words="{" ".join((*COMMANDS, *PROGRAM_OPTIONS))}" ;;'
    for command in described():
        words = [name for option in command.options for name in option.names]
        choices = [choice for each in command.positions for choice in each.choices]
        yield f'            {command.name}) words="{" ".join((*choices, *words))}" ;;'
    yield "        esac"
    yield "    fi"
    yield '    COMPREPLY=($(compgen -W "$words" -- "$word"))'
    yield '    [[ -z "$command" || "$word" == -* ]] || COMPREPLY+=($(compgen -f -- "$word"))'
    yield "}"
    yield "complete -o filenames -F _libredb libredb"


def zsh() -> Iterator[str]:
    """Yield the lines for zsh."""
    yield "#compdef libredb"
    yield "# zsh completion for libredb; made by `libredb completion zsh`"
    yield "_libredb() {"
    yield "    local -a commands"
    yield "    commands=("
    for name, summary in COMMANDS.items():
        yield f"        {quoted(f'{name}:{summary}')}"
    yield "    )"
    yield "    if (( CURRENT == 2 )); then"
    yield "        _describe command commands"
    yield f"        compadd -- {' '.join(PROGRAM_OPTIONS)}"
    yield "        return"
    yield "    fi"
    yield '    local command="$words[2]"'
    yield "    shift words"
    yield "    (( CURRENT-- ))"
    yield '    case "$command" in'
    for command in described():
        specs = [_zsh_option(option) for option in command.options]
        specs += [_zsh_position(number, each) for number, each in enumerate(command.positions, 1)]
        yield f"        {command.name})"
        yield "            _arguments \\"
        yield from (f"                {spec} \\" for spec in specs[:-1])
        yield f"                {specs[-1]}"
        yield "            ;;"
    yield "    esac"
    yield "}"
    yield '_libredb "$@"'


def fish() -> Iterator[str]:
    """Yield the lines for fish."""
    yield "# fish completion for libredb; made by `libredb completion fish`"
    yield "complete -c libredb -f -n __fish_use_subcommand -l help"
    yield "complete -c libredb -f -n __fish_use_subcommand -l version"
    yield "complete -c libredb -f -n __fish_use_subcommand -l debug"
    for name, summary in COMMANDS.items():
        yield f"complete -c libredb -f -n __fish_use_subcommand -a {name} -d {quoted(summary)}"
    for command in described():
        condition = f"'__fish_seen_subcommand_from {command.name}'"
        for option in command.options:
            yield f"complete -c libredb -n {condition} {_fish_option(option)}"
        for each in command.positions:
            if each.choices:
                yield f"complete -c libredb -f -n {condition} -a {quoted(' '.join(each.choices))}"


def quoted(text: str) -> str:
    """Return a text as one word of each of the three shells, which differ in what escapes a quote.

    So quotes and backslashes, which only explanations have, are left out.
    """
    return "'" + text.replace("\\", "").replace("'", "") + "'"


def _zsh_option(option: Argument) -> str:
    told = _zsh_text(option.help)
    value = f":{option.metavar}:{_zsh_values(option)}" if option.metavar else ""
    if len(option.names) == 1:
        return quoted(f"{option.names[0]}[{told}]{value}")
    names = ",".join(option.names)
    return f"{{{names}}}{quoted(f'[{told}]{value}')}"


def _zsh_position(number: int, each: Argument) -> str:
    colon = "::" if each.is_optional else ":"
    return quoted(f"{number}{colon}{each.metavar}:{_zsh_values(each)}")


def _zsh_values(argument: Argument) -> str:
    if argument.choices:
        return f"({' '.join(argument.choices)})"
    return "_files" if argument.is_file else " "


def _zsh_text(text: str) -> str:
    return text.replace("[", "(").replace("]", ")").replace(":", ",")


def _fish_option(option: Argument) -> str:
    names = " ".join(
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
    )
    value = ""
    if option.choices:
        value = f" -x -a {quoted(' '.join(option.choices))}"
    elif option.metavar:
        value = " -r" if option.is_file else " -x"
    return f"{names}{value} -d {quoted(option.help)}"


SHELLS: dict[str, Callable[[], Iterator[str]]] = {"bash": bash, "fish": fish, "zsh": zsh}
"""What each shell is given."""
