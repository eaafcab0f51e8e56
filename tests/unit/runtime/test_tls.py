from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from cadran.runtime import ConfigError
from cadran.runtime.service_settings import ServiceSettings
from cadran.runtime.tls import Tls
from certified import Certificates, certificates_in


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return certificates_in(tmp_path)


def test_files_that_do_not_go_together_leave_the_pair_before_them(certificates: Certificates) -> None:
    files = certificates.files("xapp")
    tls = Tls(files)
    before = tls.material()
    cert, key = files.cert.read_bytes(), files.key.read_bytes()
    certificates.renew()
    renewed = files.cert.read_bytes()
    files.cert.write_bytes(cert)  # as between the writing of the key and of the certificate
    assert tls.material() == before
    files.cert.write_bytes(renewed)
    assert tls.material().cert == renewed
    assert tls.material().key != key
    files.cert.unlink()
    assert tls.material().cert == renewed
    files.cert.write_bytes(b"nonsense")
    assert tls.material().cert == renewed


def test_what_cannot_be_used_is_one_line_that_names_the_file(certificates: Certificates) -> None:
    files, other = certificates.files("xapp"), certificates.files("rapp")
    empty = files.ca.with_name("empty")
    empty.touch(0o600)
    for wrong, says in (
        (replace(files, ca=empty), r"--tls-ca .*empty: holds no certificate"),
        (replace(files, cert=empty), r"--tls-cert .*empty: not a certificate with its key"),
        (replace(files, key=other.key), r"--tls-cert .*tls.crt: not a certificate with its key"),
        (replace(files, key=files.key.with_name("none")), r"--tls-key .*none: cannot be read: No such file"),
    ):
        with pytest.raises(ConfigError, match=says) as raised:
            Tls(wrong)
        assert "PRIVATE" not in str(raised.value)
    files.key.chmod(0o644)
    with pytest.raises(ConfigError, match=r"--tls-key .*tls.key: mode 0644: allowed are 0600 and 0640"):
        Tls(files)


def test_a_key_with_a_passphrase_is_refused_and_not_asked_for(certificates: Certificates) -> None:
    from cryptography.hazmat.primitives import serialization as forms

    files = certificates.files("xapp")
    key = forms.load_pem_private_key(files.key.read_bytes(), None)
    locked = forms.BestAvailableEncryption(b"secret")
    files.key.write_bytes(key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, locked))
    with pytest.raises(ConfigError, match="not a certificate with its key"):
        Tls(files)


def test_a_key_is_not_told_by_what_is_printed(certificates: Certificates) -> None:
    assert "PRIVATE" not in repr(Tls(certificates.files("xapp")).material())


def test_the_three_files_go_together(certificates: Certificates) -> None:
    files = {f"tls_{name}": path for name, path in vars(certificates.files("xapp")).items()}
    scenario = Path("scenario.yaml")
    assert ServiceSettings(scenario=scenario).tls() is None
    assert ServiceSettings(scenario=scenario, **files).tls() is not None
    del files["tls_key"]
    with pytest.raises(ValidationError, match="tls_ca, tls_cert and tls_key go together: tls_key missing"):
        ServiceSettings(scenario=scenario, **files)


def test_old_versions_of_tls_are_not_spoken(certificates: Certificates) -> None:
    tls = Tls(certificates.files("xapp"))
    for context in (tls.server_context(lambda: None), tls.client_context()):
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
