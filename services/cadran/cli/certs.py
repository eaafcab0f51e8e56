"""Certificates for mutual TLS between services, and for the people who call them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cadran.runtime import ConfigError

app = typer.Typer(help="Certificates for mutual TLS.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the certificates.")]
Shared = Annotated[bool, typer.Option("--shared", help="The files' group may read the keys (mode 0640).")]
Days = Annotated[float, typer.Option(min=0.01, max=825, help="How long certificates hold, in days.")]


@app.command()
def make(
    folder: Folder,
    dus: Annotated[int, typer.Option(min=1, max=100, help="DUs: a certificate for each one's dApp.")] = 6,
    days: Days = 30.0,
    host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SERVICE=HOST",
            help="A further name or address of ransim, xapp, rapp or redis. May be repeated.",
        ),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Where there is a CA already, renew with it.")] = False,
    shared: Shared = False,
) -> None:
    """Make a CA, a certificate for each service, and one for a reader, an operator and an admin."""
    from cadran.testbed import certificates

    wanted = certificates.subjects(dus, _hosts(host or []))
    if keep and certificates.has_authority(folder):
        certificates.renew(folder, days, certificates.utc_now(), wanted, shared)
    else:
        certificates.make(folder, wanted, days, certificates.utc_now(), shared)
    typer.echo(f"A CA and {len(wanted)} certificates in {folder}; keep {folder / 'ca'} to yourself")


@app.command()
def renew(folder: Folder, days: Days = 30.0, shared: Shared = False) -> None:
    """Make new keys and certificates with the names of those there; services take them up by themselves."""
    from cadran.testbed import certificates

    names = certificates.renew(folder, days, certificates.utc_now(), shared=shared)
    typer.echo(f"Renewed for {days:g} days: {', '.join(names)}")


@app.command()
def kubernetes(
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="Name of the release.")],
    fullname: Annotated[str, typer.Option(metavar="NAME", help="Beginning of the names of its objects.")],
    dus: Annotated[int, typer.Option(min=1, max=100, help="DUs: a certificate for each one's dApp.")] = 6,
    days: Days = 30.0,
    account: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Service account, if it is elsewhere than in a pod.")
    ] = None,
) -> None:
    """Keep the certificates of a release in its secrets, from a pod: make what lacks, renew what is due."""
    from cadran.testbed import certificates, cluster_certificates
    from cadran.testbed.kubernetes_api import ACCOUNT_FOLDER, KubernetesApi, account_of

    api = KubernetesApi(account_of(os.environ, account or ACCOUNT_FOLDER))
    wanted = cluster_certificates.Release(release, fullname, dus, days)
    for secret, change in cluster_certificates.provide(api, wanted, certificates.utc_now()).items():
        made, renewed = (", ".join(names) or "none" for names in (change.made, change.renewed))
        typer.echo(f"{secret}: made {made}; renewed {renewed}")


def _hosts(given: list[str]) -> dict[str, list[str]]:
    hosts: dict[str, list[str]] = {}
    for text in given:
        service, equals, host = text.partition("=")
        if not (service and equals and host):
            raise ConfigError(f"--host {text}: must read SERVICE=HOST, for example xapp=ric.example")
        hosts.setdefault(service, []).append(host)
    return hosts
