"""The page on installing says what works: its blocks, the files it installs, in both languages."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

from clinic.management import starting
from scripts.environment_file import read_as_systemd
from tests.processes import ROOT, environment

ENGLISH = ROOT / "docs/how-to/install-on-a-server.md"
INDONESIAN = ROOT / "docs/how-to/pasang-di-server.md"
DEPLOY = ROOT / "deploy"
PARTS = ("web", "worker", "timer")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILLED = {
    "@SECRET_KEY@": "0123456789abcdef" * 4,
    "@HOST@": "klinik.contoh.go.id",
    "@DATABASE_PASSWORD@": "a1" * 24,
    "@REDIS_PASSWORD@": "b2" * 24,
}
MUST_BE_CLOSED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ReadWritePaths": "/var/lib/klinik",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "CapabilityBoundingSet": "",
    "UMask": "0077",
    "User": "klinik",
    "EnvironmentFile": "/etc/klinik.env",
    "WorkingDirectory": "/srv/klinik",
}


def blocks(page, kind):
    return [text for found, text in BLOCK.findall(page.read_text()) if found == kind]


def settings_block():
    (block,) = blocks(ENGLISH, "ini")
    return block


def fill(text):
    for placeholder, value in FILLED.items():
        text = text.replace(placeholder, value)
    return text


def read_as_shell(path):
    """Return what ``. FILE`` gives a shell that had nothing."""
    script = 'set -a; . "$1"; env -0'
    done = subprocess.run(
        ["env", "-i", "/bin/sh", "-euc", script, "sh", str(path)], capture_output=True, check=True
    )
    pairs = (line.split("=", 1) for line in done.stdout.decode().split("\0") if line)
    return {name: value for name, value in pairs if name not in {"PWD", "SHLVL", "_", "OLDPWD"}}


def unit(name):
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(DEPLOY / name)
    return parser


class TestU121TheSettings:
    def test_u121_systemd_and_a_shell_read_the_same_from_the_block(self, tmp_path):
        path = tmp_path / "klinik.env"
        path.write_text(settings_block())

        values = read_as_systemd(settings_block())

        assert values == read_as_shell(path)
        assert values["EMAIL_URL"] == "none"
        assert values["SECRET_KEY"] == "@SECRET_KEY@"

    @pytest.mark.parametrize(
        "password", ["a b", "$HOME", "a&b", "#1", 'a"b', "`id`", "a\\b", "a;b"]
    )
    def test_u121_a_password_of_any_letters_is_read_the_same(self, tmp_path, password):
        text = settings_block().replace("@REDIS_PASSWORD@", password)
        (tmp_path / "klinik.env").write_text(text)

        values = read_as_systemd(text)

        assert values == read_as_shell(tmp_path / "klinik.env")
        assert f":{password}@127.0.0.1" in values["CACHE_URL"]

    def test_it_is_the_file_that_is_installed(self):
        assert settings_block() == (DEPLOY / "klinik.env").read_text()

    def test_filled_in_it_is_a_sound_production(self, tmp_path):
        check = "import clinic.settings"
        bare = {name: environment()[name] for name in ("PATH",)}
        values = {**read_as_systemd(fill(settings_block())), "KLINIK_VAR": str(tmp_path)}
        command = [sys.executable, "-c", check]
        done = subprocess.run(command, cwd=ROOT, env={**bare, **values}, check=False)

        assert done.returncode == 0

    def test_left_as_it_is_it_is_refused(self, tmp_path):
        values = {**read_as_systemd(settings_block()), "KLINIK_VAR": str(tmp_path)}
        command = [sys.executable, "-m", "clinic.management.starting"]
        env = {"PATH": environment()["PATH"], **values}
        done = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )

        assert done.returncode == starting.UNFIT
        assert "SECRET_KEY" in done.stderr

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("A=none    # or smtp", "none    # or smtp"),
            ("A='x' ", "x"),
            ('A="a\\"b$c\\d"', 'a"b$c\\d'),
            ("A=a\\\nb", "ab"),
            ("# A=1\n;A=2\nA = 3", "3"),
            ("A='two\nlines'", "two\nlines"),
        ],
    )
    def test_the_reader_follows_systemd(self, text, value):
        assert read_as_systemd(text) == {"A": value}


def test_both_languages_hold_the_same_blocks():
    for kind in ("sh", "ini"):
        assert blocks(ENGLISH, kind) == blocks(INDONESIAN, kind)


def test_every_block_is_a_shell_script(tmp_path):
    for block in blocks(ENGLISH, "sh"):
        subprocess.run(["/bin/sh", "-n"], input=block, text=True, check=True)


def test_what_the_blocks_name_is_there():
    text = "\n".join(blocks(ENGLISH, "sh"))
    for name in re.findall(r"/srv/klinik/([\w./-]+\w)", text):
        assert (ROOT / name).exists(), name
    for command in re.findall(r"^klinik (\w+)", text, re.MULTILINE):
        is_ours = (ROOT / f"clinic/management/commands/{command}.py").exists()
        assert is_ours or command == "collectstatic", command
    for service in re.findall(r"klinik-\w+(?:\.timer)?(?= |$)", text, re.MULTILINE):
        name = service if service.endswith(".timer") else f"{service}.service"
        assert (DEPLOY / name).exists(), name


class TestUnits:
    @pytest.mark.parametrize("name", [*PARTS, "backup"])
    def test_each_is_closed_but_for_its_data(self, name):
        service = unit(f"klinik-{name}.service")["Service"]

        assert {key: service.get(key) for key in MUST_BE_CLOSED} == MUST_BE_CLOSED

    @pytest.mark.parametrize("name", PARTS)
    def test_each_part_is_restarted_but_never_when_it_is_unfit(self, name):
        whole = unit(f"klinik-{name}.service")
        service = whole["Service"]

        assert service["ExecStart"].split()[:4] == [
            "/srv/klinik/.venv/bin/python", "-m", "clinic.management.part", name,
        ]  # fmt: skip
        assert service["Restart"] == "always"
        assert service["RestartPreventExitStatus"] == str(starting.UNFIT)
        assert int(whole["Unit"]["StartLimitBurst"]) * 5 < int(
            whole["Unit"]["StartLimitIntervalSec"]
        )

    def test_an_archive_is_made_every_night(self):
        assert unit("klinik-backup.timer")["Timer"]["OnCalendar"] == "*-*-* 18:10:00 UTC"


@pytest.mark.parametrize(
    "directive",
    [
        "proxy_request_buffering on;",
        "proxy_set_header Host $host;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        "client_max_body_size 30m;",
        "return 301 https://$host$request_uri;",
        "ssl_protocols TLSv1.2 TLSv1.3;",
    ],
)
def test_the_proxy_says_what_the_product_needs(directive):
    assert directive in (DEPLOY / "nginx.conf").read_text()


def test_the_wrapper_gives_a_command_the_settings_of_the_services():
    text = (DEPLOY / "klinik").read_text()

    assert Path(DEPLOY / "klinik").stat().st_mode & 0o111
    assert ". /etc/klinik.env" in text
    subprocess.run(["/bin/sh", "-n", str(DEPLOY / "klinik")], check=True)
