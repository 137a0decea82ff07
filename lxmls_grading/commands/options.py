"""Options of the command line, as traitlets has them, but read strictly.

traitlets warns of an option that it does not know and goes on without it, and of a wrong value it
reports the name of a Python class. Here both end the command, with one line that names the option
and the value. This module imports no nbgrader, so that ``lxmls-nb --help`` answers at once.
"""

from __future__ import annotations

import math
import os
import re
import traceback
from collections.abc import Iterable
from inspect import unwrap
from typing import Any, NoReturn

from traitlets import Bool, Float, HasTraits, Integer, TraitError, TraitType
from traitlets.config import Application, Configurable
from traitlets.config.loader import ArgumentError, KVArgParseConfigLoader

from lxmls_grading.people.matching import close_names


class CommandError(Exception):
    """A command cannot do what was asked of it. The message is a line for the terminal."""


class _Parser(KVArgParseConfigLoader.parser_class):  # type: ignore[misc, valid-type]
    """A parser whose errors are raised, not printed with the usage of all options."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(message)


class StrictLoader(KVArgParseConfigLoader):
    """Reads the command line, and refuses what it does not know.

    Attributes
    ----------
    unknown : list of str
        Options such as ``Plugin.setting`` whose class is not loaded: a class that
        ``nbgrader_config.py`` names, or a mistyped one.
    """

    parser_class = _Parser

    def _parse_args(self, args: Any) -> Any:
        self.unknown: list[str] = []
        try:
            return super()._parse_args(args)
        except CommandError as error:
            raise CommandError(self._reword(str(error))) from None

    def _reword(self, message: str) -> str:
        """Return an error of argparse in the words of this command line."""
        if found := re.fullmatch(r"unrecognized arguments: (\S+).*", message, re.DOTALL):
            given = found[1].partition("=")[0]
            if given.startswith("-"):
                return f"there is no option {given}{close_names(given, self._names())}"
            return f"{given} is one argument too many"
        if found := re.fullmatch(r"argument (\S+): expected one argument", message):
            option = found[1].lstrip("-")
            if "." not in option and option not in self.aliases:
                return f"there is no option {found[1]}{close_names(found[1], self._names())}"
            find_trait(option)
            return f"{self.spelling(option)} needs a value"
        if found := re.fullmatch(r"argument (\S+): ignored explicit argument (.*)", message):
            return f"{found[1].split('/')[0]} takes no value, and {found[2]} was given"
        return message

    def _names(self) -> list[str]:
        """Return all options as they are typed, but those of classes."""
        names = [*self.aliases, *self.flags, "help", "help-all", "version"]
        return [f"--{name}" if len(name) > 1 else f"-{name}" for name in names]

    def spelling(self, option: str) -> str:
        """Return an option such as ``CourseDirectory.student_id`` as it was typed."""
        for alias, name in self.aliases.items():
            typed = f"--{alias}"
            if name == option and any(re.match(f"{typed}(=|$)", given) for given in self.argv):
                return typed
        return f"--{option}"

    def _handle_unrecognized_alias(self, arg: str) -> None:
        given = f"-{arg}" if f"-{arg}" in self.argv else f"--{arg}"
        raise CommandError(f"there is no option {given}{close_names(given, self._names())}")

    def _exec_config_str(self, lhs: Any, rhs: Any, trait: Any = None) -> None:
        trait = trait or find_trait(lhs)
        if trait is None:
            self.unknown.append(lhs)
            super()._exec_config_str(lhs, rhs)
            return
        path, _, key = lhs.rpartition(".")
        texts = [str(each) for each in (rhs if isinstance(rhs, list) else [rhs])]
        if lhs == "CourseDirectory.student_id":  # it can be given several times
            texts = [",".join(texts)]
        elif lhs == "CourseDirectory.root" and all(texts):  # nbgrader warns of one that is relative
            texts = [os.path.abspath(os.path.expanduser(each)) for each in texts]
        self.config[path][key] = convert(self.spelling(lhs), texts, trait)


def find_trait(option: str) -> TraitType[Any, Any] | None:
    """Return the trait that an option such as ``ExecuteApart.timeout`` sets.

    Returns
    -------
    trait : TraitType or None
        None if no class of this name is imported.

    Raises
    ------
    CommandError
        If there is such a class, and it has no such trait.
    """
    name, _, key = option.rpartition(".")
    classes = [cls for cls in _subclasses(Configurable) if cls.__name__ == name]
    for cls in classes:
        if key in cls.class_traits(config=True):
            trait: TraitType[Any, Any] = cls.class_traits(config=True)[key]
            return trait
    if not classes:
        return None
    raise _no_such_option(option, classes)


def _no_such_option(option: str, classes: Iterable[type[Configurable]]) -> CommandError:
    names = {f"--{cls.__name__}.{key}" for cls in classes for key in cls.class_traits(config=True)}
    return CommandError(f"there is no option --{option}{close_names(f'--{option}', sorted(names))}")


def _subclasses(cls: type[Configurable]) -> Iterable[type[Configurable]]:
    for each in cls.__subclasses__():
        yield each
        yield from _subclasses(each)


def convert(option: str, texts: list[str], trait: TraitType[Any, Any]) -> Any:
    """Return the value of an option.

    Parameters
    ----------
    option : str
        As it was typed.
    texts : list of str
        What was given for it, once or several times.
    trait : TraitType

    Raises
    ------
    CommandError
        If it is no value of this option.
    """
    try:
        if hasattr(trait, "from_string_list"):
            value = trait.from_string_list(texts)
        elif len(texts) > 1:
            raise CommandError(f"{option} can be given once, not as {' and '.join(texts)}")
        else:
            value = trait.from_string(texts[0])
        if value is not None and hasattr(trait, "validate"):
            value = trait.validate(HasTraits(), value)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("not a finite number")
    except (TraitError, ValueError, TypeError, ImportError, SyntaxError):
        given = ", ".join(map(repr, texts))
        raise CommandError(f"{option} takes {_kind(trait)}, not {given}") from None
    return value


def _kind(trait: TraitType[Any, Any]) -> str:
    """Return in words which values a trait takes."""
    if isinstance(trait, Bool):
        return "True or False"
    if not isinstance(trait, Integer | Float):
        return str(trait.info())
    kind = "a whole number" if isinstance(trait, Integer) else "a number"
    if trait.min is not None and math.isfinite(trait.min):
        kind += f" of at least {trait.min}"
    if trait.max is not None and math.isfinite(trait.max):
        kind += f", at most {trait.max}"
    return kind


class StrictApplication(Application):
    """An application whose errors of configuration are raised as :exc:`CommandError`.

    traitlets prints them with the names of Python classes and ends the process with status 1.
    """

    raise_config_file_errors = True

    #: Options of classes that were not imported when the command line was read.
    unknown_options: tuple[str, ...] = ()

    def _create_loader(self, argv: Any, aliases: Any, flags: Any, classes: Any) -> StrictLoader:
        self._loader = StrictLoader(
            argv, aliases, flags, classes=classes, log=self.log, allow_abbrev=False
        )
        return self._loader

    def parse_command_line(self, argv: list[str] | None = None) -> None:
        """Read the command line; raise :exc:`CommandError` where it is wrong."""
        try:
            unwrap(Application.parse_command_line)(self, argv)
        except ArgumentError as error:  # traitlets wraps what StrictLoader has raised
            raise CommandError(str(error.__cause__ or error)) from None
        except TraitError as error:
            raise CommandError(str(error)) from None
        if getattr(self, "_loader", None):
            self.unknown_options = tuple(self._loader.unknown)

    def load_config_file(self, filename: str, path: Any = None) -> None:
        """Read a configuration file; raise :exc:`CommandError` where it is wrong."""
        try:
            unwrap(Application.load_config_file)(self, filename, path)
        except Exception as error:  # a configuration file is a program
            raise CommandError(_where(error, filename)) from error

    def check_unknown_options(self) -> None:
        """Refuse options of classes that do not exist, once all that are in use are imported.

        Raises
        ------
        CommandError
            If there is no class of that name, or it has no such option, or not with this value.
        """
        for option in self.unknown_options:
            trait = find_trait(option)
            if trait is None:
                raise _no_such_option(option, _subclasses(Configurable))
            path, _, key = option.rpartition(".")
            value = self.cli_config[path][key]
            if isinstance(value, str | list):
                texts = list(value) if isinstance(value, list) else [value]
                convert(f"--{option}", [str(text) for text in texts], trait)


def _where(error: Exception, filename: str) -> str:
    """Return what is wrong in a configuration file, and in which line."""
    if isinstance(error, TraitError):
        return f"{filename}: {error}"
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}: {error.msg}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename.endswith("_config.py"):
            return f"{frame.filename}, line {frame.lineno}: {type(error).__name__}: {error}"
    return f"{filename}: {type(error).__name__}: {error}"
