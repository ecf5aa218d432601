"""Which files are read, and what stands in the way of the others. An empty project is never a wish."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from pathlib import Path

import pytest

from accessctl.errors import ManifestError
from accessctl.manifest import files

from .conftest import ASSET, BUSINESSES, SETTINGS

GOOD = BUSINESSES + ASSET


def only(problems: list[str]) -> str:
    assert len(problems) == 1, problems
    return problems[0]


def test_manifests_are_found_below_their_directory_and_hidden_ones_are_left_alone(tree):
    tree.write("access/b/c/a.yaml", BUSINESSES)
    tree.write("access/z.yml", ASSET)
    tree.write("access/.hidden.yaml", "a: [")
    tree.write("access/.git/x.yaml", "a: [")
    tree.write("access/README.md", "a: [")
    tree.write("other/x.yaml", "a: [")

    assert [file for file, _ in tree.load().files] == ["access/b/c/a.yaml", "access/z.yml", "accessctl.yaml"]


def test_a_file_that_two_entries_lead_to_is_read_once(tree):
    tree.write("accessctl.yaml", SETTINGS + "manifests: [access, ./access/a.yaml, access/]\n")
    assert tree.problems(GOOD) == []


def test_the_project_itself_may_be_where_the_manifests_are(tree):
    tree.write("accessctl.yaml", SETTINGS + "manifests: [.]\n")
    tree.write("sub/a.yaml", GOOD)
    assert [file for file, _ in tree.load().files] == ["accessctl.yaml", "sub/a.yaml"]


def test_a_project_may_be_reached_by_a_link(tree, tmp_path_factory):
    tree.write("access/a.yaml", GOOD)
    link = tmp_path_factory.mktemp("x") / "link"
    link.symlink_to(tree.root)
    tree.root = link
    assert tree.problems() == []


def test_a_hard_link_is_a_file_like_any_other(tree):
    os.link(tree.write("access/a.yaml", GOOD), tree.root / "access" / "b.yaml.txt")
    assert tree.problems() == []


def odd_fifo(tree):
    os.mkfifo(tree.root / "access/x.yaml")


def odd_socket(tree):
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(tree.root / "access", os.O_RDONLY)
        server.bind(f"/proc/self/fd/{here}/x.yaml")
        os.close(here)


def odd_directory(tree):
    (tree.root / "access/x.yaml").mkdir()


def odd_link_out(tree):
    outside = tree.root.parent / "outside.yaml"
    outside.write_text("a: [")
    (tree.root / "access/x.yaml").symlink_to(outside)


def odd_loop(tree):
    (tree.root / "access/x.yaml").symlink_to(tree.root / "access/x.yaml")


def odd_device(tree):
    (tree.root / "access/x.yaml").symlink_to("/dev/zero")


def odd_link_to_a_directory(tree):
    (tree.root / "access/x").symlink_to("/etc")


def odd_link_up(tree):
    (tree.root / "access/x").symlink_to(tree.root)


def odd_big(tree):
    tree.write("access/x.yaml", b"#" * (1024 * 1024 + 1))


ODD = {
    odd_fifo: "access/x.yaml:1:1: is a named pipe, not a regular file",
    odd_socket: "access/x.yaml:1:1: is a socket, not a regular file",
    odd_directory: "access/x.yaml:1:1: is a directory, not a regular file",
    odd_link_out: "access/x.yaml:1:1: is a symbolic link, not a regular file",
    odd_loop: "access/x.yaml:1:1: is a symbolic link, not a regular file",
    odd_device: "access/x.yaml:1:1: is a symbolic link, not a regular file",
    odd_link_to_a_directory: "access/x:1:1: is a symbolic link; links are not read",
    odd_link_up: "access/x:1:1: is a symbolic link; links are not read",
    odd_big: "access/x.yaml:1:1: is larger than 1 MiB",
}


@pytest.mark.parametrize(("make", "words"), ODD.items(), ids=[make.__name__ for make in ODD])
def test_only_regular_files_of_bounded_size_are_read(make, words, tree):
    tree.write("access/a.yaml", GOOD)
    make(tree)
    assert only(tree.problems()).startswith(words)


@pytest.mark.parametrize(
    "name", [b"x\xff.yaml", b"x\n.yaml", b"x\x1b[2J.yml", "x\u202e.yaml".encode(), b"d\xff/x.yaml"]
)
def test_a_file_name_that_cannot_be_shown_is_refused_and_shown_in_escapes(name, tree):
    tree.write("access/a.yaml", GOOD)
    path = os.fsencode(tree.root / "access") + b"/" + name
    Path(os.fsdecode(path)).parent.mkdir(exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    problem = only(tree.problems())

    assert "holds characters that cannot be shown" in problem
    assert problem.isprintable()


def test_a_file_that_the_disk_does_not_give_is_told(tree, monkeypatch):
    def break_down(*_: object, **__: object):
        raise OSError(errno.EIO, "Input/output error")

    tree.write("access/a.yaml", GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", break_down)
        assert only(tree.problems()) == "access:1:1: cannot be read: Input/output error"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdopen", break_down)
        assert only(tree.problems()) == "accessctl.yaml:1:1: cannot be read: Input/output error"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_or_directory_without_permission_is_told(tree):
    tree.write("access/a.yaml", GOOD)
    tree.write("access/x.yaml", "").chmod(0)
    tree.write("access/d/x.yaml", "")
    (tree.root / "access/d").chmod(0)
    problems = tree.problems()
    (tree.root / "access/d").chmod(0o700)

    assert problems == [
        "access/d:1:1: cannot be read: Permission denied",
        "access/x.yaml:1:1: cannot be read: Permission denied",
    ]


def test_a_file_that_goes_away_or_breaks_while_it_is_read_is_told(tree):
    with pytest.raises(files.Refused, match="cannot be read: No such file"):
        files.read_file(tree.root, "access/gone.yaml")
    with pytest.raises(files.Refused, match="is a directory"):
        files.read_file(tree.root, ".")


def test_no_more_files_are_read_than_the_limits_allow(tree, monkeypatch):
    monkeypatch.setattr(files, "MOST_FILES", 5)
    for n in range(7):
        tree.write(f"access/{n}.yaml", GOOD if not n else "rules: {}\n")
    assert "holds more than 5 manifests" in only(tree.problems())


def test_no_more_bytes_are_read_than_the_limits_allow(tree, monkeypatch):
    monkeypatch.setattr("accessctl.manifest.load.LARGEST_TREE", 2000)
    for n in range(7):
        tree.write(f"access/{n}.yaml", GOOD if not n else "rules: {}\n" + "#" * 500)
    assert "the manifests are more than" in only(tree.problems())


def test_directories_are_not_followed_without_end(tree):
    tree.write("access/a.yaml", GOOD)
    tree.write("access/" + "d/" * 40 + "x.yaml", "")
    assert "nested more than 32 directories deep" in only(tree.problems())


def nothing_there(tree):
    shutil.rmtree(tree.root)


def no_settings(tree):
    (tree.root / "accessctl.yaml").unlink()


def settings_elsewhere(tree):
    (tree.root / "accessctl.yaml").rename(tree.root / "access" / "accessctl.yml")


def no_directory(tree):
    shutil.rmtree(tree.root / "access")


def renamed(tree):
    (tree.root / "access").rename(tree.root / "acces")


def emptied(tree):
    (tree.root / "access/a.yaml").unlink()


def other_suffix(tree):
    (tree.root / "access/a.yaml").rename(tree.root / "access/a.yaml.bak")


def hidden(tree):
    (tree.root / "access/a.yaml").rename(tree.root / "access/.a.yaml")


def hidden_directory(tree):
    (tree.root / "access").rename(tree.root / ".access")


def file_for_a_directory(tree):
    no_directory(tree)
    tree.write("access", "")


def empty_file(tree):
    tree.write("access/a.yaml", "")


def only_comments(tree):
    tree.write("access/a.yaml", "# nothing\n")


def only_businesses(tree):
    tree.write("access/a.yaml", BUSINESSES)


def empty_sections(tree):
    tree.write("access/a.yaml", BUSINESSES + "ad_accounts: {}\npages: {}\n")


def sections_of_nothing(tree):
    tree.write("access/a.yaml", BUSINESSES + "ad_accounts:\n")


def link_to_nowhere(tree):
    no_directory(tree)
    (tree.root / "access").symlink_to("nowhere")


def link_to_manifests(tree):
    (tree.root / "access").rename(tree.root / "real")
    (tree.root / "access").symlink_to("real")


def wrong_entry(tree):
    tree.write("accessctl.yaml", SETTINGS + "manifests: [acces]\n")


def one_wrong_entry(tree):
    tree.write("accessctl.yaml", SETTINGS + "manifests: [access, more]\n")


def glob_entry(tree):
    tree.write("accessctl.yaml", SETTINGS + 'manifests: ["access/*.yaml"]\n')


def entry_above(tree):
    tree.write("accessctl.yaml", SETTINGS + "manifests: [../x]\n")


def absolute_entry(tree):
    tree.write("accessctl.yaml", SETTINGS + f"manifests: [{tree.root}/access]\n")


def entry_through_a_link(tree):
    (tree.root / "link").symlink_to("/")
    tree.write("accessctl.yaml", SETTINGS + "manifests: [link/etc]\n")


def entry_below_a_file(tree):
    tree.write("accessctl.yaml", SETTINGS + "manifests: [access/a.yaml/b]\n")


def pipe_for_settings(tree):
    no_settings(tree)
    os.mkfifo(tree.root / "accessctl.yaml")


LAYOUTS = {
    nothing_there: "accessctl.yaml:1:1: is not in this directory; start a project with `accessctl init`",
    no_settings: "accessctl.yaml:1:1: is not in this directory",
    settings_elsewhere: "accessctl.yaml:1:1: is not in this directory",
    no_directory: "accessctl.yaml:1:1: there is no 'access' in the project",
    renamed: "there is no 'access' in the project",
    emptied: "there is no manifest in 'access': no file ends with .yaml or .yml",
    other_suffix: "there is no manifest in 'access'",
    hidden: "there is no manifest in 'access'",
    hidden_directory: "there is no 'access' in the project",
    file_for_a_directory: "access:1:1: this file declares nothing; remove it if that is meant",
    empty_file: "access/a.yaml:1:1: this file declares nothing; remove it if that is meant",
    only_comments: "access/a.yaml:1:1: this file declares nothing; remove it if that is meant",
    only_businesses: "no ad account or Page is declared in access; is it the right directory?",
    empty_sections: "no ad account or Page is declared in access",
    sections_of_nothing: "access/a.yaml:6:1: expected a map of ad accounts, found nothing",
    link_to_nowhere: "'access' is or goes through a symbolic link; links are not read",
    link_to_manifests: "'access' is or goes through a symbolic link; links are not read",
    wrong_entry: "accessctl.yaml:3:13: there is no 'acces' in the project",
    one_wrong_entry: "accessctl.yaml:3:21: there is no 'more' in the project",
    glob_entry: "there is no 'access/*.yaml' in the project",
    entry_above: "'../x' leads out of the project",
    absolute_entry: "leads out of the project; manifests are inside it",
    entry_through_a_link: "'link/etc' is or goes through a symbolic link",
    entry_below_a_file: "cannot be read: Not a directory",
    pipe_for_settings: "accessctl.yaml:1:1: is a named pipe, not a regular file",
}


@pytest.mark.parametrize(("make", "words"), LAYOUTS.items(), ids=[make.__name__ for make in LAYOUTS])
def test_a_project_that_declares_nothing_or_lost_its_files_is_refused(make, words, tree):
    tree.write("access/a.yaml", GOOD)
    make(tree)
    with pytest.raises(ManifestError):
        tree.load()

    problems = tree.problems()
    assert words in problems[0]
    assert all("unknown business 'acme'" in problem for problem in problems[1:])


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "\ufeff", "---\n", "---\n# nothing\n...\n", "{}\n"])
def test_a_file_that_somebody_emptied_is_no_wish_to_take_anything_away(text, tree):
    tree.write("access/a.yaml", GOOD)
    tree.write("access/rules.yaml", text)
    found = only(tree.problems())
    assert found.startswith("access/rules.yaml:")
    assert found.endswith(": this file declares nothing; remove it if that is meant")


def test_what_an_emptied_file_declared_is_not_called_unknown(tree):
    tree.write("access/a.yaml", ASSET)
    tree.write("access/businesses.yaml", "")
    assert "declares nothing" in only(tree.problems())


@pytest.mark.parametrize("section", ["businesses", "profiles", "defaults", "ad_accounts", "pages", "rules"])
def test_a_section_may_be_an_empty_map(section, tree):
    tree.write("access/a.yaml", GOOD)
    tree.write("access/b.yaml", f"{section}: {{}}\n")
    assert tree.problems() == []


def test_what_a_missing_file_declared_is_not_called_unknown(tree):
    tree.write("access/a.yaml", ASSET)
    tree.write("accessctl.yaml", SETTINGS + "manifests: [access, businesses]\n")
    assert "there is no 'businesses' in the project" in only(tree.problems())
