"""The kinds of mistake a manifest can hold: a name for machines that never changes, and what to do about each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Slip(StrEnum):
    """A kind of mistake. Its name is in files of other tools: add new ones, change none."""

    NO_PROJECT = "no_project"
    FILE_NOT_READ = "file_not_read"
    OUTSIDE_PROJECT = "outside_project"
    NO_MANIFEST = "no_manifest"
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    HIDDEN_CHARACTER = "hidden_character"
    NOT_YAML = "not_yaml"
    YAML_NOT_TAKEN = "yaml_not_taken"
    KEY_TWICE = "key_twice"
    UNCLEAR_VALUE = "unclear_value"
    UNKNOWN_KEY = "unknown_key"
    MISSING_KEY = "missing_key"
    WRONG_NAME = "wrong_name"
    WRONG_VALUE = "wrong_value"
    NO_SUCH_DAY = "no_such_day"
    UNTIL_PASSED = "until_passed"
    UNKNOWN_TASK = "unknown_task"
    TASK_OF_OTHER_KIND = "task_of_other_kind"
    UNKNOWN_BUSINESS = "unknown_business"
    UNKNOWN_PROFILE = "unknown_profile"
    PROFILE_LACKS_KIND = "profile_lacks_kind"
    NAME_TAKEN = "name_taken"
    ID_TWICE = "id_twice"
    PAGE_IS_BUSINESS = "page_is_business"
    NO_OWNER = "no_owner"
    NO_AGENCIES = "no_agencies"
    OWNER_IS_AGENCY = "owner_is_agency"
    NOBODY_CAN_GIVE = "nobody_can_give"
    RULE_REACHES_NOTHING = "rule_reaches_nothing"
    NOTHING_DECLARED = "nothing_declared"
    MORE_PROBLEMS = "more_problems"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Advice:
    """What a kind of mistake is called, and what to do about it; one line each.

    `hides` is for what keeps other mistakes from being seen: it is to be mended first.
    """

    title: str
    help: str
    hides: bool = False


ADVICE: Mapping[Slip, Advice] = MappingProxyType(
    {
        Slip.NO_PROJECT: Advice(
            "no project here", "Start a project with accessctl init, or name its directory with -C DIR.", True
        ),
        Slip.FILE_NOT_READ: Advice(
            "file not read", "Only regular files inside the project are read; links, pipes and devices are not.", True
        ),
        Slip.OUTSIDE_PROJECT: Advice(
            "outside the project", "Name files and directories inside the project, without links.", True
        ),
        Slip.NO_MANIFEST: Advice("no manifest there", "Name a file or directory that holds .yaml or .yml files.", True),
        Slip.TOO_LARGE: Advice("too large", "Split the file, or the project, into several.", True),
        Slip.NOT_UTF8: Advice("not UTF-8", "Save the file as UTF-8.", True),
        Slip.HIDDEN_CHARACTER: Advice(
            "hidden character", "Remove the character: it hides text, or makes a line read as another.", True
        ),
        Slip.NOT_YAML: Advice("not YAML", "Mend the line, or the one before it; the file ends there for now.", True),
        Slip.YAML_NOT_TAKEN: Advice(
            "YAML that is not taken",
            "Anchors, aliases, tags, merge keys, directives, text blocks and second documents are not read. "
            "Reuse is by profiles, rules and defaults.",
            True,
        ),
        Slip.KEY_TWICE: Advice("key twice", "A key stands once in a map; take one of the two away."),
        Slip.UNCLEAR_VALUE: Advice("unclear value", "YAML readers do not agree on this value; put it in quotes."),
        Slip.UNKNOWN_KEY: Advice("unknown key", "See accessctl schema manifest, or project, for the keys there are."),
        Slip.MISSING_KEY: Advice("missing key", "Add the key that is named."),
        Slip.WRONG_NAME: Advice(
            "wrong name", "An alias is small letters, digits, _ and -, with a letter or digit first."
        ),
        Slip.WRONG_VALUE: Advice("wrong value", "Write what is expected here; ids are quoted digits."),
        Slip.NO_SUCH_DAY: Advice("no such day", "Write the last day as YEAR-MONTH-DAY."),
        Slip.UNTIL_PASSED: Advice("until has passed", "The line gives no access any more: remove it, or prolong it."),
        Slip.UNKNOWN_TASK: Advice(
            "unknown task", "Use a task of this kind of asset; --allow-unknown-tasks takes one that is new at Meta."
        ),
        Slip.TASK_OF_OTHER_KIND: Advice("task of another kind", "Give the profile a list of tasks for each kind."),
        Slip.UNKNOWN_BUSINESS: Advice("unknown business", "Declare it under businesses, or correct the alias."),
        Slip.UNKNOWN_PROFILE: Advice("unknown profile", "Declare it under profiles, or correct the name."),
        Slip.PROFILE_LACKS_KIND: Advice(
            "profile says nothing for this kind", "Add tasks for this kind of asset to the profile."
        ),
        Slip.NAME_TAKEN: Advice("name taken", "Give one of the two another name; a name stands for one thing."),
        Slip.ID_TWICE: Advice("id under two aliases", "Keep one alias for an id, and use it everywhere."),
        Slip.PAGE_IS_BUSINESS: Advice(
            "Page with the id of a business", "Look up the id of the Page; this is the one of a business."
        ),
        Slip.NO_OWNER: Advice("no owner", "Write owner at the asset, or under defaults of its file."),
        Slip.NO_AGENCIES: Advice(
            "nobody named", "Say under agencies who may work on the asset; an empty map says that nobody may."
        ),
        Slip.OWNER_IS_AGENCY: Advice("owner as agency", "Remove the line: an owner needs no grant on its own asset."),
        Slip.NOBODY_CAN_GIVE: Advice(
            "nobody here can give this", "Owner or agency must be in acts_as of accessctl.yaml."
        ),
        Slip.RULE_REACHES_NOTHING: Advice("rule reaches nothing", "Mend what the rule says under on, or remove it."),
        Slip.NOTHING_DECLARED: Advice(
            "nothing declared", "Declare an ad account or a Page, or name another directory."
        ),
        Slip.MORE_PROBLEMS: Advice("more problems in this file", "Mend those that are shown; the others come then."),
        Slip.OTHER: Advice("mistake", "See what the message says."),
    }
)
