from __future__ import annotations

import ssl
import sys
from importlib import metadata
from pathlib import Path

import pytest

from exchangeclient.core.process.machine import Finding, examine_machine


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSLKEYLOGFILE", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


def found(what: str, folder: Path) -> Finding:
    return next(finding for finding in examine_machine(folder) if finding.what == what)


def test_this_machine_is_well(tmp_path: Path) -> None:
    assert {finding.verdict for finding in examine_machine(tmp_path)} == {"good"}


@pytest.mark.parametrize(
    "name", ["requests.py", "json.py", "websocket/__init__.py", "exchangeclient.py", "exchangeclient/__init__.py", "click.py"]
)
def test_a_file_that_hides_a_module_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    finding = found("shadowing", tmp_path)
    assert (finding.verdict, str(Path(name)) in finding.says) == ("bad", True)
    assert finding.advice


def test_other_files_hide_nothing(tmp_path: Path) -> None:
    for name in ("robot.py", "requests.txt", "json.pyc"):
        (tmp_path / name).touch()
    (tmp_path / "requests").mkdir()
    assert found("shadowing", tmp_path).verdict == "good"


def test_the_package_does_not_hide_itself() -> None:
    import exchangeclient

    assert found("shadowing", Path(exchangeclient.__file__).parents[1]).verdict == "good"


def test_the_folder_of_python_itself_is_no_folder_of_scripts() -> None:
    assert found("shadowing", Path(ssl.__file__).parent).verdict == "good"


def test_a_package_that_is_too_old_or_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    versions = {"requests": "2.31.9", "rich": "13.7"}

    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(
        metadata, "requires", lambda name: ["requests>=2.32", "rich>=13.7", "twisted[tls]>=26.4", 'keyring>=25; extra == "keyring"']
    )
    finding = found("packages", tmp_path)
    assert (finding.verdict, finding.says) == ("bad", "requests 2.31.9 is older than 2.32; twisted is not there")
    assert finding.advice == "pip install --upgrade 'requests>=2.32' 'twisted>=26.4'"


def test_an_old_python_is_bad(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 9))
    assert found("python", tmp_path).verdict == "bad"


def test_a_python_without_tls_is_bad(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ssl, "HAS_TLSv1_2", False)
    assert found("TLS", tmp_path).verdict == "bad"


def test_who_writes_down_the_keys_of_connections_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert found("environment", tmp_path).verdict == "bad"


def test_a_proxy_is_told_without_its_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:s3cret@proxy:3128")
    finding = found("environment", tmp_path)
    assert (finding.verdict, "HTTPS_PROXY" in finding.says) == ("note", True)
    assert "s3cret" not in str(finding)
