from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from cadran.cli.command import app
from cadran.rest import Role
from cadran.rest.certified import role_name
from cadran.runtime import ConfigError
from cadran.runtime.tls import Tls, TlsFiles
from cadran.testbed.certificates import issue, load_authority, make, new_authority, renew, subjects, utc_now
from cadran.wire.peers import dapp_name, e2_node_name

NAMES = {"ransim", "xapp", "rapp", "redis", "dapp-0", "dapp-1", "reader", "operator", "admin"}


def certificate(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / name / "tls.crt").read_bytes())


def names_in(found: x509.Certificate) -> x509.SubjectAlternativeName:
    return found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make(tmp_path / "made", subjects(2, {"xapp": ["ric.example", "10.0.0.4"]}), 30.0, utc_now())
    return tmp_path / "made"


def test_every_service_has_a_folder_with_its_own_pair_and_the_ca(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {*NAMES, "ca"}
    for name in NAMES:
        place = folder / name
        Tls(TlsFiles(place / "ca.crt", place / "tls.crt", place / "tls.key"))
        assert {path.name for path in place.iterdir()} == {"ca.crt", "tls.crt", "tls.key"}
    for key in folder.rglob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_certificate_says_who_its_owner_is_and_no_more(folder: Path) -> None:
    uris = {
        name: set(names_in(certificate(folder, name)).get_values_for_type(x509.UniformResourceIdentifier))
        for name in NAMES
    }
    assert uris["dapp-1"] == {dapp_name(1)}
    assert uris["ransim"] == {e2_node_name(0), e2_node_name(1)}
    assert (uris["reader"], uris["admin"]) == ({role_name(Role.READ)}, {role_name(Role.ADMIN)})
    assert uris["redis"] == set()
    hosts = names_in(certificate(folder, "xapp"))
    assert {"xapp", "localhost", "ric.example"} <= set(hosts.get_values_for_type(x509.DNSName))
    assert {"127.0.0.1", "10.0.0.4"} <= {str(one) for one in hosts.get_values_for_type(x509.IPAddress)}
    for name in NAMES:
        usage = certificate(folder, name).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        server = x509.oid.ExtendedKeyUsageOID.SERVER_AUTH in usage
        assert server == (name in {"ransim", "xapp", "rapp", "redis"})


def test_keys_are_p_256_and_certificates_short_lived(folder: Path) -> None:
    for name in (*NAMES, "ca"):
        path = folder / name / ("ca.crt" if name == "ca" else "tls.crt")
        found = x509.load_pem_x509_certificate(path.read_bytes())
        key = found.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert key.curve.name == "secp256r1"
        days = 365 if name == "ca" else 30
        assert abs(found.not_valid_after_utc - utc_now() - timedelta(days=days)) < timedelta(hours=1)


def test_an_authority_is_not_overwritten(folder: Path) -> None:
    before = (folder / "ca" / "ca.key").read_bytes()
    with pytest.raises(ConfigError, match="there is an authority already"):
        make(folder, subjects(1, {}), 30.0, utc_now())
    assert (folder / "ca" / "ca.key").read_bytes() == before


def test_renewal_keeps_the_names_and_changes_the_keys(folder: Path) -> None:
    before = {name: certificate(folder, name) for name in NAMES}
    assert set(renew(folder, 10.0, utc_now())) == NAMES
    for name in NAMES:
        after = certificate(folder, name)
        assert set(names_in(after)) == set(names_in(before[name]))
        assert after.public_key() != before[name].public_key()
        assert after.subject == before[name].subject
        assert after.not_valid_after_utc < before[name].not_valid_after_utc
        assert stat.S_IMODE((folder / name / "tls.key").stat().st_mode) == 0o600


def test_no_certificate_outlives_its_authority() -> None:
    authority = new_authority(utc_now())
    pem, _ = issue(authority, subjects(1, {})[0], 800.0, utc_now())
    end = x509.load_pem_x509_certificate(pem).not_valid_after_utc
    assert end == authority.certificate.not_valid_after_utc


def test_what_is_no_authority_is_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no authority that can be used"):
        renew(tmp_path / "nothing", 30.0, utc_now())
    with pytest.raises(ConfigError, match="the authority has ended"):
        load_authority(folder, utc_now() + timedelta(days=366))
    (folder / "ca" / "ca.key").write_bytes((folder / "xapp" / "tls.key").read_bytes())
    with pytest.raises(ConfigError, match=r"ca\.key is not the key of ca\.crt"):
        renew(folder, 30.0, utc_now())
    with pytest.raises(ConfigError, match=r"--host dapp-0=\.\.\.: nobody connects to it"):
        subjects(2, {"dapp-0": ["here"]})


def test_the_command_makes_and_renews(tmp_path: Path) -> None:
    place, run = tmp_path / "certs", CliRunner()
    made = run.invoke(app, ["certs", "make", str(place), "--dus", "2", "--host", "xapp=ric.example"])
    assert made.exit_code == 0, made.output
    assert "ric.example" in names_in(certificate(place, "xapp")).get_values_for_type(x509.DNSName)
    before = certificate(place, "dapp-0")
    assert run.invoke(app, ["certs", "renew", str(place)]).exit_code == 0
    assert certificate(place, "dapp-0") != before
    refused = run.invoke(app, ["certs", "make", str(place)])
    assert isinstance(refused.exception, ConfigError)
    nowhere = run.invoke(app, ["certs", "make", str(tmp_path / "other"), "--host", "xapp"])
    assert "must read SERVICE=HOST" in str(nowhere.exception)


def test_a_second_call_that_keeps_the_authority_adds_who_is_new(tmp_path: Path) -> None:
    place, run = tmp_path / "certs", CliRunner()
    for dus in ("1", "3"):
        arguments = ["certs", "make", str(place), "--dus", dus, "--keep", "--shared"]
        done = run.invoke(app, arguments)
        assert done.exit_code == 0, done.output
        authority = (place / "ca" / "ca.crt").read_bytes()
        if dus == "1":
            first = authority
    assert authority == first
    uris = names_in(certificate(place, "ransim")).get_values_for_type(x509.UniformResourceIdentifier)
    assert set(uris) == {e2_node_name(du) for du in range(3)}
    assert stat.S_IMODE((place / "dapp-2" / "tls.key").stat().st_mode) == 0o640
    assert stat.S_IMODE((place / "ca" / "ca.key").stat().st_mode) == 0o600
